"""Which segments an interval touches and what a clip takes of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from nvr.base.errors import MediaError
from nvr.base.model import Segment
from nvr.play.cut import Cut, Prepared, cut, prepare, without_audio
from nvr.play.footage import SegmentFiles
from nvr.play.gaps import UNTOLD_US
from nvr.play.pin import Pin, as_it_was


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment's share."""

    segment: Segment
    prepared: Prepared
    cut: Cut
    is_after_gap: bool


def touched(
    files: SegmentFiles,
    rows: Sequence[Segment],
    start_us: int,
    end_us: int,
    pin: Pin | None,
) -> list[tuple[Segment, Prepared]]:
    """The segments that show something in the interval, with their indexes."""
    found = []
    for row in rows:
        prepared = _prepared(files, row, pin)
        if prepared is not None:
            found.append((row, prepared))
        if pin is not None and row.id == pin.segment_id:
            break
    # The last picture of a segment stays on the screen until the next one begins.
    until = [_shown_until(before, after) for before, after in pairwise(found)]
    until += [found[-1][1].everything.span.end_us] if found else []
    return [
        (row, prepared)
        for (row, prepared), until_us in zip(found, until, strict=True)
        if prepared.everything.span.start_us < end_us and until_us > start_us
    ]


def _prepared(files: SegmentFiles, row: Segment, pin: Pin | None) -> Prepared | None:
    prepared = files.prepared(row)
    if prepared is None or pin is None or row.id != pin.segment_id:
        return prepared
    try:
        return prepare(as_it_was(prepared.index, pin.fragments))
    except MediaError:
        return None


def _shown_until(
    before: tuple[Segment, Prepared], after: tuple[Segment, Prepared]
) -> int:
    until_us = before[1].everything.span.end_us
    if _is_gap(before, after):
        return until_us
    return max(until_us, after[1].everything.span.start_us)


def _is_gap(before: tuple[Segment, Prepared], after: tuple[Segment, Prepared]) -> bool:
    if before[0].run_id != after[0].run_id:
        return True
    missing_us = after[1].everything.span.start_us - before[1].everything.span.end_us
    return abs(missing_us) > UNTOLD_US


def pieces_of(
    touched: Sequence[tuple[Segment, Prepared]],
    start_us: int,
    end_us: int,
    *,
    has_audio: bool,
) -> list[Piece]:
    """What of each segment is in the interval."""
    is_gap = [False, *(_is_gap(a, b) for a, b in pairwise(touched)), False]
    pieces = []
    for n, (segment, prepared) in enumerate(touched):
        span = prepared.everything.span
        share = cut(
            prepared,
            start_us if start_us > span.start_us else None,
            end_us if end_us < span.end_us else None,
            is_after_gap=is_gap[n],
            is_before_gap=is_gap[n + 1],
        )
        if not has_audio:
            share = without_audio(share)
        pieces.append(Piece(segment, prepared, share, is_gap[n]))
    return pieces


def holes(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """Stretches between pieces that are longer than a pause."""
    return [
        (before.cut.span.end_us, after.cut.span.start_us)
        for before, after in pairwise(pieces)
        if after.is_after_gap
    ]


def media_bytes(pieces: Sequence[Piece]) -> int:
    return sum(map(range_bytes, pieces))


def range_bytes(piece: Piece) -> int:
    return sum(r.end - r.start for r in piece.cut.ranges)
