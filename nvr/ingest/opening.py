"""The steps that open a stream: OPTIONS, DESCRIBE, SETUP of each track, PLAY."""

import re
import socket
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.errors import BadStream, CameraRefused, MediaError
from nvr.base.model import Codec, StreamFormat
from nvr.ingest.dialogue import Dialogue, Reply
from nvr.ingest.keepalive import KeepAlive
from nvr.ingest.session import Offer, RtspSession, SessionStats
from nvr.media import sdp
from nvr.media.camera_clock import ReportReceiver
from nvr.media.collector import Collector
from nvr.media.depacketise_h264 import H264Receiver
from nvr.media.depacketise_h265 import H265Receiver
from nvr.media.interleaved import Receiver
from nvr.media.sounds import AacReceiver, G711Receiver, SoundReceiver

_INTERLEAVED = re.compile(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", re.I)
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d{1,5})", re.I)
_PICTURES = {Codec.H264: H264Receiver, Codec.H265: H265Receiver}


@dataclass(frozen=True, slots=True)
class Channels:
    """Where a track's RTP and RTCP come on the connection."""

    rtp: int
    rtcp: int


class Opening:
    """Goes through the steps in order; each raises a `CameraError`."""

    def __init__(self, dialogue: Dialogue, *, url: str) -> None:
        self._dialogue = dialogue
        self._url = url
        self._aggregate = url
        self._public = ""
        self._timeout_s = 0
        self._tracks: sdp.ChosenTracks | None = None
        self._channels: dict[str, Channels] = {}
        self._ignored: list[str] = []

    async def describe(self, *, want_audio: bool) -> None:
        """Learn what the camera offers and choose from it."""
        try:
            options = await self._dialogue.request("OPTIONS", self._url)
            self._public = options.head.get("public")
        except CameraRefused:
            pass  # some answer only DESCRIBE properly
        reply = await self._dialogue.request(
            "DESCRIBE", self._url, ("Accept", "application/sdp")
        )
        base = (
            reply.head.get("content-base")
            or reply.head.get("content-location")
            or self._url
        )
        if not base.lower().startswith(("rtsp://", "rtsps://")):
            base = sdp.resolve_control(base, self._url)
        text = reply.body.decode("utf-8", "replace")
        try:
            media = sdp.parse(text, base)
            tracks = sdp.to_tracks(media, want_audio=want_audio)
            self._aggregate = sdp.aggregate_control(text, base)
        except MediaError as error:
            raise BadStream(_sentence(error)) from error
        self._tracks = tracks
        self._ignored = list(tracks.ignored)

    async def set_up(self) -> None:
        """Set up video, and audio if the camera lets us have both."""
        tracks = self._chosen()
        self._channels["video"] = await self._set_up_track(tracks.video_media)
        if tracks.audio_media is None:
            return
        try:
            self._channels["audio"] = await self._set_up_track(tracks.audio_media)
        except CameraRefused:
            # Pictures without sound are better than neither.
            self._ignored.append(f"{tracks.audio_media.label} (refused)")

    async def play(self) -> None:
        await self._dialogue.request("PLAY", self._aggregate, ("Range", "npt=0.000-"))

    def session(
        self, sock: socket.socket, *, clock: Clock, silence_seconds: float
    ) -> RtspSession:
        """The session that goes on from here with the dialogue's socket."""
        stats = SessionStats()
        tracks = self._chosen()
        has_audio = "audio" in self._channels
        format = StreamFormat(tracks.video, tracks.audio if has_audio else None)
        collector = Collector(format, stats)
        reports = ReportReceiver()
        receivers: dict[int, Receiver] = {}
        if "audio" in self._channels:
            channels = self._channels["audio"]
            receivers[channels.rtcp] = _Unheard()
            receivers[channels.rtp] = _sound_receiver(tracks, collector, stats)
        channels = self._channels["video"]
        receivers[channels.rtcp] = reports
        receivers[channels.rtp] = _PICTURES[tracks.video.codec](
            tracks.video, collector, stats
        )
        return RtspSession(
            sock,
            dialogue=self._dialogue,
            keepalive=KeepAlive(
                self._dialogue,
                url=self._aggregate,
                public=self._public,
                timeout_s=self._timeout_s,
                mono_us=clock.now().mono_us,
            ),
            collector=collector,
            receivers=receivers,
            reports=reports,
            stats=stats,
            offer=Offer(self._dialogue.server, self._ignored),
            url=self._aggregate,
            clock=clock,
            silence_seconds=silence_seconds,
        )

    def _chosen(self) -> sdp.ChosenTracks:
        assert self._tracks is not None, "describe comes first"
        return self._tracks

    async def _set_up_track(self, media: sdp.MediaDescription) -> Channels:
        used = {n for c in self._channels.values() for n in (c.rtp, c.rtcp)}
        first = next(n for n in range(0, 256, 2) if not {n, n + 1} & used)
        asked = f"RTP/AVP/TCP;unicast;interleaved={first}-{first + 1}"
        reply = await self._dialogue.request(
            "SETUP", media.control, ("Transport", asked)
        )
        self._note_session(reply)
        given = channels_given(reply.head.get("transport"), Channels(first, first + 1))
        # Two tracks on one channel: a camera that repeats itself but does as asked.
        return Channels(first, first + 1) if given.rtp in used else given

    def _note_session(self, reply: Reply) -> None:
        text = reply.head.get("session")
        if text and not self._dialogue.session_id:
            self._dialogue.session_id = text.partition(";")[0].strip()
        if timeout := _TIMEOUT.search(text):
            self._timeout_s = int(timeout[1])


class _Unheard:
    """RTCP of the audio track: the clock is taken from video."""

    def packet(self, buffer: bytearray, start: int, stop: int) -> bool:
        return False

    def run(self, buffer: bytearray, at: int, end: int, stride: int) -> int:
        return at


def channels_given(transport: str, asked: Channels) -> Channels:
    """The channels by a Transport header; without one, as asked. Raises
    `CameraRefused` when the camera chose another transport."""
    found = _INTERLEAVED.search(transport)
    if found is None:
        if "client_port" in transport or "server_port" in transport:
            raise CameraRefused(
                "The camera sends this stream over UDP although TCP was asked for. "
                "Look for a setting of its transport or protocol."
            )
        return asked
    rtp = int(found[1])
    rtcp = int(found[2]) if found[2] else rtp + 1
    if max(rtp, rtcp) > 255:
        raise BadStream("The camera answered with an impossible channel.")
    return Channels(rtp, rtcp)


def _sound_receiver(
    tracks: sdp.ChosenTracks, collector: Collector, stats: SessionStats
) -> SoundReceiver:
    assert tracks.audio is not None and tracks.audio_media is not None
    if tracks.audio.codec is Codec.AAC:
        return AacReceiver(tracks.audio, tracks.audio_media, collector, stats)
    return G711Receiver(collector, stats)


def _sentence(error: MediaError) -> str:
    """Reasons of `to_tracks` are sentences already; those of `parse` are not."""
    text = str(error)
    return text if text.endswith(".") else f"The stream cannot be used: {text}."
