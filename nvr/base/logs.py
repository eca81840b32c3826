"""Logging for every process of ours: one line per event, secrets hidden."""

import json
import logging
import sys
from datetime import UTC, datetime

from nvr.base.redact import redact
from nvr.base.settings import LogSettings


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        message = redact(super().format(record))
        # A line break or control character in a message must not fake a second line.
        head, *trace = message.split("\n") if record.exc_info else (message,)
        safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in head)
        stamp = (
            moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
        )
        line = f"{stamp} {record.levelname.lower():7} {record.name}: {safe}"
        return "\n".join((line, *trace))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": redact(super().format(record)),
            }
        )


def set_up(settings: LogSettings) -> None:
    """Send every logger's lines to standard error in the chosen form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.format == "json" else _Text())
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
