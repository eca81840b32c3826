"""What is known of a segment's samples and fragments while it grows, and its tail.

The writer fills it as it writes, the reader of an open file as it walks; closed at the
same fragment, both make the same tail.
"""

from collections.abc import Iterable, Sequence

from nvr.base import merkle
from nvr.base.model import StreamFormat
from nvr.media.fragment_walk import WalkedFragment
from nvr.media.movie import AUDIO_ID, VIDEO_ID, full_index
from nvr.media.segment_layout import (
    Close,
    Description,
    FragmentMark,
    Reason,
    close_box,
    pack_mark,
    unpack_marks,
)
from nvr.media.track_index import TrackIndex, TrackIndexBuilder


class SegmentTables:
    """Some 30 KB for a minute of one camera."""

    def __init__(self, form: StreamFormat) -> None:
        self.format = form
        self._tracks: dict[int, TrackIndexBuilder] = {}
        if form.video is not None:
            self._tracks[VIDEO_ID] = TrackIndexBuilder(form.video.clock_rate)
        if form.audio is not None:
            # Every sample of sound is a key sample; saying so takes no table.
            self._tracks[AUDIO_ID] = TrackIndexBuilder(
                form.audio.clock_rate, has_keys=False
            )
        # Packed as the close box has them: a fifth of what objects would take.
        self._marks = bytearray()

    @property
    def video(self) -> TrackIndex | None:
        """The pictures so far; None while there are none."""
        return self._index(VIDEO_ID)

    @property
    def audio(self) -> TrackIndex | None:
        """The sound so far; None while there is none."""
        return self._index(AUDIO_ID)

    @property
    def marks(self) -> list[FragmentMark]:
        """The fragments so far."""
        return unpack_marks(self._marks)

    def add_samples(
        self,
        track_id: int,
        base_time: int,
        durations: Sequence[int],
        composition: Sequence[int] | None,
        keys: Sequence[bool],
        sizes: Iterable[int],
        offset: int,
    ) -> None:
        """The samples of one run, the first of them at `offset` in the file."""
        track = self._tracks.get(track_id)
        if track is not None:
            track.add(base_time, durations, composition, keys, sizes, offset)

    def add_mark(self, mark: FragmentMark) -> None:
        """The fragment whose samples were added."""
        self._marks += pack_mark(mark)

    def add_walked(self, found: WalkedFragment) -> None:
        """A fragment found in a file."""
        for run in found.runs:
            self.add_samples(
                run.track_id,
                run.base_time,
                run.durations,
                run.composition,
                run.keys,
                run.sizes,
                found.offset + run.offset,
            )
        self.add_mark(found.mark())

    def tail(
        self, head: bytes, description: Description, *, end_us: int, reason: Reason
    ) -> tuple[bytes, bytes]:
        """Full `moov` and close box as they follow the fragments, and the root."""
        video, audio, marks = self.video, self.audio, self.marks
        moov = full_index(
            self.format, video, audio, creation_us=description.start.wall_us
        )
        close = Close(
            reason=reason,
            segment_id=description.segment_id,
            end_us=end_us,
            video_base=video.base_time if video else 0,
            audio_base=audio.base_time if audio else 0,
            root=merkle.root([mark.digest for mark in marks]),
            marks=marks,
        )
        return moov + close_box(close, head=head, moov=moov), close.root

    def _index(self, track_id: int) -> TrackIndex | None:
        track = self._tracks.get(track_id)
        return track.index() if track is not None else None
