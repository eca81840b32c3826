"""HLS of a recorded interval: everything there is, in one playlist that ends."""

from nvr.base.errors import NotFound
from nvr.base.model import SECOND_US, Camera, Role, SegmentId, StreamFormat
from nvr.play.clip import check_interval
from nvr.play.footage import FootageCatalogue, SegmentFiles
from nvr.play.hls_file import init_bytes, playable
from nvr.play.hls_playlist import recorded_playlist
from nvr.play.hls_segments import (
    Footing,
    Laid,
    MediaSegment,
    has_seam,
    laid,
    media_segments,
)
from nvr.play.nearest import nothing_there
from nvr.play.pieces import touched

LEAST_US = 6 * SECOND_US
"""What Apple's rules ask for; a day is 14,400 segments."""


def recorded(
    catalogue: FootageCatalogue,
    files: SegmentFiles,
    camera: Camera,
    role: Role,
    start_us: int,
    end_us: int,
) -> str:
    """The playlist of an interval, from the key frame that `start_us` needs to the
    fragment before `end_us`. Blocks. Raises `BadInterval`, or `NotFound` naming the
    nearest footage when there is none."""
    check_interval(start_us, end_us)
    rows = catalogue.segments(camera.id, role, start_us, end_us)
    made: list[MediaSegment] = []
    before: Laid | None = None
    described: tuple[StreamFormat, tuple[SegmentId, int]] | None = None
    for row, prepared in touched(files, rows, start_us, end_us, None):
        form = playable(prepared.index.format)
        if described is None or described[0] != form:
            described = form, (row.id, init_bytes(prepared.index))
        file = laid(row, prepared)
        first, end = _wanted(file.found, start_us, end_us)
        made += media_segments(
            file,
            least_us=LEAST_US,
            first=first,
            end=end,
            is_discontinuous=bool(made)
            and before is not None
            and has_seam(before, file),
            init=described[1],
        )
        before = file
    if not made:
        raise NotFound(nothing_there(catalogue, camera, role, start_us, end_us))
    return recorded_playlist(made, start_us)


def _wanted(found: list[Footing], start_us: int, end_us: int) -> tuple[int, int]:
    """Which fragments of a file show the interval or are needed for it."""
    keys = (n for n, each in enumerate(found) if each.is_key)
    first = max((n for n in keys if found[n].wall_us <= start_us), default=0)
    end = max((n + 1 for n, f in enumerate(found) if f.wall_us < end_us), default=0)
    return first, end
