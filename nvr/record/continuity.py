"""Runs and gaps of one stream: at any time it is recorded, or it is known why not."""

from collections.abc import Callable
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.model import SECOND_US, CameraId, GapCause, Role, RunId, SegmentId
from nvr.store.changes import Change, GapBegan, RunEnded

CAUSE_STANDS_US = 60 * SECOND_US
"""A gap keeps its first cause at least this long, whatever later attempts meet."""
PASSING = frozenset({GapCause.LOST, GapCause.STARTING, GapCause.STOPPED})
"""Causes that say how a gap began; what keeps the camera away replaces them at once."""
DECISIVE = frozenset({GapCause.STOPPED, GapCause.DISABLED, GapCause.CLOCK})
"""Causes of our own making; they replace any other at once."""


@dataclass(slots=True)
class Outage:
    """Why nothing is being recorded at the moment, as the catalogue has it."""

    cause: GapCause
    since_us: int
    detail: str


@dataclass(slots=True)
class Continuity:
    """Tells the catalogue through `submit`, which never blocks.

    `end_us` is the end of the newest footage; nothing new may begin before it.
    """

    camera_id: CameraId
    role: Role
    clock: Clock
    submit: Callable[[Change], None]
    end_us: int = 0
    run_id: RunId | None = None
    outage: Outage | None = None

    @property
    def earliest_us(self) -> int:
        """Before this everything is accounted for already."""
        return max(self.end_us, self.outage.since_us if self.outage else 0)

    def go_on(self, segment_id: SegmentId) -> RunId:
        """The run that a new segment belongs to; a new one after a gap."""
        if self.run_id is None:
            self.run_id = RunId(segment_id)
            self.outage = None
        return self.run_id

    def stop(self, cause: GapCause, detail: str) -> None:
        """Nothing is recorded from here on: the run ends, or its gap is explained."""
        now_us = self.clock.now().wall_us
        if self.run_id is not None:
            self.submit(RunEnded(self.run_id, self.camera_id, self.role, self.end_us))
            self.run_id = None
            self._begin_gap(cause, self.end_us, detail)
        elif self._is_news(cause, now_us):
            self._begin_gap(cause, now_us, detail)
        elif self.outage is not None:
            self.outage.detail = detail

    def forget_time(self) -> None:
        """The clock went back: labels that were used come again, and may."""
        self.end_us = 0
        self.outage = None

    def _begin_gap(self, cause: GapCause, start_us: int, detail: str) -> None:
        self.outage = Outage(cause, start_us, detail)
        self.submit(GapBegan(self.camera_id, self.role, start_us, cause, detail))

    def _is_news(self, cause: GapCause, now_us: int) -> bool:
        outage = self.outage
        if outage is None:
            return True
        if outage.cause is cause:
            return False
        stood_us = now_us - outage.since_us
        return (
            cause in DECISIVE or outage.cause in PASSING or stood_us >= CAUSE_STANDS_US
        )
