"""What is to be deleted next, from the opinions of all plugins.

Protected beats expired: plugins are shown only segments that nobody protects, so
that whoever wants room finds the oldest that may really go. Held segments are kept
out by the catalogue before anybody is asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nvr.base.model import CameraId, Segment, SegmentId, VolumeId
from nvr.base.retention import FootageView
from nvr.hook_calls import Plugins

LIMIT = 10_000
"""Most segments that one plugin can have deleted in one run."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One segment that is to be doomed, by which plugin and why."""

    segment: Segment
    plugin: str
    reason: str
    is_pressing: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run would do. `protected` counts segments passed over, by who and why.

    `is_cut_off`: more would have been deleted if a run had no limit.
    """

    sentences: tuple[Sentence, ...] = ()
    protected: dict[tuple[str, str], int] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    is_cut_off: bool = False

    @property
    def unhurried_bytes(self) -> int:
        """What goes for another reason than want of room."""
        return sum(s.segment.size_bytes for s in self.sentences if not s.is_pressing)


def decide(
    view: FootageView,
    plugins: Plugins,
    now_us: int,
    *,
    is_clock_trusted: bool,
    limit: int = LIMIT,
) -> Decision:
    """Ask everybody, resolve what they say. The order is that of the sentences."""
    shield = _Shield(view, plugins, now_us)
    short = {volume.id for volume in view.volumes if volume.is_short}
    chosen: dict[SegmentId, Sentence] = {}
    failed: set[str] = set()
    is_cut_off = False
    for answer in plugins.expired_segments(shield.view, now_us, limit):
        is_cut_off |= answer.is_cut_off
        if answer.has_failed:
            failed.add(answer.plugin)
        for opinion in answer.opinions:
            segment = opinion.segment
            is_pressing = opinion.is_pressing and segment.volume_id in short
            if is_pressing or is_clock_trusted:
                chosen.setdefault(
                    segment.id,
                    Sentence(segment, answer.plugin, opinion.reason, is_pressing),
                )
    allowed = shield.allowed([it.segment for it in chosen.values()])
    return Decision(
        sentences=tuple(chosen[segment.id] for segment in allowed),
        protected=dict(shield.passed_over),
        failed=frozenset(failed | shield.failed),
        is_cut_off=is_cut_off,
    )


class _Shield:
    """Keeps what is protected out of sight, asking about each segment once."""

    def __init__(self, view: FootageView, plugins: Plugins, now_us: int) -> None:
        self.passed_over: Counter[tuple[str, str]] = Counter()
        self.failed: set[str] = set()
        # Who protects sees everything; else asking would lead to asking again.
        self._whole = view
        self.view = replace(view, pages=self._pages)
        self._plugins = plugins
        self._now_us = now_us
        self._is_allowed: dict[SegmentId, bool] = {}
        self._critical = {v.id for v in view.volumes if v.is_critical}

    def allowed(self, segments: Sequence[Segment]) -> list[Segment]:
        """Those that nobody protects."""
        fresh = [it for it in segments if it.id not in self._is_allowed]
        if fresh:
            self._ask(fresh)
        return [it for it in segments if self._is_allowed[it.id]]

    def _pages(
        self,
        camera_id: CameraId | None,
        volume_id: VolumeId | None,
        before_us: int | None,
    ) -> Iterator[Sequence[Segment]]:
        for page in self._whole.pages(camera_id, volume_id, before_us):
            yield self.allowed(page)

    def _ask(self, segments: Iterable[Segment]) -> None:
        candidates = tuple(segments)
        self._is_allowed.update((it.id, True) for it in candidates)
        for answer in self._plugins.protected_segments(
            self._whole, candidates, self._now_us
        ):
            if answer.has_failed:
                self._distrust(answer.plugin, candidates)
            for opinion in answer.opinions:
                self._is_allowed[opinion.segment.id] = False
                self.passed_over[answer.plugin, opinion.reason] += 1

    def _distrust(self, plugin: str, candidates: Sequence[Segment]) -> None:
        """Nobody knows what it would have protected, so all of it is; but not where
        recording would stop, because a broken plugin must not cost footage."""
        self.failed.add(plugin)
        for segment in candidates:
            if segment.volume_id not in self._critical:
                self._is_allowed[segment.id] = False
                self.passed_over[plugin, "the plugin failed"] += 1
