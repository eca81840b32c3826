"""Arithmetic of stretches of time, as plain functions over plain values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from nvr.base.model import Gap

Interval = tuple[int, int]


def merged(parts: Iterable[Interval]) -> list[Interval]:
    """The same time in as few parts as possible, disjoint and in order."""
    joined: list[Interval] = []
    for start_us, end_us in sorted(parts):
        if joined and start_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_us))
        else:
            joined.append((start_us, end_us))
    return joined


def uncovered(gaps: Iterable[Gap], recorded: Sequence[Interval]) -> Iterator[Gap]:
    """What is left of the gaps without the recorded stretches (`merged`)."""
    for gap in gaps:
        start_us = gap.start_us
        for from_us, to_us in recorded:
            if to_us <= start_us:
                continue
            if gap.end_us is not None and from_us >= gap.end_us:
                break
            if from_us > start_us:
                yield replace(gap, start_us=start_us, end_us=from_us)
            start_us = to_us
        if gap.end_us is None or start_us < gap.end_us:
            yield replace(gap, start_us=start_us)
