"""Tries an address out: what the camera offers, before anybody relies on it."""

from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.errors import CameraSilent
from nvr.base.model import (
    AUDIO,
    SECOND_US,
    VIDEO,
    AccessUnit,
    StreamAddress,
    StreamFormat,
)
from nvr.ingest.address import AddressPolicy
from nvr.ingest.connect import connect
from nvr.ingest.session import RtspSession

_PAUSE_S = 0.05
LONGEST_WAIT_S = 12.0
"""For the first key frame, beyond which a camera is set up badly."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What was seen. `key_interval_s` is `None` when fewer than two key frames came,
    `clock_offset_us` (camera's clock minus ours) when the camera did not tell."""

    server: str
    format: StreamFormat
    frames_per_second: float
    bits_per_second: int
    key_interval_s: float | None
    clock_offset_us: int | None
    key_unit: AccessUnit | None
    tracks_ignored: list[str]


async def probe(
    address: StreamAddress,
    *,
    clock: Clock,
    policy: AddressPolicy,
    seconds: float = 3.0,
) -> Probe:
    """Connect, watch for `seconds` from the first key frame, leave. Raises a
    `CameraError` whose message is for the person who typed the address."""
    session = await connect(
        address, clock=clock, policy=policy, silence_seconds=LONGEST_WAIT_S
    )
    try:
        units = await _watch(session, clock, round(seconds * SECOND_US))
    finally:
        await session.close()
    pictures = [unit for unit in units if unit.track == VIDEO]
    return Probe(
        server=session.offer.server,
        format=session.format,
        frames_per_second=_rate(pictures, session.format),
        bits_per_second=_bit_rate(units, session.format),
        key_interval_s=_key_interval_s(pictures, session.format),
        clock_offset_us=session.stats.camera_offset_us,
        key_unit=next((unit for unit in pictures if unit.is_key), None),
        tracks_ignored=session.offer.tracks_ignored,
    )


async def _watch(session: RtspSession, clock: Clock, span_us: int) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    begun_us = clock.now().mono_us
    until_us = begun_us + round(LONGEST_WAIT_S * SECOND_US)
    while (now_us := clock.now().mono_us) < until_us:
        batches = session.visit()
        if batches and not units:
            until_us = now_us + span_us
        units += [unit for batch in batches for unit in batch.units]
        await clock.sleep(_PAUSE_S)
    if not units:
        raise CameraSilent(_why_nothing(session))
    return units


def _why_nothing(session: RtspSession) -> str:
    wait = f"{LONGEST_WAIT_S:g} s"
    stats = session.stats
    if stats.pictures:
        return (
            f"The camera sent {stats.pictures} pictures but no key frame within "
            f"{wait}. Set a shorter key frame (I-frame) interval."
        )
    if stats.packets:
        return f"The camera sent data but no whole picture within {wait}."
    return f"The camera accepted the session but sent nothing within {wait}."


def _span_s(pictures: list[AccessUnit], format: StreamFormat) -> float:
    if format.video is None or len(pictures) < 2:
        return 0.0
    stamps = [unit.timestamp for unit in pictures]
    return (max(stamps) - min(stamps)) / format.video.clock_rate


def _rate(pictures: list[AccessUnit], format: StreamFormat) -> float:
    span_s = _span_s(pictures, format)
    return round((len(pictures) - 1) / span_s, 2) if span_s > 0 else 0.0


def _bit_rate(units: list[AccessUnit], format: StreamFormat) -> int:
    """By the pictures' own clock: a camera's first burst would mislead."""
    pictures = [unit for unit in units if unit.track == VIDEO]
    span_s = _span_s(pictures, format)
    if span_s <= 0:
        return 0
    size = sum(len(unit.payload) for unit in pictures[:-1])
    size += sum(len(unit.payload) for unit in units if unit.track == AUDIO)
    return round(size * 8 / span_s)


def _key_interval_s(pictures: list[AccessUnit], format: StreamFormat) -> float | None:
    keys = [unit.timestamp for unit in pictures if unit.is_key]
    if format.video is None or len(keys) < 2:
        return None
    return (keys[-1] - keys[0]) / (len(keys) - 1) / format.video.clock_rate
