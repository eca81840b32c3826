"""The headers of a clip: what it is, what it has of the interval, and what not."""

from datetime import UTC, datetime

from aiohttp import hdrs
from nvr.web.conditions import Part

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, Gap
from nvr.play.clip import Clip

MOST_GAPS_TOLD = 50
"""Clients give up on long headers; the timeline has all of them."""


def clip_headers(clip: Clip, part: Part) -> dict[str, str]:
    """All of them, for whatever part of the clip is sent."""
    modified = datetime.fromtimestamp(clip.end_us // SECOND_US, UTC)
    told: dict[str, str] = {
        hdrs.ETAG: clip.etag,
        hdrs.LAST_MODIFIED: modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        hdrs.ACCEPT_RANGES: "bytes",
    }
    if part.status == 304:
        return told
    told |= {
        hdrs.CONTENT_TYPE: clip.mime,
        hdrs.CONTENT_LENGTH: str(part.size_bytes),
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{clip.filename}"',
        "X-NVR-Start": rfc3339.text(clip.start_us),
        "X-NVR-End": rfc3339.text(clip.end_us),
        "X-NVR-Gap-Count": str(len(clip.gaps)),
        "X-NVR-Gaps": ", ".join(map(_gap, clip.gaps[:MOST_GAPS_TOLD])),
    }
    if part.status == 206:
        told[hdrs.CONTENT_RANGE] = f"bytes {part.first}-{part.last}/{clip.size_bytes}"
    return told


def _gap(gap: Gap) -> str:
    end = "" if gap.end_us is None else rfc3339.text(gap.end_us)
    return f"{rfc3339.text(gap.start_us)}/{end};cause={gap.cause}"
