"""Microseconds in UTC to and from RFC 3339 text, the form of every time in the API."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse(text: str) -> int:
    """Microseconds of an RFC 3339 time. A missing zone is a `ValueError`."""
    try:
        # A "+" that was not percent-encoded in a query arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise ValueError(
            f"{text!r} is not a time; write it like 2026-01-31T14:05:00Z "
            "or 2026-01-31T21:05:00+07:00"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(
            f"{text!r} has no zone; end it with Z or an offset like +07:00"
        )
    return (moment - _EPOCH) // _MICROSECOND


def text(wall_us: int) -> str:
    """The time in UTC with as many digits as it needs: `…:05Z` or `…:05.040000Z`."""
    return (_EPOCH + timedelta(microseconds=wall_us)).isoformat().replace("+00:00", "Z")
