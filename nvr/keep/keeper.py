"""The keeper: looks at the room every 5 seconds, asks the rules every minute.

A turn looks, asks, dooms, and starts the removal of what has been doomed long enough.
It never deletes what it is not sure of: a volume that does not answer is left alone,
a clock that cannot be right ends nothing's time, a catalogue that does not know the
disk stops all deletion. Each of these is an alarm until it is over.
"""

import asyncio
import logging
from functools import partial

from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.model import SECOND_US, Moment, SegmentId
from nvr.base.retention import VolumeState
from nvr.base.settings import Settings
from nvr.hook_calls import Plugins
from nvr.keep import dooming, survey
from nvr.keep.alarms import Alarms
from nvr.keep.brakes import Brakes
from nvr.keep.disk import Disk, tell_disk
from nvr.keep.removal import Removal, remove_due
from nvr.keep.retention import Decision, decide
from nvr.keep.room_alarms import tell_room
from nvr.keep.survey import FootageCount, VolumeSpace
from nvr.store.catalogue import Catalogue

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
RUN_US = 60 * SECOND_US
PRESSING_GRACE_US = 60 * SECOND_US
COUNT_TIMES = 50
"""Adding up all rows may take a fiftieth of the time, however many there are."""
REMOVAL_SECONDS = 120.0
REMOVAL_PATIENCE_SECONDS = 4.0
"""A turn waits so long for removals; a slow disk's goes on during the next ones."""


async def run_keeper(
    settings: Settings, catalogue: Catalogue, plugins: Plugins, clock: Clock
) -> None:
    """Keep, until cancelled. Errors of the catalogue and of volumes are waited out."""
    keeper = Keeper(
        settings=settings, catalogue=catalogue, plugins=plugins, clock=clock
    )
    await keeper.run()


class Keeper:
    """Deletes by the rules. `alarms` has what a person should know."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        plugins: Plugins,
        clock: Clock,
    ) -> None:
        now = clock.now()
        self.alarms = Alarms()
        self._catalogue = catalogue
        self._plugins = plugins
        self._clock = clock
        self._grace_us = settings.keep.grace_minutes * 60 * SECOND_US
        self._disks = [Disk(it) for it in settings.volumes]
        self._brakes = Brakes(
            alarms=self.alarms, disks=self._disks, start=now, grace_us=self._grace_us
        )
        self._mark = plugins.retention_mark()
        self._has_spared = False
        self._counted: FootageCount | None = None
        self._next_count_us = self._next_run_us = now.mono_us
        self._started_us = now.mono_us
        self._doomed_at: dict[SegmentId, int] = {}  # monotonic, of the last minute

    async def run(self) -> None:
        """A turn every 5 seconds, for ever."""
        try:
            while True:
                try:
                    await self.turn()
                    self.alarms.set("turn", "")
                except NvrError as error:
                    self._counted = None  # something may be done and not told
                    self.alarms.set("turn", f"footage is not being kept: {error}")
                await self._clock.sleep(LOOK_SECONDS)
        finally:
            for disk in self._disks:
                if disk.removal is not None:
                    disk.removal.cancel()

    async def turn(self) -> None:
        """One look and, if it is time or room is short, one run."""
        now = self._clock.now()
        await self._spare_others()
        counted = await self._count(now)
        is_trusted = self._brakes.is_clock_trusted(now, counted.newest_us)
        spaces = await self._spaces()
        is_short = any(state.is_short for state in survey.room(counted, spaces))
        if is_short or now.mono_us >= self._next_run_us:
            self._next_run_us = now.mono_us + RUN_US
            await self._run(now, spaces, is_trusted)

    async def _run(
        self, now: Moment, spaces: list[VolumeSpace], is_clock_trusted: bool
    ) -> None:
        counted = await self._count(now)
        explained = await self._brakes.explained(counted, now)
        states = survey.room(counted, [it for it in spaces if it.name in explained])
        if not states:
            return
        decision = await asyncio.to_thread(
            decide,
            survey.view(self._catalogue, counted, states),
            self._plugins,
            now.wall_us,
            is_clock_trusted=is_clock_trusted,
        )
        self._tell(states, decision)
        await asyncio.to_thread(self._doom, decision, counted, now)
        due_us = now.wall_us - self._grace_us if is_clock_trusted else None
        await self._remove(states, now, due_us)
        if decision.is_cut_off:
            self._next_run_us = now.mono_us

    async def _spare_others(self) -> None:
        if self._has_spared:
            return
        spared = await asyncio.to_thread(
            dooming.spare_others, self._catalogue, self._mark
        )
        self._has_spared = True
        if spared:
            log.warning(
                "the rules have changed: %d files that were to be deleted stay until "
                "the new rules say otherwise",
                spared,
            )

    async def _count(self, now: Moment) -> FootageCount:
        """What there is. What is doomed and deleted here is reckoned with at once;
        what was recorded meanwhile is seen when everything is counted again."""
        if self._counted is None or now.mono_us >= self._next_count_us:
            self._counted = await asyncio.to_thread(
                survey.count, self._catalogue, now.wall_us
            )
            cost_us = self._clock.now().mono_us - now.mono_us
            self._next_count_us = now.mono_us + max(RUN_US, COUNT_TIMES * cost_us)
        return self._counted

    async def _spaces(self) -> list[VolumeSpace]:
        """The room on each volume that tells it. Unknown does not mean enough: it is
        an alarm, and nothing is deleted there."""
        answers = await asyncio.gather(
            *(disk.space() for disk in self._disks), return_exceptions=True
        )
        for disk, answer in zip(self._disks, answers, strict=True):
            tell_disk(self.alarms, "volume", disk, answer)
        return [answer for answer in answers if isinstance(answer, VolumeSpace)]

    def _tell(self, states: list[VolumeState], decision: Decision) -> None:
        tell_room(self.alarms, states, decision)
        failed = ", ".join(sorted(decision.failed))
        self.alarms.set(
            "plugins",
            failed and f"retention goes on without {failed}; see the log for why",
        )

    def _doom(self, decision: Decision, counted: FootageCount, now: Moment) -> None:
        pressing = [it for it in decision.sentences if it.is_pressing]
        unhurried = [it for it in decision.sentences if not it.is_pressing]
        from_us = self._brakes.grace_from(decision, counted, now)
        doomed = dooming.doom(self._catalogue, pressing, self._mark, now.wall_us)
        doomed += dooming.doom(self._catalogue, unhurried, self._mark, from_us)
        recent = {id: at for id, at in self._doomed_at.items() if self._is_new(at, now)}
        self._doomed_at = recent | {it.id: now.mono_us for it in doomed}
        self._counted = counted.after(doomed=doomed)
        if doomed:
            log.info("%d files are to be deleted", len(doomed))

    async def _remove(
        self, states: list[VolumeState], now: Moment, due_us: int | None
    ) -> None:
        by_name = {state.name: state for state in states}
        for disk in self._disks:
            if disk.removal is None and disk.name in by_name:
                work = partial(
                    remove_due,
                    self._catalogue,
                    state=by_name[disk.name],
                    now_us=now.wall_us,
                    due_us=due_us,
                    is_ripe=partial(self._is_ripe, now=now),
                )
                disk.removal = asyncio.create_task(disk.remove(work, REMOVAL_SECONDS))
        going = [disk.removal for disk in self._disks if disk.removal is not None]
        if going:
            await asyncio.wait(going, timeout=REMOVAL_PATIENCE_SECONDS)
        for disk in self._disks:
            if disk.removal is not None and disk.removal.done():
                task, disk.removal = disk.removal, None
                tell_disk(self.alarms, "removal", disk, task.exception())
                if task.exception() is None:
                    await self._removed(disk, task.result(), now)
                else:
                    self._counted = None

    async def _removed(self, disk: Disk, removal: Removal, now: Moment) -> None:
        if removal.is_cut_off:
            self._next_run_us = now.mono_us
        if removal.deletions and self._counted is not None:
            deleted = [it.segment for it in removal.deletions]
            self._counted = self._counted.after(deleted=deleted)
            freed = sum(it.size_bytes for it in deleted)
            log.info(
                "%s: %d files deleted, %.0f MB", disk.name, len(deleted), freed / 1e6
            )
            await asyncio.to_thread(self._plugins.segments_deleted, removal.deletions)

    def _is_ripe(self, segment_id: SegmentId, *, now: Moment) -> bool:
        """Doomed a minute ago. What an earlier keeper doomed counts from our start."""
        return not self._is_new(self._doomed_at.get(segment_id, self._started_us), now)

    def _is_new(self, mono_us: int, now: Moment) -> bool:
        return now.mono_us - mono_us < PRESSING_GRACE_US
