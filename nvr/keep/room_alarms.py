"""What is said about volumes that are short of room."""

from collections import Counter
from collections.abc import Sequence

from nvr.base.model import VolumeId
from nvr.base.retention import VolumeState
from nvr.keep.alarms import Alarms
from nvr.keep.retention import Decision


def tell_room(
    alarms: Alarms, states: Sequence[VolumeState], decision: Decision
) -> None:
    """Set or end the alarms about each volume's room."""
    going: Counter[VolumeId] = Counter()
    for sentence in decision.sentences:
        going[sentence.segment.volume_id] += sentence.segment.size_bytes
    for state in states:
        alarms.set(f"room {state.name}", _room(state))
        going_bytes = going[state.id] + state.doomed_bytes
        alarms.set(f"stuck {state.name}", _stuck(state, going_bytes, decision))


def _room(state: VolumeState) -> str:
    if not state.is_critical:
        return ""
    return f"{state.name} has only {state.free_bytes / 1e6:.0f} MB left"


def _stuck(state: VolumeState, going_bytes: int, decision: Decision) -> str:
    if state.wanted_bytes <= going_bytes:
        return ""
    reasons = ", ".join(
        f"{count} files are kept by {plugin}: {reason}"
        for (plugin, reason), count in sorted(decision.protected.items())
    )
    return (
        f"{state.name} is short of room and nothing more may be deleted there"
        f"{f' ({reasons})' if reasons else ''}; recording will stop when it is full"
    )
