"""Access units into fragments: what goes into one `moof`, and when it is full.

A fragment is cut before a key frame or when it is long enough, and only at a place
where every picture so far is shown before every picture to come; within such a piece
the decode times are the presentation times in order. One unit of each track is held
back, because its duration is known when the next arrives.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from nvr.base.model import AccessUnit
from nvr.media.fragment import TrackRun

MOST_PENDING_BYTES = 16 << 20
"""A fragment is cut whatever its length when it has grown to this."""


@dataclass(slots=True)
class _Pending:
    """Units of one track that are not in a fragment yet, in decoding order."""

    units: list[AccessUnit] = field(default_factory=list)
    usual_duration: int = 0


class Assembler:
    """Collects the units of one segment, whose time begins at `video_zero`.

    `audio_zero` is the audio timestamp of that instant; whoever adds audio sets it.
    """

    def __init__(
        self, *, longest_ticks: int, video_zero: int, video_rate: int, audio_rate: int
    ) -> None:
        self._rates = video_rate, audio_rate
        self.video_zero = video_zero
        self.audio_zero: int | None = None
        self._longest = longest_ticks
        self._video = _Pending()
        self._audio = _Pending()
        self._newest = -1
        self._bytes = 0
        self._is_reordered = False

    @property
    def pending_units(self) -> list[AccessUnit]:
        """A copy of what no fragment has taken yet, pictures first."""
        return self._video.units + self._audio.units

    def add_if_room(self, unit: AccessUnit) -> bool:
        """Collect a picture, unless the fragment is to end before it."""
        pictures = self._video.units
        if pictures:
            if self._bytes > MOST_PENDING_BYTES:
                return False
            if unit.timestamp > self._newest:
                reach = unit.timestamp - pictures[0].timestamp
                if unit.is_key or reach >= self._longest:
                    return False
        self.add_video(unit)
        return True

    def add_video(self, unit: AccessUnit) -> None:
        """Collect a picture, whatever is collected already."""
        if unit.timestamp < self._newest:
            self._is_reordered = True
        else:
            self._newest = unit.timestamp
        self._bytes += len(unit.payload)
        self._video.units.append(unit)

    def add_audio(self, unit: AccessUnit) -> None:
        self._bytes += len(unit.payload)
        self._audio.units.append(unit)

    def settle_zero(self) -> None:
        """Begin the segment's time with its first sound, if that is before the first
        picture: no time in a file may be negative. Once, before anything is taken."""
        heard = self._audio.units
        if not heard or self.audio_zero is None:
            return
        early = self.audio_zero - heard[0].timestamp
        if early > 0:
            video_rate, audio_rate = self._rates
            self.audio_zero -= early
            self.video_zero -= early * video_rate // audio_rate

    def take_video(self, next_timestamp: int | None) -> TrackRun | None:
        """All collected pictures. `next_timestamp` None: nothing follows."""
        pending, self._video.units = self._video.units, []
        self._bytes = sum(len(unit.payload) for unit in self._audio.units)
        if not pending:
            return None
        shown = [unit.timestamp for unit in pending]
        decoded = sorted(shown) if self._is_reordered else shown
        durations = [b - a for a, b in pairwise(decoded)]
        durations.append(self._last_duration(durations, decoded[-1], next_timestamp))
        self._video.usual_duration = durations[-1]
        composition = None
        if decoded != shown:
            composition = [s - d for s, d in zip(shown, decoded, strict=True)]
        return TrackRun(
            decoded[0] - self.video_zero,
            durations,
            composition,
            [unit.is_key for unit in pending],
            [unit.payload for unit in pending],
        )

    def take_audio(self, *, is_last: bool) -> TrackRun | None:
        """Collected audio but for the newest unit, or all of it when `is_last`."""
        units = self._audio.units
        taken = units if is_last else units[:-1]
        if not taken:
            return None
        self._audio.units = [] if is_last else units[-1:]
        self._bytes -= sum(len(unit.payload) for unit in taken)
        stamps = [unit.timestamp for unit in units]
        durations = [max(b - a, 1) for a, b in pairwise(stamps)]
        if is_last:
            durations.append(durations[-1] if durations else self._audio.usual_duration)
        durations = durations[: len(taken)]
        self._audio.usual_duration = durations[-1]
        return TrackRun(
            stamps[0] - (self.audio_zero or 0),
            durations,
            None,
            [True] * len(taken),
            [unit.payload for unit in taken],
        )

    def _last_duration(
        self, durations: list[int], last: int, next_timestamp: int | None
    ) -> int:
        usual = durations[-1] if durations else self._video.usual_duration
        if next_timestamp is None:
            return usual or 1
        if self._is_reordered:
            # The next picture decoded is not the next one shown.
            return min(usual or next_timestamp - last, next_timestamp - last)
        return next_timestamp - last
