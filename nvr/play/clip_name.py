"""File names that say camera, time and length in characters every system takes."""

import re
import unicodedata

from nvr.base import rfc3339
from nvr.base.model import SECOND_US, Camera

MOST_CAMERA_CHARACTERS = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


def clip_name(camera: Camera, start_us: int, end_us: int) -> str:
    """Such as `North-Gate_2026-11-23T20-15-00Z_60s.mp4`."""
    whole_us = start_us // SECOND_US * SECOND_US
    moment = rfc3339.text(whole_us).replace(":", "-")
    length = f"{(end_us - start_us) / SECOND_US:.3f}".rstrip("0").rstrip(".")
    return f"{_safe(camera)}_{moment}_{length}s.mp4"


def _safe(camera: Camera) -> str:
    plain = unicodedata.normalize("NFKD", camera.name).encode("ascii", "ignore")
    name = _UNSAFE.sub("-", plain.decode()).strip("-.")[:MOST_CAMERA_CHARACTERS]
    # A name without a Latin letter or digit leaves nothing: the id is always there.
    return name.rstrip("-.") or f"camera-{camera.id[:8]}"
