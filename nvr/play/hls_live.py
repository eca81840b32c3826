"""HLS of what is being recorded: a window that slides with the open file.

Whoever begins to watch is given the address of a playlist that counts from a fragment
of their own, the origin. So what it says follows from the files alone, and a server
that was restarted goes on with the same numbers; how far it has counted is kept only so
that it need not count again.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nvr.base.errors import NotFound
from nvr.base.model import (
    SECOND_US,
    Camera,
    CameraId,
    Role,
    Segment,
    SegmentId,
    SegmentState,
)
from nvr.media.mp4_write import codecs
from nvr.play.cut import Prepared
from nvr.play.footage import FootageCatalogue, SegmentFiles
from nvr.play.hls_file import playable
from nvr.play.hls_playlist import (
    live_playlist,
    multivariant_playlist,
    target_seconds,
)
from nvr.play.hls_segments import Laid, MediaSegment, has_seam, laid, media_segments

LEAST_US = 2 * SECOND_US
LEAST_TARGET = 4
WINDOW_TARGETS = 4
"""RFC 8216bis section 6.2.2 asks for three target durations at least."""
MOST_WATCHED = 2_000
_AHEAD_US = 3600 * SECOND_US
_BACK_US = 600 * SECOND_US


class Origin(NamedTuple):
    """Where a viewer's playlist begins to count. `target` is in seconds."""

    file: SegmentId
    number: int
    target: int

    def __str__(self) -> str:
        return "-".join(map(str, self))


class LiveCatalogue(FootageCatalogue, Protocol):
    """Of the catalogue: what watching asks."""

    def segment(self, segment_id: SegmentId) -> Segment: ...


@dataclass(frozen=True, slots=True)
class _Counted:
    """So many segments and discontinuities lie before the file `segment`."""

    segment: Segment
    first: int
    sequence: int
    discontinuities: int
    is_discontinuous: bool


class LivePlaylists:
    """The live playlists of all cameras. Methods block for the disk; any thread."""

    def __init__(self, *, catalogue: LiveCatalogue, files: SegmentFiles) -> None:
        self._catalogue = catalogue
        self._files = files
        self._counted: OrderedDict[Origin, _Counted] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, camera: Camera, role: Role) -> str:
        """The multivariant playlist for somebody who comes now. `NotFound` while the
        stream is not being recorded, or has nothing whole yet."""
        extent = self._catalogue.extent(camera.id, role)
        last_us = extent[1] if extent is not None else 0
        rows = self._rows(camera.id, role, last_us - _BACK_US, SegmentId(0))
        made: list[MediaSegment] = []
        if rows and rows[-1].state is SegmentState.OPEN:
            made = [
                each for _, listed in self._listed(rows, 0, False) for each in listed
            ]
        if not made:
            raise NotFound(
                f"{camera.name!r} ({role.value} stream) has no live picture at the "
                "moment; the timeline says since when and why"
            )
        target = _target(made)
        window = made[-_window(made, target) :]
        origin = Origin(window[0].file, window[0].number, target)
        prepared = self._prepared(rows, window[-1].file)
        video = prepared.index.format.video
        assert video is not None
        return multivariant_playlist(
            f"live-{origin}.m3u8",
            made,
            codecs(playable(prepared.index.format)),
            (video.width, video.height),
        )

    def follow(self, camera_id: CameraId, origin: Origin) -> str:
        """The media playlist from an origin on, as it is now. `NotFound` when that is
        not of this camera, or no longer there."""
        known = self._known(camera_id, origin)
        start = known.segment
        rows = self._rows(camera_id, start.role, start.start_us - 1, start.id)
        files = self._listed(rows, known.first, known.is_discontinuous)
        made = [each for _, listed in files for each in listed]
        if not made or files[0][0].id != start.id:
            raise NotFound("this live picture is too long ago; begin anew")
        target = max(origin.target, _target(made))
        dropped = made[: len(made) - _window(made, target)]
        self._count(origin, known, files, made[len(dropped)].file)
        return live_playlist(
            made[len(dropped) :],
            target=target,
            sequence=known.sequence + len(dropped),
            discontinuities=known.discontinuities + _seams(dropped),
        )

    def _rows(
        self, camera_id: CameraId, role: Role, start_us: int, first: SegmentId
    ) -> list[Segment]:
        """Files in the order in which they were recorded, whatever the clock did."""
        extent = self._catalogue.extent(camera_id, role)
        end_us = max(start_us, extent[1] if extent is not None else 0) + _AHEAD_US
        found = self._catalogue.segments(camera_id, role, start_us, end_us)
        return sorted((r for r in found if r.id >= first), key=lambda r: r.id)

    def _listed(
        self, rows: list[Segment], first: int, is_discontinuous: bool
    ) -> list[tuple[Segment, list[MediaSegment]]]:
        """What is whole of each file: of one that may grow, not the last stretch."""
        listed = []
        before: Laid | None = None
        for row in rows:
            prepared = self._files.prepared(row)
            if prepared is None:
                continue
            file = laid(row, prepared)
            if before is not None:
                first, is_discontinuous = 0, has_seam(before, file)
            made = media_segments(
                file,
                least_us=LEAST_US,
                first=min(first, len(file.found)),
                end=len(file.found),
                is_discontinuous=is_discontinuous,
            )
            before = file
            is_growing = not prepared.index.is_closed and row.state is SegmentState.OPEN
            listed.append((row, made[:-1] if is_growing else made))
            if is_growing:
                break
        return listed

    def _prepared(self, rows: list[Segment], file: SegmentId) -> Prepared:
        row = next(row for row in rows if row.id == file)
        prepared = self._files.prepared(row)
        if prepared is None:
            raise NotFound("the footage has just been deleted; begin anew")
        return prepared

    def _known(self, camera_id: CameraId, origin: Origin) -> _Counted:
        with self._lock:
            known = self._counted.get(origin)
        if known is None:
            known = _Counted(
                self._catalogue.segment(origin.file), origin.number, 0, 0, False
            )
        if known.segment.camera_id != camera_id:
            raise NotFound(f"there is no segment {origin.file}")
        return known

    def _count(
        self,
        origin: Origin,
        known: _Counted,
        files: list[tuple[Segment, list[MediaSegment]]],
        oldest: SegmentId,
    ) -> None:
        """Remember what lies before the oldest file in the window."""
        passed: list[MediaSegment] = []
        for row, made in files:
            if row.id == oldest:
                break
            passed += made
        if not passed:
            return
        counted = _Counted(
            row,
            0,
            known.sequence + len(passed),
            known.discontinuities + _seams(passed),
            bool(made) and made[0].is_discontinuous,
        )
        with self._lock:
            self._counted[origin] = counted
            self._counted.move_to_end(origin)
            if len(self._counted) > MOST_WATCHED:
                self._counted.popitem(last=False)


def _seams(made: list[MediaSegment]) -> int:
    return sum(segment.is_discontinuous for segment in made)


def _target(made: list[MediaSegment]) -> int:
    """Coarse, because it must not change while somebody watches."""
    target = LEAST_TARGET
    while target < target_seconds(made):
        target *= 2
    return target


def _window(made: list[MediaSegment], target: int) -> int:
    """How many of the last segments are told."""
    length_us = 0
    for count, segment in enumerate(reversed(made), 1):
        length_us += segment.duration_us
        if length_us >= WINDOW_TARGETS * target * SECOND_US:
            return count
    return len(made)
