"""Cameras behind TLS: the right one is believed, and no other."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.clock import SystemClock
from nvr.base.errors import CameraDistrusted, CameraUnreachable
from nvr.base.model import Batch, StreamAddress
from nvr.base.settings import build
from nvr.ingest.address import AddressPolicy, check_url
from nvr.ingest.connect import connect
from nvr.ingest.sweep import Sweep
from nvr.ingest.trust import Trust
from nvr.simulate.camera import Auth, VirtualCamera
from tests.certificates import Identity, make_identity
from tests.ingest.conftest import Start
from tests.ingest.pictures import assert_as_sent, watch
from tests.ingest.rtsp_script import LOOPBACK, Script, serving
from tests.simulate.conftest import SMALL

CAMERA = VirtualCamera("cam1", SMALL)


def believing(**trust: object) -> AddressPolicy:
    return replace(LOOPBACK, trust=Trust(**trust))


async def test_a_camera_of_a_private_authority_is_read_bit_for_bit(
    start: Start, clock, identity: Identity
):
    simulator = await start(CAMERA, tls=identity.context())
    address = StreamAddress(simulator.url("cam1"), "", "")
    policy = believing(ca_file=identity.ca_file)

    session = await connect(address, clock=clock, policy=policy)
    units = await watch(session, clock, pictures=45)
    await session.close()

    assert address.url.startswith("rtsps://")
    assert_as_sent(units, simulator, "cam1")
    assert session.stats.lost_packets == session.stats.skipped_bytes == 0


@pytest.mark.parametrize("form", ["plain", "colons", "with port"])
async def test_a_pinned_certificate_needs_no_authority(
    start: Start, clock, identity: Identity, form: str
):
    simulator = await start(CAMERA, tls=identity.context())
    pin = identity.fingerprint
    if form == "colons":
        pin = ":".join(pin[i : i + 2].upper() for i in range(0, 64, 2))
    host = f"127.0.0.1:{simulator.port}" if form == "with port" else "127.0.0.1"
    address = StreamAddress(simulator.url("cam1"), "", "")

    session = await connect(
        address, clock=clock, policy=believing(fingerprints={host: pin})
    )
    assert await watch(session, clock, pictures=2)
    await session.close()


async def refusal_of(start: Start, identity: Identity, policy: AddressPolicy) -> str:
    camera = replace(CAMERA, auth=Auth.DIGEST, username="admin", password="secret")
    simulator = await start(camera, tls=identity.context())
    address = StreamAddress(simulator.url("cam1"), "admin", "secret")
    with pytest.raises(CameraDistrusted) as raised:
        await connect(address, clock=SystemClock(), policy=policy)
    return str(raised.value)


async def test_an_unknown_authority_is_refused(start: Start, identity: Identity):
    told = await refusal_of(start, identity, LOOPBACK)

    assert "is not trusted" in told and "`ca_file`" in told
    assert "secret" not in told


async def test_a_certificate_for_another_address_is_refused(
    start: Start, tmp_path: Path
):
    elsewhere = make_identity(tmp_path, "192.0.2.1")

    told = await refusal_of(start, elsewhere, believing(ca_file=elsewhere.ca_file))

    assert "mismatch" in told and "127.0.0.1" in told


async def test_another_certificate_than_the_pinned_is_refused(
    start: Start, identity: Identity
):
    """Even one that a trusted authority signed."""
    pin = "ab" * 32
    policy = believing(ca_file=identity.ca_file, fingerprints={"127.0.0.1": pin})

    told = await refusal_of(start, identity, policy)

    assert identity.fingerprint in told and pin in told


async def test_a_ca_file_that_is_none_is_told(
    start: Start, identity: Identity, tmp_path: Path
):
    policy = believing(ca_file=tmp_path / "missing.pem")

    told = await refusal_of(start, identity, policy)

    assert "missing.pem" in told and "No such file" in told


async def test_a_camera_without_tls_at_this_port_is_told():
    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        await reader.read(100)
        writer.write(b"RTSP/1.0 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = StreamAddress(f"rtsps://127.0.0.1:{port}/", "", "")

    with pytest.raises(CameraUnreachable, match="does not speak TLS"):
        await connect(address, clock=SystemClock(), policy=LOOPBACK)

    server.close()


async def test_a_port_that_never_answers_tls_ends_in_time():
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = StreamAddress(f"rtsps://127.0.0.1:{port}/", "", "")

    with pytest.raises(CameraUnreachable, match=r"within 0\.2 s"):
        await connect(address, clock=SystemClock(), policy=LOOPBACK, timeout=0.2)

    server.close()


async def test_what_waits_inside_tls_is_read_in_one_visit(identity: Identity, clock):
    """Decrypted bytes make no socket readable: a visit must not leave them there."""
    script = Script()
    async with serving(script, tls=identity.context()):
        session = await connect(
            script.address(),
            clock=clock,
            policy=believing(ca_file=identity.ca_file),
        )
        sweep = Sweep(clock=clock, interval_us=200_000)
        got: list[int] = []
        have_all = asyncio.Event()

        def count(batches: list[Batch]) -> None:
            got.extend(len(batch.units) for batch in batches)
            if sum(got) == 205:
                have_all.set()

        following = asyncio.create_task(sweep.follow(session, count))
        await asyncio.sleep(0)
        sweep.set_watched(session, is_watched=True)
        script.send_pictures(200, first=5)
        await asyncio.wait_for(have_all.wait(), 5)

        following.cancel()
        await session.close()


def test_addresses_of_rtsps_have_a_port_of_their_own():
    url = check_url("RTSPS://camera.example/live")

    assert (url.host, url.port, url.is_secure) == ("camera.example", 322, True)
    assert not check_url("rtsp://camera.example/live").is_secure


def test_the_settings_say_whom_to_trust(tmp_path: Path):
    pin = "0F:" * 31 + "0F"
    table = {"cameras": {"ca_file": "own.pem", "fingerprints": {"Cam.Example": pin}}}

    policy = AddressPolicy.of(build(table, tmp_path).cameras)

    assert policy.trust.ca_file == tmp_path / "own.pem"
    assert policy.trust.pin("cam.example", 322) == "0f" * 32
    assert policy.trust.pin("other.example", 322) == ""
