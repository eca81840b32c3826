"""Cameras that send datagrams."""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nvr.base.errors import CameraRefused, CameraSilent
from nvr.base.model import AUDIO, Codec, StreamAddress
from nvr.base.settings import build
from nvr.codec.loop import AudioSpec
from nvr.ingest.address import AddressPolicy
from nvr.ingest.connect import connect
from nvr.ingest.opening import ports_given
from nvr.ingest.session import RtspSession
from nvr.ingest.trust import Trust
from nvr.simulate.camera import VirtualCamera
from nvr.simulate.session import DatagramReceiver
from tests.certificates import Identity
from tests.fakes import FakeClock
from tests.ingest.conftest import Start
from tests.ingest.pictures import assert_as_sent, watch
from tests.ingest.rtsp_script import KEY_NAL, LOOPBACK, Asked, Script, serving
from tests.media.packets import rtp
from tests.simulate.conftest import SMALL

UDP = replace(LOOPBACK, transport="udp")
CAMERA = VirtualCamera("cam1", SMALL, audio=AudioSpec(Codec.AAC, seconds=1))
REFUSED = "461 Unsupported Transport"


async def test_pictures_and_sound_come_bit_for_bit(start: Start, clock):
    simulator = await start(CAMERA)
    address = StreamAddress(simulator.url("cam1"), "", "")

    session = await connect(address, clock=clock, policy=UDP)
    units = await watch(session, clock, pictures=45)
    (sending,) = simulator.sessions()
    await session.close()

    assert isinstance(sending.receivers[0], DatagramReceiver)
    assert_as_sent(units, simulator, "cam1")
    assert sum(unit.track == AUDIO for unit in units) > 50
    stats = session.stats
    assert stats.lost_packets == stats.irregular_frames == stats.damaged_units == 0
    assert stats.camera_offset_us is not None


async def test_the_camera_hears_that_we_are_there(start: Start, clock):
    simulator = await start(CAMERA)
    address = StreamAddress(simulator.url("cam1"), "", "")
    session = await connect(address, clock=clock, policy=UDP)
    await watch(session, clock, pictures=2)
    (sending,) = simulator.sessions()
    receivers = list(sending.receivers.values())
    assert all(each.heard() for each in receivers)

    clock.advance_us(5_000_000)
    session.visit()

    assert len(receivers) == 2
    assert all(each.heard() for each in receivers)
    await session.close()


async def test_lost_packets_are_counted_and_their_units_dropped(start: Start, clock):
    simulator = await start(CAMERA)
    address = StreamAddress(simulator.url("cam1"), "", "")
    session = await connect(address, clock=clock, policy=UDP)
    await watch(session, clock, pictures=5)
    await simulator.fault("cam1", "loss", seconds=0, value=0.2)
    await watch(session, clock, pictures=15)
    await session.close()

    assert session.stats.lost_packets > 5
    assert session.stats.damaged_units > 0


@dataclass
class Sender:
    """The UDP side of a scripted camera."""

    media: socket.socket
    control: socket.socket
    to: tuple[int, int] = (0, 0)

    def set_up(self, script: Script, asked: Asked) -> str:
        transport = asked.headers["transport"]
        found = re.fullmatch(r"RTP/AVP;unicast;client_port=(\d+)-(\d+)", transport)
        if not found:
            return REFUSED
        self.to = int(found[1]), int(found[2])
        ours = "-".join(str(s.getsockname()[1]) for s in (self.media, self.control))
        answer = f"200 OK\r\nSession: 7;timeout=60\r\nTransport: {transport}"
        return f"{answer};server_port={ours}"

    def send(self, *numbers: int, host: str = "") -> None:
        """Key frames of one packet each."""
        sock = self.media
        if host:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((host, 0))
        for number in numbers:
            packet = rtp(KEY_NAL, sequence=number, stamp=number * 3600, marker=True)
            sock.sendto(packet, ("127.0.0.1", self.to[0]))
        if host:
            sock.close()


@contextmanager
def sender() -> Iterator[Sender]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control,
    ):
        for each in (media, control):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        yield Sender(media, control)


def stamps(session: RtspSession) -> list[int]:
    units = [unit for batch in session.visit() for unit in batch.units]
    return [unit.timestamp // 3600 for unit in units]


async def test_a_camera_that_refuses_tcp_is_asked_for_udp(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=LOOPBACK)
            camera.send(1, 2, 3)
            got = stamps(session)
            await session.close()

    assert len(got) == 3
    assert script.methods().count("SETUP") == 2
    assert script.methods()[-1] == "TEARDOWN"


async def test_a_camera_that_refuses_udp_is_asked_for_tcp(clock: FakeClock):
    def set_up(script: Script, asked: Asked) -> str:
        if "interleaved" not in asked.headers["transport"]:
            return REFUSED
        return script.usual(asked)

    async with serving(Script(answers={"SETUP": set_up})) as script:
        session = await connect(script.address(), clock=clock, policy=UDP)
        assert session.offer is not None
        await session.close()


async def test_a_camera_that_refuses_both_is_told(clock: FakeClock):
    async with serving(Script(answers={"SETUP": REFUSED})) as script:
        with pytest.raises(CameraRefused) as raised:
            await connect(script.address(), clock=clock, policy=UDP)

    assert raised.value.status == 461
    assert script.methods().count("SETUP") == 2


async def test_holes_are_punched_before_the_stream_plays(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=UDP)

            assert len(camera.media.recv(100)) == 12
            assert camera.control.recv(100)[1] == 201
            await session.close()


async def test_packets_in_disorder_are_put_in_order(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=UDP)
            camera.send(10, 12, 11, 13, 13, 15)
            first = stamps(session)
            clock.advance_us(200_000)
            second = stamps(session)
            await session.close()

    assert [n - first[0] for n in first] == [0, 1, 2, 3]
    assert [n - first[0] for n in second] == [5]
    assert session.stats.lost_packets == 1


async def test_strangers_cannot_send_pictures(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=UDP)
            camera.send(1, 2, host="127.0.0.2")
            camera.send(7)
            got = stamps(session)
            await session.close()

    assert len(got) == 1
    assert session.stats.irregular_frames == 2


async def test_receiver_reports_tell_what_was_lost(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=UDP)
            camera.control.recv(100)
            camera.send(1, 2, 3, 5)
            session.visit()
            camera.control.recv(100)
            clock.advance_us(5_000_000)
            camera.send(6, 7, 8, 10)
            session.visit()
            report = camera.control.recv(200)
            await session.close()

    assert report[:2] == bytes((0x81, 201))
    assert int.from_bytes(report[13:16], "big") == 2
    assert int.from_bytes(report[16:20], "big") == 10
    assert report[33:34] == bytes((202,)) and report.count(b"nvr") == 1
    assert len(report) % 4 == 0


async def test_silence_over_udp_hints_at_a_firewall(clock: FakeClock):
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up}, media=b"")
        async with serving(script):
            session = await connect(script.address(), clock=clock, policy=UDP)
            clock.advance_us(9_000_000)
            with pytest.raises(CameraSilent, match="firewall"):
                session.visit()
            await session.close()


async def test_nothing_stays_open_when_a_track_is_refused(clock: FakeClock):
    """Ports of a failed attempt are free again at once."""
    with sender() as camera:
        script = Script(answers={"SETUP": camera.set_up, "PLAY": "454 No"})
        async with serving(script):
            with pytest.raises(CameraRefused):
                await connect(script.address(), clock=clock, policy=UDP)

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", camera.to[0]))


async def test_what_is_secured_is_never_sent_as_datagrams(
    start: Start, clock, identity: Identity
):
    simulator = await start(CAMERA, tls=identity.context())
    policy = replace(UDP, trust=Trust(identity.ca_file))
    address = StreamAddress(simulator.url("cam1"), "", "")

    session = await connect(address, clock=clock, policy=policy)
    await asyncio.sleep(0)
    (sending,) = simulator.sessions()
    await session.close()

    assert not isinstance(sending.receivers[0], DatagramReceiver)


@pytest.mark.parametrize(
    ("transport", "ports"),
    [
        ("RTP/AVP;unicast;client_port=1-2;server_port=6970-6971", (6970, 6971)),
        ("RTP/AVP/UDP;server_port=6970", (6970, 6971)),
        ("RTP/AVP;unicast;client_port=1-2", (0, 0)),
        ("RTP/AVP;server_port=70000-70001", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_ports_of_the_camera(transport: str, ports: tuple[int, int]):
    assert ports_given(transport) == ports


def test_the_settings_say_what_to_ask_for(tmp_path: Path):
    cameras = build({"cameras": {"transport": "udp"}}, tmp_path).cameras

    assert AddressPolicy.of(cameras).transport == "udp"
    assert AddressPolicy().transport == "tcp"
