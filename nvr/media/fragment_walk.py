"""From fragment to fragment through a file, as far as it is whole.

Used on files that are being written, that a crash has left, or whose end is gone. The
samples themselves are not read: hashing them is the caller's choice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nvr.base.errors import MediaError
from nvr.base.model import SECOND_US, StreamFormat
from nvr.media import boxes
from nvr.media.boxes import HEADER_BYTES
from nvr.media.movie import AUDIO_ID, VIDEO_ID
from nvr.media.movie_fragment import RunColumns, read_movie_fragment
from nvr.media.segment_layout import CHECK_BYTES, Check, FragmentMark, parse_check

Read = Callable[[int, int], bytes]
"""`read(offset, length)`; fewer bytes than asked for mean the end of the file."""

MOST_MOOF_BYTES = 4 << 20
_USUAL_MOOF_BYTES = 2 << 10


@dataclass(frozen=True, slots=True)
class WalkedFragment:
    """A fragment that is there from its first byte to the end of its check box."""

    number: int
    offset: int
    size_bytes: int  # moof and mdat
    check: Check
    runs: list[RunColumns]

    @property
    def end(self) -> int:
        """Where the next fragment would begin."""
        return self.offset + self.size_bytes + CHECK_BYTES

    def run(self, track_id: int) -> RunColumns | None:
        """The samples of one track."""
        return next((r for r in self.runs if r.track_id == track_id), None)

    def video_time(self) -> int:
        """Decode time of its first picture, or of its first sound without pictures."""
        run = self.run(VIDEO_ID) or self.run(AUDIO_ID)
        return run.base_time if run is not None else 0

    def mark(self) -> FragmentMark:
        """What an index keeps of it."""
        return FragmentMark(
            number=self.number,
            offset=self.offset,
            size_bytes=self.size_bytes,
            wall_us=self.check.wall_us,
            video_time=self.video_time(),
            digest=self.check.digest,
        )

    def end_us(self, form: StreamFormat) -> int:
        """Wall time at which its last picture has been shown."""
        for coded, track_id in ((form.video, VIDEO_ID), (form.audio, AUDIO_ID)):
            run = self.run(track_id)
            if coded is not None and run is not None:
                ticks = sum(run.durations)
                return self.check.wall_us + ticks * SECOND_US // coded.clock_rate
        return self.check.wall_us


def walk(
    read: Read, start: int, size_bytes: int, segment_id: int
) -> Iterator[WalkedFragment]:
    """Whole fragments of this segment one after another, up to the first that is not.

    A fragment is whole when its boxes fit into `size_bytes` and its check box names
    this segment and the next number.
    """
    offset, ahead = start, b""
    number = 1
    while True:
        try:
            found, ahead = _fragment(read, offset, size_bytes, ahead)
        except MediaError:
            return
        if found.check.segment_id != segment_id or found.number != number:
            return
        yield found
        offset, number = found.end, number + 1


def _fragment(
    read: Read, offset: int, size_bytes: int, ahead: bytes
) -> tuple[WalkedFragment, bytes]:
    """The fragment at `offset`, and bytes of what follows that were read with it."""
    if len(ahead) < HEADER_BYTES:
        ahead = read(offset, _USUAL_MOOF_BYTES)
    moof = boxes.read_header(ahead)
    if moof.kind != b"moof" or moof.size_bytes > MOST_MOOF_BYTES:
        raise MediaError("there is no fragment")
    if len(ahead) < moof.size_bytes + HEADER_BYTES:
        ahead = read(offset, moof.size_bytes + HEADER_BYTES)
    mdat = boxes.read_header(ahead, moof.size_bytes)
    fragment_bytes = moof.size_bytes + mdat.size_bytes
    if (
        mdat.kind != b"mdat"
        or mdat.header_bytes != HEADER_BYTES
        or offset + fragment_bytes + CHECK_BYTES > size_bytes
    ):
        raise MediaError("the fragment is cut off")
    behind = read(offset + fragment_bytes, CHECK_BYTES + _USUAL_MOOF_BYTES)
    check = parse_check(behind[:CHECK_BYTES])
    header = read_movie_fragment(ahead[: moof.size_bytes], mdat.size_bytes)
    if check.number != header.number:
        raise MediaError("the check box is of another fragment")
    walked = WalkedFragment(
        number=header.number,
        offset=offset,
        size_bytes=fragment_bytes,
        check=check,
        runs=header.runs,
    )
    return walked, behind[CHECK_BYTES:]
