"""One stream's life: connect, record, lose, wait, again - for as long as it is wanted.

This is the one place that tries a camera again.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from nvr.base.clock import Clock
from nvr.base.errors import CameraError
from nvr.base.model import SECOND_US, Camera, GapCause, Moment, Role, StreamAddress
from nvr.base.redact import redact
from nvr.base.settings import RecorderSettings
from nvr.ingest.address import AddressPolicy
from nvr.ingest.connect import connect
from nvr.ingest.session import RtspSession
from nvr.ingest.sweep import Sweep
from nvr.record.admission import Admission
from nvr.record.backoff import Backoff, after_attempt, delay_us
from nvr.record.fanout import Fanout
from nvr.record.recording import Recording

log = logging.getLogger(__name__)


CLOSELY_SECONDS = 4.0
"""Two usual GOPs: recording begins with the first key frame."""


@dataclass(slots=True)
class StreamLoop:
    """Everything of one camera's stream. `run` until cancelled."""

    camera: Camera
    role: Role
    address: StreamAddress
    recording: Recording
    fanout: Fanout
    sweep: Sweep
    admission: Admission
    policy: AddressPolicy
    settings: RecorderSettings
    clock: Clock
    chance: Callable[[], float] = random.random

    session: RtspSession | None = None
    state: str = "connecting"
    since: Moment = field(init=False)
    reconnects: int = 0

    def __post_init__(self) -> None:
        self.fanout.on_watched = self._set_watched
        self.since = self.clock.now()

    async def run(self) -> None:
        """Record until cancelled; what the camera does wrong never ends this."""
        backoff = Backoff()
        while True:
            started = self.clock.now()
            cause, detail = await self._attempt()
            self.recording.lost(cause, detail)
            recorded_us = self.clock.now().mono_us - started.mono_us
            backoff = after_attempt(backoff, cause, recorded_us)
            self._enter("waiting")
            await self.clock.sleep(delay_us(backoff, self.chance()) / SECOND_US)
            self.reconnects += 1

    async def _attempt(self) -> tuple[GapCause, str]:
        """One connection, from the first packet to its end; says how it ended."""
        name = f"{self.camera.name}/{self.role}"
        try:
            async with self.admission:
                self._enter("connecting")
                self.session = await connect(
                    self.address,
                    clock=self.clock,
                    policy=self.policy,
                    silence_seconds=self.settings.silence_seconds,
                )
            log.info("%s: connected to %s", name, redact(self.address.url))
            self._enter("recording")
            # Runs as soon as the sweep follows the session, which the next line begins.
            asyncio.get_running_loop().call_soon(self._read_closely, self.session)
            await self.sweep.follow(self.session, self.recording.take)
        except CameraError as error:
            log.info("%s: %s", name, error)
            return error.cause, str(error)
        except Exception:
            log.exception("%s: an attempt failed in an unexpected way", name)
            return GapCause.BAD_STREAM, "an unexpected error; see the log"
        finally:
            session, self.session = self.session, None
            if session is not None:
                with contextlib.suppress(CameraError, OSError):
                    await session.close()

    def _read_closely(self, session: RtspSession) -> None:
        """Read the first seconds as they come: the stream's time is anchored to when
        its first pictures arrive, which a visit now and then would blur."""
        self.sweep.set_watched(session, is_watched=True)
        loop = asyncio.get_running_loop()
        loop.call_later(CLOSELY_SECONDS, self._read_as_wanted, session)

    def _read_as_wanted(self, session: RtspSession) -> None:
        self.sweep.set_watched(session, self.fanout.is_watched)

    def _enter(self, state: str) -> None:
        self.state, self.since = state, self.clock.now()

    def _set_watched(self, is_watched: bool) -> None:
        if self.session is not None:
            self.sweep.set_watched(self.session, is_watched)
