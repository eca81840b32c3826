"""What a session hands over, compared with what a simulated camera sent."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

from nvr.base.model import VIDEO, AccessUnit
from nvr.ingest.session import RtspSession
from nvr.simulate.simulator import Simulator
from tests.fakes import FakeClock

STEP_US = 20_000


async def watch(
    session: RtspSession, clock: FakeClock, *, pictures: int
) -> list[AccessUnit]:
    """Let time pass until so many pictures have come; returns all units."""
    units: list[AccessUnit] = []
    async with asyncio.timeout(20):
        while sum(unit.track == VIDEO for unit in units) < pictures:
            clock.advance_us(STEP_US)
            for _ in range(5):
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            units += [unit for batch in session.visit() for unit in batch.units]
    return units


def nals(payload: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4], "big")
        found.append(payload[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def assert_as_sent(
    units: Sequence[AccessUnit], simulator: Simulator, camera: str
) -> None:
    """Every NAL unit of the loop, in order, none missing."""
    sets = simulator.video_loop(camera).parameter_sets
    got = [nal for u in units if u.track == VIDEO for nal in nals(u.payload)]
    digests = [sha256(nal).digest() for nal in got if nal not in sets]
    loop = [nal.digest for nal in simulator.sent_nals(camera)]
    first = loop.index(digests[0])
    assert digests == [loop[(first + i) % len(loop)] for i in range(len(digests))]
