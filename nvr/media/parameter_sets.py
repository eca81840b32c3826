"""Which parameter sets a stream has now: those of its SDP, then those in band."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from nvr.base.errors import MediaError
from nvr.base.model import Codec, VideoTrack
from nvr.media import h264, h265
from nvr.media.sdp import MOST_PARAMETER_SETS


class _Rules(NamedTuple):
    kind: Callable[[bytes], int]
    id: Callable[[bytes], int]
    size: Callable[[Sequence[bytes]], tuple[int, int]]
    is_complete: Callable[[Sequence[bytes]], bool]
    sequence: int


_RULES = {
    Codec.H264: _Rules(
        h264.nal_type, h264.set_id, h264.size, h264.is_complete, h264.SPS
    ),
    Codec.H265: _Rules(
        h265.nal_type, h265.set_id, h265.size, h265.is_complete, h265.SPS
    ),
}


def is_playable(track: VideoTrack | None) -> bool:
    """True when a decoder could start with the sets that are known."""
    if track is None:
        return False
    return _RULES[track.codec].is_complete(track.parameter_sets)


def updated(track: VideoTrack, received: Sequence[bytes]) -> VideoTrack | None:
    """The track after sets came in band; `None` when nothing is new.

    Raises `MediaError` when the sets cannot be understood; the old ones stay then. A
    new sequence parameter set forgets the others if it comes with a whole collection;
    otherwise a set replaces that of its kind and id.
    """
    if all(nal in track.parameter_sets for nal in received):
        return None
    rules = _RULES[track.codec]
    is_new_sequence = any(
        rules.kind(nal) == rules.sequence and nal not in track.parameter_sets
        for nal in received
    )
    kept: Sequence[bytes] = track.parameter_sets
    if is_new_sequence and rules.is_complete(received):
        kept = ()
    by_identity = {(rules.kind(nal), rules.id(nal)): nal for nal in (*kept, *received)}
    if len(by_identity) > MOST_PARAMETER_SETS:
        raise MediaError("the camera sends too many parameter sets")
    # Kinds are numbered in the order in which a decoder needs them.
    sets = tuple(by_identity[key] for key in sorted(by_identity))
    if sets == track.parameter_sets:
        return None
    if not rules.is_complete(sets):
        return replace(track, parameter_sets=sets)
    width, height = rules.size(sets)
    return replace(track, parameter_sets=sets, width=width, height=height)
