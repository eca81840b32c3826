"""What stops deletion: an unsure clock, an unsure catalogue, a sudden change of rules.

Each brake is an alarm for as long as it holds.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from nvr.base.model import SECOND_US, Moment
from nvr.keep.alarms import Alarms
from nvr.keep.clock_trust import ClockTrust
from nvr.keep.disk import Disk, tell_disk
from nvr.keep.mass_change import MassChange
from nvr.keep.retention import Decision
from nvr.keep.survey import FootageCount
from nvr.keep.unexplained import has_lost_rows

log = logging.getLogger(__name__)

MASS_GRACE_US = 24 * 3600 * SECOND_US
EXPLAIN_US = 600 * SECOND_US
EXPLAIN_AGAIN_US = 60 * SECOND_US
EXPLAIN_SECONDS = 60.0


class Brakes:
    """Asked before each run."""

    def __init__(
        self, *, alarms: Alarms, disks: Sequence[Disk], start: Moment, grace_us: int
    ) -> None:
        self._alarms = alarms
        self._disks = disks
        self._grace_us = grace_us
        self._trust = ClockTrust(start)
        self._mass = MassChange()
        self._explained: dict[str, bool] = {}  # by the volume's name
        self._next_explain_us = start.mono_us

    def is_clock_trusted(self, now: Moment, newest_us: int) -> bool:
        """Whether age may be believed. Must be asked often, to see every step."""
        doubt = self._trust.doubt(now, newest_us)
        self._alarms.set("clock", doubt and f"nothing is deleted for its age: {doubt}")
        return not doubt

    async def explained(self, counted: FootageCount, now: Moment) -> frozenset[str]:
        """Names of the volumes whose footage the catalogue knows.

        None at all if one of them holds what it does not know: then it cannot be
        relied upon for the others either.
        """
        if now.mono_us >= self._next_explain_us:
            await self._explain(counted, now)
        if not all(self._explained.values()):
            return frozenset()
        return frozenset(self._explained)

    async def _explain(self, counted: FootageCount, now: Moment) -> None:
        question = partial(has_lost_rows, usages=counted.usages, now_us=now.wall_us)
        answers = await asyncio.gather(
            *(disk.ask(question, EXPLAIN_SECONDS) for disk in self._disks),
            return_exceptions=True,
        )
        self._explained = {}
        for disk, answer in zip(self._disks, answers, strict=True):
            tell_disk(self._alarms, "folders", disk, answer)
            if isinstance(answer, bool):
                self._explained[disk.name] = not answer
                self._alarms.set(f"rows {disk.name}", _lost_rows(disk, answer))
        is_sure = len(self._explained) == len(self._disks)
        is_sure = is_sure and all(self._explained.values())
        self._next_explain_us = now.mono_us + (
            EXPLAIN_US if is_sure else EXPLAIN_AGAIN_US
        )

    def grace_from(self, decision: Decision, counted: FootageCount, now: Moment) -> int:
        """From when the grace of this run's unhurried part counts.

        A mass change waits for a day, however short the configured grace.
        """
        size_bytes = decision.unhurried_bytes
        is_mass = self._mass.is_one(
            now.mono_us,
            run_bytes=size_bytes,
            total_bytes=counted.total_bytes,
            bytes_per_second=counted.bytes_per_second,
            is_cut_off=decision.is_cut_off,
        )
        self._mass.note(now.mono_us, size_bytes)
        if not (is_mass and size_bytes):
            return now.wall_us
        log.warning(
            "the rules want %.0f MB deleted at once; if that is a mistake, correct "
            "them within a day and everything stays",
            size_bytes / 1e6,
        )
        return now.wall_us + max(0, MASS_GRACE_US - self._grace_us)


def _lost_rows(disk: Disk, has_lost: bool) -> str:
    if not has_lost:
        return ""
    return (
        f"nothing is deleted: {disk.name} holds footage that the catalogue does not "
        "know. If the catalogue was lost, bring it back"
    )
