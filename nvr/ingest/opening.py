"""The steps that open a stream: OPTIONS, DESCRIBE, SETUP of each track, PLAY."""

import re
import socket
from dataclasses import dataclass

from nvr.base.clock import Clock
from nvr.base.errors import BadStream, CameraRefused, MediaError
from nvr.base.model import Codec, StreamFormat
from nvr.base.settings import Transport
from nvr.ingest.datagrams import Datagrams, DatagramTrack
from nvr.ingest.dialogue import Dialogue, Reply
from nvr.ingest.keepalive import KeepAlive
from nvr.ingest.port_pair import PortPair, open_pair
from nvr.ingest.session import Offer, RtspSession, SessionStats
from nvr.media import sdp
from nvr.media.camera_clock import ReportReceiver
from nvr.media.collector import Collector
from nvr.media.depacketise_h264 import H264Receiver
from nvr.media.depacketise_h265 import H265Receiver
from nvr.media.interleaved import Receiver, Scanner
from nvr.media.sounds import AacReceiver, G711Receiver, SoundReceiver

_INTERLEAVED = re.compile(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", re.I)
_SERVER_PORT = re.compile(r"server_port\s*=\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?", re.I)
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d{1,5})", re.I)
_UNSUPPORTED_TRANSPORT = 461
_PICTURES = {Codec.H264: H264Receiver, Codec.H265: H265Receiver}


@dataclass(frozen=True, slots=True)
class Channels:
    """Where a track's RTP and RTCP come on the connection; or, over UDP, what they
    are numbered as."""

    rtp: int
    rtcp: int


class Opening:
    """Goes through the steps in order; each raises a `CameraError`.

    A camera that does not know `transport` is asked for the other one, if `may_change`.
    What `close` gives back belongs to the session once there is one.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        sock: socket.socket,
        *,
        url: str,
        transport: Transport = "tcp",
        may_change: bool = True,
    ) -> None:
        self._socket = sock
        self._transport = transport
        self._may_change = may_change
        self._pairs: dict[str, PortPair] = {}
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
        try:
            await self._set_up_track("video", tracks.video_media)
        except CameraRefused as error:
            if error.status != _UNSUPPORTED_TRANSPORT or not self._may_change:
                raise
            self._transport = "udp" if self._transport == "tcp" else "tcp"
            await self._set_up_track("video", tracks.video_media)
        if tracks.audio_media is None:
            return
        try:
            await self._set_up_track("audio", tracks.audio_media)
        except CameraRefused:
            # Pictures without sound are better than neither.
            self._ignored.append(f"{tracks.audio_media.label} (refused)")

    async def play(self) -> None:
        for pair in self._pairs.values():
            pair.punch()
        await self._dialogue.request("PLAY", self._aggregate, ("Range", "npt=0.000-"))

    def close(self) -> None:
        """Give back the ports of an attempt that failed."""
        for pair in self._pairs.values():
            pair.close()

    def session(self, *, clock: Clock, silence_seconds: float) -> RtspSession:
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
        datagrams = self._datagrams(receivers, stats) if self._pairs else None
        return RtspSession(
            self._socket,
            dialogue=self._dialogue,
            keepalive=KeepAlive(
                self._dialogue,
                url=self._aggregate,
                public=self._public,
                timeout_s=self._timeout_s,
                mono_us=clock.now().mono_us,
            ),
            collector=collector,
            receivers={} if datagrams else receivers,
            reports=reports,
            stats=stats,
            offer=Offer(self._dialogue.server, self._ignored),
            url=self._aggregate,
            clock=clock,
            silence_seconds=silence_seconds,
            datagrams=datagrams,
        )

    def _datagrams(
        self, receivers: dict[int, Receiver], stats: SessionStats
    ) -> Datagrams:
        tracks = [
            DatagramTrack(pair, self._channels[name].rtp, self._channels[name].rtcp)
            for name, pair in self._pairs.items()
        ]
        scanner = Scanner(receivers, on_text=lambda head: None, tally=stats)
        return Datagrams(tracks, scanner=scanner, tally=stats)

    def _chosen(self) -> sdp.ChosenTracks:
        assert self._tracks is not None, "describe comes first"
        return self._tracks

    async def _set_up_track(self, name: str, media: sdp.MediaDescription) -> None:
        if self._transport == "udp":
            self._channels[name] = await self._set_up_ports(name, media)
        else:
            self._channels[name] = await self._set_up_channels(media)

    async def _set_up_ports(self, name: str, media: sdp.MediaDescription) -> Channels:
        pair = open_pair(self._socket)
        try:
            rtp, control = pair.ports
            asked = f"RTP/AVP;unicast;client_port={rtp}-{control}"
            reply = await self._dialogue.request(
                "SETUP", media.control, ("Transport", asked)
            )
            pair.server_ports = ports_given(reply.head.get("transport"))
        except BaseException:
            pair.close()
            raise
        self._note_session(reply)
        self._pairs[name] = pair
        first = 2 * (len(self._pairs) - 1)
        return Channels(first, first + 1)

    async def _set_up_channels(self, media: sdp.MediaDescription) -> Channels:
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


def ports_given(transport: str) -> tuple[int, int]:
    """The camera's own ports by a Transport header, 0 for those it does not tell.
    Raises `CameraRefused` when the camera chose another transport."""
    if _INTERLEAVED.search(transport):
        raise CameraRefused(
            "The camera sends this stream over TCP although UDP was asked for."
        )
    found = _SERVER_PORT.search(transport)
    if found is None:
        return 0, 0
    rtp = int(found[1])
    control = int(found[2]) if found[2] else rtp + 1
    return (rtp, control) if max(rtp, control) < 1 << 16 else (0, 0)


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
