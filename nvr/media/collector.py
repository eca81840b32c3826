"""Where the tracks of one session meet: units in order, cut where the format changes.

Nothing is collected before the first key frame whose parameter sets are known, so
that what is recorded can be played from its first byte.
"""

from dataclasses import replace

from nvr.base.model import AUDIO, VIDEO, AccessUnit, StreamFormat, VideoTrack
from nvr.media.parameter_sets import is_playable
from nvr.media.tally import Tally
from nvr.media.timestamps import Unwrapper


class Collector:
    """Collects until `take`. `arrived_us` is set by whoever feeds the receivers."""

    def __init__(self, format: StreamFormat, tally: Tally) -> None:
        self.format = format
        self.arrived_us = 0
        self._tally = tally
        self._units: list[AccessUnit] = []
        self._done: list[tuple[StreamFormat, list[AccessUnit]]] = []
        self._has_begun = False
        self._video_clock = Unwrapper(format.video.clock_rate if format.video else 1)
        self._audio_clock = Unwrapper(format.audio.clock_rate if format.audio else 1)

    def take(self) -> list[tuple[StreamFormat, list[AccessUnit]]]:
        """All units since the last call, in runs of one format."""
        done, units = self._done, self._units
        if units:
            done.append((self.format, units))
            self._units = []
        if done:
            self._done = []
        return done

    def picture(self, stamp: int, payload: bytes, is_key: bool) -> None:
        """A whole access unit of video."""
        clock = self._video_clock
        jumps = clock.jumps
        timestamp = clock.unwrap(stamp, self.arrived_us)
        self._tally.pictures += 1
        if clock.jumps != jumps:
            self._tally.timestamp_jumps += 1
            # Equal, but another object: a new segment begins at a jump.
            self._change(replace(self.format))
        if not self._has_begun:
            if not is_key or not is_playable(self.format.video):
                self._tally.dropped_units += 1
                return
            self._has_begun = True
        self._tally.units += 1
        self._units.append(AccessUnit(VIDEO, timestamp, payload, is_key))

    def extend(self, payload: bytes, is_key: bool) -> bool:
        """More of the last picture. False when that has been taken already; then this
        may be handed on as a unit of its own."""
        if not self._has_begun:
            return True  # dropped, as its beginning was
        units = self._units
        for place in range(len(units) - 1, -1, -1):
            unit = units[place]
            if unit.track == VIDEO:
                units[place] = AccessUnit(
                    VIDEO, unit.timestamp, unit.payload + payload, unit.is_key or is_key
                )
                return True
        return False

    def picture_damaged(self) -> None:
        """A unit of video was dropped, because a part of it did not come."""
        if self._has_begun:
            self._tally.damaged_units += 1
        else:
            self._tally.dropped_units += 1

    def sound(self, stamp: int, payload: bytes) -> None:
        """A whole access unit of audio. A jump of its stamps starts no segment."""
        timestamp = self._audio_clock.unwrap(stamp, self.arrived_us)
        if not self._has_begun:
            self._tally.dropped_units += 1
            return
        self._tally.units += 1
        self._units.append(AccessUnit(AUDIO, timestamp, payload, True))

    def describe_video(self, track: VideoTrack) -> None:
        """Units from here on are of this kind."""
        self._change(replace(self.format, video=track))

    def _change(self, format: StreamFormat) -> None:
        if self._units:
            self._done.append((self.format, self._units))
            self._units = []
        self.format = format
