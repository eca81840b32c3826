"""Stills: one recorded picture as a JPEG, at an instant or the newest there is.

The picture's bytes are found by the segment's index and read with a single read; they
are decoded in another process (see `nvr.codec.still`).
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from nvr.base import rfc3339
from nvr.base.clock import Clock
from nvr.base.errors import MediaError, NotFound
from nvr.base.model import (
    SECOND_US,
    Camera,
    Role,
    Segment,
    SegmentId,
    VideoTrack,
    VolumeId,
)
from nvr.codec.still import Picture, StillDecoder, StillRequest
from nvr.media.mp4_read import TrackIndex
from nvr.play.cut import Prepared, key_before, shown_at
from nvr.play.footage import FootageCatalogue, Places, SegmentFiles
from nvr.play.instants import Instants, decode_times, presentation_times
from nvr.play.nearest import nothing_there

CACHE_BYTES = 32 << 20
NEWEST_US = 10 * SECOND_US
"""How old footage may be to be shown as `now`: beyond, the camera is not recording."""
TOLERANCE_US = SECOND_US
"""An instant in a pause no longer than this gets the picture before it."""
MOST_WIDTH = 8192
MOST_GROUP_BYTES = 48 << 20
"""Of units from the key frame to an exact picture; more than 60 s of 4K."""


@dataclass(frozen=True, slots=True)
class Still:
    """A JPEG, and when on the server's clock the picture in it was."""

    jpeg: bytes
    wall_us: int
    width: int
    height: int


class _Spot(NamedTuple):
    """Where a picture is: samples `key` to `sample` of a segment must be decoded."""

    segment: Segment
    key: int
    sample: int


class _Found(NamedTuple):
    """A spot with what is needed to decode it."""

    spot: _Spot
    track: TrackIndex
    form: VideoTrack
    times: list[int]
    wall_us: int


_Key = tuple[SegmentId, int, int | None]


class StillMaker:
    """Makes stills and keeps the latest. Belongs to one event loop.

    Files and catalogue are read in threads. Asking twice for the same picture while
    it is being made decodes it once.
    """

    def __init__(
        self,
        *,
        catalogue: FootageCatalogue,
        volumes: Mapping[VolumeId, Places],
        decoder: StillDecoder,
        clock: Clock,
        files: SegmentFiles | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._catalogue = catalogue
        self._files = files or SegmentFiles(volumes)
        self._decoder = decoder
        self._clock = clock
        self._cache_bytes = cache_bytes
        self._used_bytes = 0
        self._made: OrderedDict[_Key, Still] = OrderedDict()
        self._making: dict[_Key, asyncio.Task[Still]] = {}

    async def jpeg(
        self,
        camera: Camera,
        role: Role,
        at_us: int | None = None,
        width: int | None = None,
        *,
        exact: bool = False,
    ) -> Still:
        """The key frame at or before an instant (None: now), or with `exact` the very
        picture that was on the screen.

        Raises `NotFound` when there is no footage of the instant, `MediaError` when
        the picture cannot be decoded, `StillBusy` when too many are being made.
        """
        if width is not None:
            width = max(1, min(width, MOST_WIDTH))
        found = await asyncio.to_thread(self._find, camera, role, at_us, exact)
        key = (found.spot.segment.id, found.spot.sample, width)
        known = self._made.get(key)
        if known is not None:
            self._made.move_to_end(key)
            return known
        making = self._making.get(key)
        if making is None:
            making = asyncio.create_task(self._make(key, found, width))
            self._making[key] = making
            making.add_done_callback(lambda task: self._done(key, task))
        # One who leaves does not take the picture from the others.
        return await asyncio.shield(making)

    async def _make(self, key: _Key, found: _Found, width: int | None) -> Still:
        units = await asyncio.to_thread(self._read, found)
        request = StillRequest(
            codec=found.form.codec,
            parameter_sets=found.form.parameter_sets,
            units=units,
            times=found.times,
            wanted=found.times[found.spot.sample - found.spot.key],
            width=width,
        )
        picture: Picture = await self._decoder.make(request)
        still = Still(picture.jpeg, found.wall_us, picture.width, picture.height)
        self._keep(key, still)
        return still

    def _done(self, key: _Key, task: "asyncio.Task[Still]") -> None:
        del self._making[key]
        if not task.cancelled():
            # Looked at, so that nobody complains when all who asked have left.
            task.exception()

    def _keep(self, key: _Key, still: Still) -> None:
        self._made[key] = still
        self._used_bytes += len(still.jpeg)
        while self._used_bytes > self._cache_bytes:
            _, dropped = self._made.popitem(last=False)
            self._used_bytes -= len(dropped.jpeg)

    def _find(
        self, camera: Camera, role: Role, at_us: int | None, exact: bool
    ) -> _Found:
        """In a thread: the segment, the sample and its times."""
        wanted_us = self._clock.now().wall_us if at_us is None else at_us
        patience_us = NEWEST_US if at_us is None else TOLERANCE_US
        start_us = wanted_us - patience_us
        rows = self._catalogue.segments(camera.id, role, start_us, wanted_us + 1)
        for row in reversed(rows):
            prepared = self._files.prepared(row)
            if prepared is None:
                continue
            span = prepared.everything.span
            if span.start_us <= wanted_us < span.end_us + patience_us:
                return _spot(row, prepared, wanted_us, exact)
        if at_us is None:
            raise NotFound(_nothing_now(self._catalogue, camera, role))
        raise NotFound(nothing_there(self._catalogue, camera, role, at_us, at_us + 1))

    def _read(self, found: _Found) -> list[bytes]:
        """In a thread: the samples' bytes."""
        spot, track = found.spot, found.track
        path = self._files.path(spot.segment)
        try:
            with path.open("rb", buffering=0) as file:
                return [
                    os.pread(file.fileno(), track.sizes[n], offset)
                    for n, offset in _offsets(track, spot.key, spot.sample + 1)
                ]
        except OSError as error:
            raise NotFound("the footage was deleted meanwhile") from error


def _spot(row: Segment, prepared: Prepared, wanted_us: int, exact: bool) -> _Found:
    index = prepared.index
    track, form = index.video, index.format.video
    assert track is not None, "prepared segments have pictures"
    assert form is not None, "prepared segments have pictures"
    shown = presentation_times(track, decode_times(track))
    instants = Instants(index.marks, track, shown)
    time = instants.last_time(wanted_us)
    which = key_before(track.keys, shown, time)
    key = track.keys[which] if len(track.keys) else 0
    sample = key
    if exact:
        beyond = track.keys[which + 2] if which + 2 < len(track.keys) else len(shown)
        sample = shown_at(shown, key, beyond, time)
        if sum(track.sizes[key : sample + 1]) > MOST_GROUP_BYTES:
            raise MediaError(
                "the nearest key frame is too far before this picture to decode it"
            )
    return _Found(
        _Spot(row, key, sample),
        track,
        form,
        list(shown[key : sample + 1]),
        instants.wall_us(shown[sample]),
    )


def _offsets(track: TrackIndex, first: int, end: int) -> list[tuple[int, int]]:
    """Number and place in the file of each sample."""
    places, at = [], 0
    for offset, length in zip(track.offsets, track.chunk_lengths, strict=True):
        sizes = track.sizes[at : at + length]
        starts = accumulate(sizes[:-1], initial=offset)
        places += [(n, s) for n, s in enumerate(starts, at) if first <= n < end]
        at += length
        if at >= end:
            break
    return places


def _nothing_now(catalogue: FootageCatalogue, camera: Camera, role: Role) -> str:
    extent = catalogue.extent(camera.id, role)
    said = f"{camera.name!r} ({role.value} stream) is not being recorded now"
    if extent is None:
        return f"{said}, and nothing of it was ever recorded"
    return f"{said}; its last footage ends at {rfc3339.text(extent[1])}"
