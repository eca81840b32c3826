"""What can be wrong with a camera, and how people ask for it."""

from dataclasses import dataclass
from enum import StrEnum

from nvr.base.errors import SettingsError


class FaultKind(StrEnum):
    """Each lasts some seconds; then the camera is as before."""

    STALL = "stall"  # sessions stand and are answered, but nothing is sent
    HALF_OPEN = "half-open"  # connections are accepted, nothing is ever answered
    DROP = "drop"  # connections are closed, and new ones at their first request
    REFUSE = "refuse"  # 503; with a port of its own: connection refused
    UNAUTHORIZED = "unauthorized"  # 401 whatever the credentials
    GARBAGE = "garbage"  # random bytes instead of packets
    JUMP = "jump"  # timestamps are `value` seconds ahead
    WRAP = "wrap"  # sessions end; then timestamps begin `value` s before 2**32
    SLOW = "slow"  # `value` frames per second, stamped as the usual number
    RESOLUTION = "resolution"  # pictures of another size, announced in band only
    LONG_GOP = "long-gop"  # one key frame in `value` seconds
    LATE_AUDIO = "late-audio"  # no sound, then sound
    LOSS = "loss"  # this share of packets is lost; sequence numbers show it
    TRICKLE = "trickle"  # single bytes, `value` of them in a second


_VALUES = {
    FaultKind.JUMP: 3600.0,
    FaultKind.WRAP: 2.0,
    FaultKind.SLOW: 21.0,
    FaultKind.LONG_GOP: 120.0,
    FaultKind.LOSS: 0.02,
    FaultKind.TRICKLE: 2000.0,
}
ENDS_SESSIONS = frozenset(
    {FaultKind.DROP, FaultKind.REFUSE, FaultKind.UNAUTHORIZED, FaultKind.WRAP}
)
"""Kinds that a client notices by losing its connection."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What, for how long (0: for ever, or once if it is an event), how much."""

    kind: FaultKind
    seconds: float
    value: float


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault from the command line: `after_seconds` counts from the start."""

    camera: str
    fault: Fault
    after_seconds: float = 0.0


def fault(kind: str, seconds: float = 10.0, value: float | None = None) -> Fault:
    """A fault by name. Raises `SettingsError` with the names there are."""
    try:
        known = FaultKind(kind)
    except ValueError:
        names = ", ".join(FaultKind)
        raise SettingsError(
            f"no fault is called {kind!r}; there are: {names}"
        ) from None
    return Fault(known, seconds, _VALUES.get(known, 0.0) if value is None else value)


def parse_plan(text: str) -> PlannedFault:
    """`CAMERA:FAULT[:SECONDS[:VALUE]][@AFTER]`, for instance `cam2:drop:5@30`."""
    body, _, after = text.partition("@")
    camera, *rest = body.split(":")
    try:
        kind, *numbers = rest
        seconds, value, *more = [*map(float, numbers), None, None][:3]
        after_seconds = float(after or 0)
    except ValueError:
        kind, more = "", [0.0]
    if not camera or not kind or (more and more[0] is not None):
        raise SettingsError(
            f"{text!r} is not a fault; write CAMERA:FAULT[:SECONDS[:VALUE]][@AFTER], "
            "for instance cam2:drop:5@30"
        )
    chosen = fault(kind, 10.0 if seconds is None else seconds, value)
    return PlannedFault(camera, chosen, after_seconds)
