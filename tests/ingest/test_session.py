"""A playing session as time goes by and things go wrong."""

import asyncio

import pytest

from nvr.base.errors import BadStream, CameraError, CameraLost, CameraSilent
from nvr.base.model import Batch
from nvr.ingest.connect import connect
from nvr.ingest.session import RtspSession
from tests.fakes import FakeClock
from tests.ingest.rtsp_script import LOOPBACK, Asked, Script, key_frame, reply, serving

SECOND_US = 1_000_000


async def opened(script: Script, clock: FakeClock) -> RtspSession:
    return await connect(script.address(), clock=clock, policy=LOOPBACK)


async def batches_of(session: RtspSession, count: int) -> list[Batch]:
    """Visit until so many units have come."""
    batches: list[Batch] = []
    async with asyncio.timeout(5):
        while sum(len(batch.units) for batch in batches) < count:
            batches += session.visit()
            await asyncio.sleep(0.002)
    return batches


async def end_of(session: RtspSession) -> CameraError:
    with pytest.raises(CameraError) as raised:
        async with asyncio.timeout(5):
            while True:
                session.visit()
                await asyncio.sleep(0.002)
    return raised.value


async def test_units_before_the_end_are_returned_and_then_the_end_is_raised():
    async with serving(Script()) as script:
        session = await opened(script, FakeClock())
        await batches_of(session, 5)
        assert script.writer is not None
        script.writer.write(key_frame(5, 18000))
        script.writer.close()

        assert await batches_of(session, 1)
        error = await end_of(session)
        await session.close()

    assert isinstance(error, CameraLost)


async def test_a_batch_tells_when_it_was_read():
    clock = FakeClock()
    async with serving(Script()) as script:
        session = await opened(script, clock)
        clock.advance_us(3 * SECOND_US)
        [batch] = await batches_of(session, 5)
        await session.close()

    assert batch.arrived == clock.now()
    assert batch.format is session.format
    assert session.stats.last_unit_mono_us == clock.mono_us
    assert session.stats.units == 5


async def test_silence_ends_the_session_by_the_clock():
    clock = FakeClock()
    async with serving(Script()) as script:
        session = await opened(script, clock)
        await batches_of(session, 5)

        clock.advance_us(8 * SECOND_US)
        assert session.visit() == []
        clock.advance_us(1)
        with pytest.raises(CameraSilent, match="8 s"):
            session.visit()
        await session.close()


async def test_a_camera_that_accepts_but_sends_nothing_is_silent():
    clock = FakeClock()
    async with serving(Script(media=b"")) as script:
        session = await opened(script, clock)
        clock.advance_us(9 * SECOND_US)
        with pytest.raises(CameraSilent, match="sent nothing"):
            session.visit()
        await session.close()


async def test_garbage_without_end_is_a_bad_stream():
    async with serving(Script(media=b"\xff" * 600_000)) as script:
        session = await opened(script, FakeClock())
        error = await end_of(session)
        await session.close()

    assert isinstance(error, BadStream)


async def test_a_flood_of_tiny_packets_is_a_bad_stream(monkeypatch):
    # So few that they come in one read whatever the system's buffers are.
    monkeypatch.setattr("nvr.ingest.session.MOST_PACKETS", 1000)
    async with serving(Script()) as script:
        session = await opened(script, FakeClock())
        await batches_of(session, 5)
        assert script.writer is not None
        script.writer.write(b"$\0\0\0" * 8000)
        error = await end_of(session)
        await session.close()

    assert isinstance(error, BadStream)


async def test_the_session_is_kept_alive_in_half_its_time():
    clock = FakeClock()
    async with serving(Script()) as script:
        session = await opened(script, clock)
        clock.advance_us(29 * SECOND_US)
        keep_playing(script, 5)
        await batches_of(session, 1)
        assert "GET_PARAMETER" not in script.methods()

        clock.advance_us(1 * SECOND_US)
        session.visit()
        await script.until_asked("GET_PARAMETER", 1)
        await session.close()

    assert script.last("GET_PARAMETER").headers["session"] == "ab12"


def keep_playing(script: Script, sequence: int) -> None:
    assert script.writer is not None
    script.writer.write(key_frame(sequence, sequence * 3600))


async def test_without_get_parameter_the_session_is_kept_by_options():
    clock = FakeClock()
    options = "200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
    async with serving(Script(answers={"OPTIONS": options})) as script:
        session = await opened(script, clock)
        await batches_of(session, 5)
        clock.advance_us(30 * SECOND_US)
        keep_playing(script, 5)
        await batches_of(session, 1)
        await script.until_asked("OPTIONS", 2)
        await session.close()


@pytest.mark.parametrize("sequence", [None, "1", "99999", "x"])
async def test_a_refused_keep_alive_does_not_end_the_session(sequence):
    def refuse(script: Script, asked: Asked) -> bytes:
        return reply("551 Option not supported", asked, sequence)

    clock = FakeClock()
    async with serving(Script(answers={"GET_PARAMETER": refuse})) as script:
        session = await opened(script, clock)
        await batches_of(session, 5)
        for index in range(2):
            clock.advance_us(30 * SECOND_US)
            keep_playing(script, 5 + 2 * index)
            await batches_of(session, 1)
            await script.until_asked("GET_PARAMETER", 1)
            keep_playing(script, 6 + 2 * index)
            await batches_of(session, 1)
        await script.until_asked("OPTIONS", 2)
        await session.close()

    assert script.methods().count("GET_PARAMETER") == 1


async def test_an_old_nonce_at_keep_alive_is_answered_with_a_new_proof():
    def ask(script: Script, asked: Asked) -> str:
        if 'nonce="new"' in asked.headers.get("authorization", ""):
            return "200 OK"
        return '401 No\r\nWWW-Authenticate: Digest realm="r", nonce="new", stale=true'

    clock = FakeClock()
    async with serving(Script(answers={"GET_PARAMETER": ask})) as script:
        session = await opened(script, clock)
        await batches_of(session, 5)
        clock.advance_us(30 * SECOND_US)
        keep_playing(script, 5)
        async with asyncio.timeout(5):
            while script.methods().count("GET_PARAMETER") < 2:
                session.visit()
                await asyncio.sleep(0.002)
        await session.close()

    assert 'nonce="new"' in script.last("GET_PARAMETER").headers["authorization"]


async def test_closing_twice_and_after_a_loss_is_harmless():
    async with serving(Script()) as script:
        session = await opened(script, FakeClock())
        assert script.writer is not None
        script.writer.transport.abort()
        await end_of(session)

        await session.close()
        await session.close()
