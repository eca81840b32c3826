import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from nvr.base.errors import NotFound, SettingsError
from nvr.base.model import Codec
from nvr.codec.loop import AudioSpec
from nvr.simulate.camera import Auth, VirtualCamera
from nvr.simulate.control import Control
from nvr.simulate.faults import Fault, FaultKind, parse_plan
from tests.simulate.client import Client, h264_nals, pass_time
from tests.simulate.conftest import SMALL

PLAIN = VirtualCamera("cam1", SMALL)


async def playing(start, clock, camera=PLAIN, tracks=1):
    simulator = await start(camera)
    client = Client(simulator.url("cam1"))
    await client.play(tracks)
    await pass_time(clock, 2)
    return simulator, client, simulator.sessions()[0]


def steps(session):
    return [b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in pairwise(session.sent)]


async def test_a_stalled_camera_answers_but_sends_nothing(start, clock):
    simulator, client, session = await playing(start, clock)
    before = session.frames_sent

    await simulator.fault("cam1", "stall", seconds=5)
    await pass_time(clock, 4)
    during = session.frames_sent
    status, _, _ = await client.request("GET_PARAMETER")
    await pass_time(clock, 3)

    assert during == before and status == 200
    assert session.frames_sent > during + 10


async def test_a_half_open_camera_accepts_and_says_nothing(start, clock):
    simulator, _, session = await playing(start, clock)
    before = session.frames_sent

    await simulator.fault("cam1", "half-open", seconds=5)
    other = await Client(simulator.url("cam1")).connect()
    other.writer.write(f"OPTIONS {other.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
    await pass_time(clock, 3)

    assert session.frames_sent == before
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(other.reader.readexactly(1), 0.05)


async def test_dropped_clients_can_come_back_when_it_is_over(start, clock):
    simulator, client, _ = await playing(start, clock)

    await simulator.fault("cam1", "drop", seconds=5)
    await client.read_until_closed()
    early = await Client(simulator.url("cam1")).connect()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await early.request("OPTIONS")
    await pass_time(clock, 6)
    late = await Client(simulator.url("cam1")).connect()
    status, _, _ = await late.request("OPTIONS")

    assert status == 200


async def test_a_refusing_camera_answers_503(start, clock):
    simulator, client, _ = await playing(start, clock)

    await simulator.fault("cam1", "refuse", seconds=5)
    await client.read_until_closed()
    other = await Client(simulator.url("cam1")).connect()

    assert (await other.request("DESCRIBE"))[0] == 503


async def test_with_a_port_of_its_own_refusing_means_no_connection(start, clock):
    simulator = await start(replace(PLAIN, own_port=True), replace(PLAIN, name="cam2"))

    await simulator.fault("cam1", "refuse", seconds=5)
    with pytest.raises(ConnectionRefusedError):
        await Client(simulator.url("cam1")).connect()
    await Client(simulator.url("cam2")).connect()
    await pass_time(clock, 6)

    client = await Client(simulator.url("cam1")).connect()
    assert (await client.request("OPTIONS"))[0] == 200


async def test_an_unauthorized_camera_takes_no_password(start, clock):
    camera = replace(PLAIN, auth=Auth.DIGEST, username="admin", password="right")
    simulator = await start(camera)
    client = await Client(simulator.url("cam1"), "admin", "right").connect()

    await simulator.fault("cam1", "unauthorized", seconds=0)
    _, headers, _ = await client.request("DESCRIBE")
    client.sign_in(headers["www-authenticate"], "DESCRIBE")

    assert (await client.request("DESCRIBE"))[0] == 401
    await pass_time(clock, 100)
    assert (await client.request("DESCRIBE"))[0] == 401


async def test_garbage_is_not_packets(start, clock):
    simulator, client, session = await playing(start, clock)
    await client.read(session.receivers[0].packets)

    await simulator.fault("cam1", "garbage", seconds=5)
    await pass_time(clock, 1)

    with pytest.raises((AssertionError, TimeoutError)):
        await asyncio.wait_for(client.read(10_000), 0.2)


async def test_timestamps_jump_ahead_and_back(start, clock):
    simulator, _, session = await playing(start, clock)

    await simulator.fault("cam1", "jump", seconds=2, value=60)
    await pass_time(clock, 4)

    ahead = 60 * 90_000
    odd = [step for step in steps(session) if step != 9000]
    assert odd == [9000 + ahead, 9000 - ahead & 0xFFFFFFFF]


async def test_timestamps_wrap_in_the_next_session(start, clock):
    simulator, first, _ = await playing(start, clock)

    await simulator.fault("cam1", "wrap", seconds=0, value=2)
    await first.read_until_closed()
    second = Client(simulator.url("cam1"))
    await second.play()
    await pass_time(clock, 4)

    (session,) = simulator.sessions()
    stamps = [sent.timestamp for sent in session.sent]
    assert max(stamps) > 0xFFFF0000 and min(stamps) < 400_000
    assert set(steps(session)) == {9000}


async def test_a_slow_camera_stamps_more_than_it_sends(start, clock):
    simulator, _, session = await playing(start, clock)
    before = session.frames_sent

    await simulator.fault("cam1", "slow", seconds=20, value=5)
    await pass_time(clock, 10)

    assert abs(session.frames_sent - before - 50) <= 1
    assert set(steps(session)) == {9000}


async def test_the_resolution_changes_with_a_key_picture_and_back(start, clock):
    simulator, client, session = await playing(start, clock)

    await simulator.fault("cam1", "resolution", seconds=3)
    await pass_time(clock, 6)
    packets = await client.read(session.receivers[0].packets)

    sets = [nal for nal in h264_nals(packets) if nal[0] & 0x1F == 7]
    changes = [sets[0], *(b for a, b in pairwise(sets) if a != b)]
    assert len(changes) == 3 and changes[0] == changes[2]
    assert set(steps(session)) == {9000}


async def test_a_gop_can_last_for_minutes(start, clock):
    simulator, client, session = await playing(start, clock)

    await simulator.fault("cam1", "long-gop", seconds=50, value=40)
    seen = session.receivers[0].packets
    await pass_time(clock, 30)
    packets = await client.read(session.receivers[0].packets)

    keys = [nal for nal in h264_nals(packets[seen:]) if nal[0] & 0x1F == 5]
    assert len(keys) == 1


async def test_sound_comes_late(start, clock):
    camera = replace(PLAIN, audio=AudioSpec(Codec.PCMA, 8000, 1))
    simulator = await start(camera)
    await simulator.fault("cam1", "late-audio", seconds=3)
    client = Client(simulator.url("cam1"))
    await client.play(tracks=2)
    (session,) = simulator.sessions()

    await pass_time(clock, 2.5)
    early = session.audio_frames_sent
    await pass_time(clock, 2.5)

    assert early == 0 and session.frames_sent > 30
    assert session.audio_frames_sent > 40


async def test_lost_packets_are_missing_from_the_sequence(start, clock):
    simulator, client, session = await playing(start, clock)

    await simulator.fault("cam1", "loss", seconds=60, value=0.2)
    await pass_time(clock, 10)
    packets = await client.read(session.receivers[0].packets)

    numbers = [packet.sequence for packet in packets]
    missing = sum((b - a & 0xFFFF) - 1 for a, b in pairwise(numbers))
    assert 0.05 < missing / len(numbers) < 0.5


async def test_a_trickle_is_slow_but_whole(start, clock):
    simulator, client, session = await playing(start, clock)
    await client.read(session.receivers[0].packets)

    await simulator.fault("cam1", "trickle", seconds=60, value=200_000)
    await pass_time(clock, 1)
    packets = await client.read(session.receivers[0].packets)

    assert all(b - a & 0xFFFF == 1 for a, b in pairwise(p.sequence for p in packets))


async def test_faults_can_be_ended_and_asked_for_over_http(start, clock):
    simulator, _, session = await playing(start, clock)

    async with Control(simulator) as control:
        fault = '{"fault": "stall", "seconds": 600}'
        begun = await http(control.port, "POST /cameras/cam1/faults", fault)
        before = session.frames_sent
        await pass_time(clock, 1)
        stalled = session.frames_sent - before
        ended = await http(control.port, "DELETE /cameras/cam1/faults")
        counts = await http(control.port, "GET /sessions")
        wrong = await http(control.port, "POST /cameras/cam1/faults", '{"fault": "x"}')
        nobody = await http(control.port, "DELETE /cameras/who/faults")
    await pass_time(clock, 2)

    assert '"fault": "stall"' in begun and '"faults": []' in ended and stalled == 0
    assert f'"frames_sent": {before}' in counts
    assert "400" in wrong and "there are: stall" in wrong and "404" in nobody
    assert session.frames_sent > before


async def test_a_fault_needs_a_camera_and_a_known_name(start):
    simulator = await start(PLAIN)

    with pytest.raises(NotFound):
        await simulator.fault("nobody", "drop")
    with pytest.raises(SettingsError, match="stall"):
        await simulator.fault("cam1", "explode")


def test_a_planned_fault_is_read_from_text():
    plan = parse_plan("cam2:loss:5:0.1@30")

    assert (plan.camera, plan.after_seconds) == ("cam2", 30)
    assert plan.fault == Fault(FaultKind.LOSS, 5, 0.1)
    assert parse_plan("cam2:drop").fault == Fault(FaultKind.DROP, 10, 0)


@pytest.mark.parametrize("text", ["", "cam1", "cam1:", "cam1:drop:x", "c:drop:1:2:3"])
def test_what_is_not_a_fault_is_explained(text):
    with pytest.raises(SettingsError, match="cam2:drop:5@30"):
        parse_plan(text)


async def http(port, request, body=""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"{request} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    reply = await reader.read()
    writer.close()
    return reply.decode()
