import asyncio
import socket
import struct
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest

from nvr.base.model import Codec
from nvr.codec.loop import AudioSpec
from nvr.simulate.camera import Auth, Sets, VirtualCamera
from tests.simulate.client import Client, h264_nals, pass_time
from tests.simulate.conftest import SMALL

PLAIN = VirtualCamera("cam1", SMALL)


async def test_every_nal_unit_comes_as_it_was_encoded(start, clock):
    simulator = await start(PLAIN)
    client = Client(simulator.url("cam1"))

    await client.play()
    await pass_time(clock, 3)
    client.close()
    await client.read_until_closed()

    sets = simulator.video_loop("cam1").parameter_sets
    got = [nal for nal in h264_nals(client.packets) if nal not in sets]
    loop = [nal.digest for nal in simulator.sent_nals("cam1")]
    assert len(got) > len(loop)
    first = loop.index(sha256(got[0]).digest())
    expected = [loop[(first + i) % len(loop)] for i in range(len(got))]
    assert [sha256(nal).digest() for nal in got] == expected


async def test_numbers_and_timestamps_go_on_over_the_seam(start, clock):
    simulator = await start(PLAIN)
    client = Client(simulator.url("cam1"))

    await client.play()
    await pass_time(clock, 5)
    (session,) = simulator.sessions("cam1")
    sent = session.sent
    packets = await client.read(session.receivers[0].packets)

    sequences = [packet.sequence for packet in packets]
    assert all(b - a & 0xFFFF == 1 for a, b in pairwise(sequences))
    stamps = [packet.timestamp for packet in packets if packet.marker]
    assert {b - a & 0xFFFFFFFF for a, b in pairwise(stamps)} == {9000}
    assert [picture.timestamp for picture in sent] == stamps
    assert session.frames_sent == len(stamps) > 40
    assert {picture.picture for picture in sent} == set(range(20))


async def test_a_session_begins_with_parameter_sets_and_a_key_picture(start, clock):
    simulator = await start(PLAIN)
    client = Client(simulator.url("cam1"))

    await client.play()
    await pass_time(clock, 1.5)
    nals = h264_nals(await client.read(3))

    assert [nal[0] & 0x1F for nal in nals[:2]] == [7, 8]


async def test_a_new_client_does_not_wait_for_more_than_a_gop(start, clock):
    simulator = await start(PLAIN)
    await pass_time(clock, 7.3)
    client = Client(simulator.url("cam1"))

    await client.play()
    await pass_time(clock, 1.1)

    assert simulator.sessions()[0].frames_sent > 0


async def test_describe_tells_codec_sets_and_tracks(start):
    camera = replace(PLAIN, audio=AudioSpec(Codec.AAC, seconds=1))
    simulator = await start(camera)
    client = await Client(simulator.url("cam1")).connect()

    status, headers, body = await client.request("DESCRIBE")

    assert status == 200
    assert headers["content-base"] == simulator.url("cam1") + "/"
    assert "H264/90000" in body and "sprop-parameter-sets=" in body
    assert "MPEG4-GENERIC/16000/1" in body and "config=1408" in body


@pytest.mark.parametrize("sets", [Sets.SDP, Sets.IN_BAND])
async def test_parameter_sets_are_only_where_they_are_wanted(start, clock, sets):
    simulator = await start(replace(PLAIN, sets=sets))
    client = Client(simulator.url("cam1"))

    await client.play()
    _, _, body = await client.request("DESCRIBE")
    await pass_time(clock, 1.5)
    kinds = {nal[0] & 0x1F for nal in h264_nals(await client.read(9))}

    assert ("sprop" in body) is (sets is Sets.SDP)
    assert (7 in kinds) is (sets is Sets.IN_BAND)


@pytest.mark.parametrize("auth", [Auth.BASIC, Auth.DIGEST, Auth.DIGEST_SHA256])
async def test_only_the_right_password_gets_in(start, auth):
    camera = replace(PLAIN, auth=auth, username="admin", password="right")
    simulator = await start(camera)
    statuses = []

    for password in ("right", "wrong"):
        client = Client(simulator.url("cam1"), "admin", password)
        await client.connect()
        status, headers, _ = await client.request("DESCRIBE")
        statuses.append(status)
        client.sign_in(headers["www-authenticate"], "DESCRIBE")
        status, _, _ = await client.request("DESCRIBE")
        statuses.append(status)

    assert statuses == [401, 200, 401, 401]


async def test_sender_reports_carry_the_camera_clock(start, clock):
    ahead_us = 90_000_000
    simulator = await start(replace(PLAIN, clock_offset_us=ahead_us))
    client = Client(simulator.url("cam1"))

    await client.play()
    await pass_time(clock, 6.5)
    await client.read(20)

    seconds, fraction, stamp = struct.unpack(">III", client.reports[0][8:20])
    wall_us = (seconds - 2_208_988_800) * 1_000_000 + (fraction * 1_000_000 >> 32)
    first = simulator.sessions()[0].sent[0]
    since_report_us = (first.timestamp - stamp & 0xFFFFFFFF) * 1_000_000 // 90_000
    assert abs(wall_us + since_report_us - ahead_us - first.wall_us) < 25_000
    assert client.reports[0][1] == 200 and client.reports[0][29] == 202


async def test_sound_comes_on_its_own_channel(start, clock):
    simulator = await start(replace(PLAIN, audio=AudioSpec(Codec.PCMU, 8000, 1)))
    client = Client(simulator.url("cam1"))

    await client.play(tracks=2)
    await pass_time(clock, 2)
    packets = await client.read(40)

    sound = [packet for packet in packets if packet.channel == 2]
    assert {len(packet.payload) for packet in sound} == {320}
    assert {b.timestamp - a.timestamp for a, b in pairwise(sound)} == {320}


async def test_datagrams_come_to_the_ports_asked_for(start, clock):
    simulator = await start(PLAIN)
    client = await Client(simulator.url("cam1")).connect()
    media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    media.setblocking(False)
    media.bind(("127.0.0.1", 0))
    port = media.getsockname()[1]

    status, headers, _ = await client.request(
        "SETUP",
        client.url + "/trackID=0",
        Transport=f"RTP/AVP;unicast;client_port={port}-{port + 1}",
    )
    client.session = headers["session"].split(";")[0]
    await client.request("PLAY")
    await pass_time(clock, 1.5)

    packet = await asyncio.wait_for(
        asyncio.get_running_loop().sock_recv(media, 2048), 2
    )
    assert status == 200 and "server_port=" in headers["transport"]
    assert packet[0] == 0x80 and packet[1] & 0x7F == 96
    media.close()


async def test_many_clients_of_a_stream_get_the_same(start, clock):
    simulator = await start(PLAIN)
    clients = [Client(simulator.url("cam1")) for _ in range(3)]

    for client in clients:
        await client.play()
    await pass_time(clock, 2)
    got = [await client.read(20) for client in clients]

    assert got[0][:20] == got[1][:20] == got[2][:20]


async def test_who_comes_when_another_left_gets_each_frame_once(start, clock):
    simulator = await start(PLAIN)
    first, second = Client(simulator.url("cam1")), Client(simulator.url("cam1"))
    await first.play()
    await pass_time(clock, 1.51)

    await first.request("TEARDOWN")
    await second.play()
    await pass_time(clock, 3)

    stamps = [sent.timestamp for sent in simulator.sessions()[0].sent]
    assert {b - a & 0xFFFFFFFF for a, b in pairwise(stamps)} == {9000}


async def test_a_client_that_does_not_read_harms_only_itself(start, clock):
    simulator = await start(PLAIN, queue_bytes=20_000)
    lazy, eager = Client(simulator.url("cam1")), Client(simulator.url("cam1"))
    await lazy.play()
    await eager.play()
    lazy_session, eager_session = simulator.sessions()
    # A tiny window stands for a client whose kernel buffers are full.
    lazy.writer.transport.pause_reading()
    lazy_session.connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    reading = asyncio.create_task(eager.read_until_closed())

    for _ in range(600):
        if lazy_session.frames_dropped:
            break
        await pass_time(clock, 1)

    reading.cancel()
    assert lazy_session.frames_dropped > 0
    assert eager_session.frames_dropped == 0
    assert eager_session.frames_sent > lazy_session.frames_sent


async def test_a_session_nobody_keeps_alive_ends(start, clock):
    simulator = await start(PLAIN)
    kept, forgotten = Client(simulator.url("cam1")), Client(simulator.url("cam1"))
    await kept.play()
    await forgotten.play()

    for _ in range(7):
        await pass_time(clock, 10)
        await kept.request("GET_PARAMETER")

    (session,) = simulator.sessions()
    assert session.id == kept.session
    await asyncio.wait_for(forgotten.read_until_closed(), 2)


async def test_teardown_ends_the_session_and_unknown_things_are_refused(start):
    simulator = await start(PLAIN)
    client = Client(simulator.url("cam1"))
    await client.play()

    ended, _, _ = await client.request("TEARDOWN")
    again, _, _ = await client.request("PLAY")
    nowhere, _, _ = await client.request("DESCRIBE", client.url.replace("cam1", "no"))
    feature, _, _ = await client.request("DESCRIBE", Require="onvif-replay")
    unknown, _, _ = await client.request("RECORD")

    assert (ended, again, nowhere, feature, unknown) == (200, 454, 404, 551, 501)
    assert simulator.sessions() == []
