"""For monitoring: figures in Prometheus' form, and whether all of it is ready."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from aiohttp import hdrs, web
from nvr.web.describe import TEXT, Answer, Description, rows, shape
from nvr.web.exposition import MEDIA_TYPE, exposition
from nvr.web.metrics import Found, VolumeFigures, families
from nvr.web.policy import Policy, Routes
from nvr.web.request_counts import RequestCounts

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError
from nvr.base.model import SECOND_US, CameraId, Role
from nvr.base.settings import Settings, VolumeSettings
from nvr.play.live import sockets
from nvr.play.status import whole
from nvr.store.catalogue import Catalogue
from nvr.store.volume import Volume

GAPS_US = 24 * 3600 * SECOND_US
GAPS_KEPT_US = 60 * SECOND_US
"""Gaps are counted no more often: it walks the table of them."""
READY_KEPT_US = SECOND_US
LOOK_SECONDS = 5.0


class MetricsApi:
    """`/metrics` and `/readyz`."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalogue: Catalogue,
        clock: Clock,
        counts: RequestCounts,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._clock = clock
        self._counts = counts
        self._gaps: Mapping[tuple[CameraId, Role, str], int] = {}
        self._gaps_us: int | None = None
        self._reasons: list[str] = []
        self._looked_us: int | None = None
        self._looks: dict[Path, asyncio.Task[VolumeFigures]] = {}
        self._reads: asyncio.Task[int] | None = None

    def add_to(self, routes: Routes) -> None:
        routes.add(
            "GET",
            "/metrics",
            self.metrics,
            policy=Policy.ADMIN,
            description=_METRICS,
        )
        routes.add("GET", "/readyz", self.ready, policy=Policy.OPEN, description=_READY)

    async def metrics(self, request: web.Request) -> web.Response:
        known = len(sockets(self._settings.run_dir))
        status, volumes = await asyncio.gather(
            whole(self._settings.run_dir), self._volumes()
        )
        found = Found(
            now_us=self._clock.now().wall_us,
            status=status,
            recorders_silent=max(0, known - len(status.recorders)),
            gaps_us=await self._gaps_of_a_day(),
            volumes=volumes,
            requests=self._counts.answers,
        )
        text = exposition(families(found))
        return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: MEDIA_TYPE})

    async def ready(self, request: web.Request) -> web.Response:
        now_us = self._clock.now().mono_us
        if self._looked_us is None or now_us - self._looked_us >= READY_KEPT_US:
            self._looked_us = now_us
            self._reasons = await self._look()
        body = {"status": "not ready" if self._reasons else "ready"}
        return web.json_response(
            {**body, "reasons": self._reasons}, status=503 if self._reasons else 200
        )

    async def _look(self) -> list[str]:
        """What is not as it should be, in words that tell a stranger no more."""
        run_dir = self._settings.run_dir
        known = len(sockets(run_dir))
        reads, status, volumes = await asyncio.gather(
            self._can_read(), whole(run_dir), self._volumes()
        )
        reasons = [] if reads else ["the catalogue does not answer"]
        silent = known - len(status.recorders)
        if not known:
            reasons.append("no recorder is running")
        elif silent > 0:
            reasons.append(f"{silent} of {known} recorders do not answer")
        away = sum(it.free_bytes is None for it in volumes)
        if away:
            reasons.append(f"{away} of {len(volumes)} volumes do not answer")
        return reasons

    async def _can_read(self) -> bool:
        # A question that hangs is waited for again, not asked again.
        reads = self._reads
        if reads is None or reads.done():
            reads = asyncio.create_task(asyncio.to_thread(self._catalogue.revision))
            self._reads = reads
        await asyncio.wait([reads], timeout=LOOK_SECONDS)
        return reads.done() and reads.exception() is None

    async def _gaps_of_a_day(self) -> Mapping[tuple[CameraId, Role, str], int]:
        now = self._clock.now()
        if self._gaps_us is None or now.mono_us - self._gaps_us >= GAPS_KEPT_US:
            self._gaps = await asyncio.to_thread(
                self._catalogue.gaps_by_cause, now.wall_us - GAPS_US, now.wall_us
            )
            self._gaps_us = now.mono_us
        return self._gaps

    async def _volumes(self) -> list[VolumeFigures]:
        """Each configured volume; one that hangs has one thread and no figures."""
        looks = [(it, self._look_at(it)) for it in self._settings.volumes]
        if looks:
            await asyncio.wait([look for _, look in looks], timeout=LOOK_SECONDS)
        return [
            look.result()
            if look.done()
            else VolumeFigures(str(it.path), it.reserve_bytes, None, None)
            for it, look in looks
        ]

    def _look_at(self, it: VolumeSettings) -> asyncio.Task[VolumeFigures]:
        look = self._looks.get(it.path)
        if look is None or look.done():
            question = asyncio.to_thread(_figures, it.path, it.reserve_bytes)
            look = self._looks[it.path] = asyncio.create_task(question)
        return look


def _figures(path: Path, reserve_bytes: int) -> VolumeFigures:
    """Blocks. The volume itself is looked for, not only a folder of its name."""
    try:
        volume = Volume.attach(path)
    except VolumeError:
        return VolumeFigures(str(path), reserve_bytes, None, None)
    try:
        space = volume.space()
    except VolumeError:
        return VolumeFigures(str(path), reserve_bytes, None, None)
    finally:
        volume.close()
    return VolumeFigures(str(path), reserve_bytes, space.free_bytes, space.total_bytes)


_METRICS = Description(
    "Figures for Prometheus",
    "In its text form, version 0.0.4. Cameras are told by their id.",
    answers=(Answer(200, "The figures.", TEXT, "text/plain"),),
    failures=(503,),
    tag="status",
)
_REASONS = shape(status=TEXT, reasons=rows(TEXT))
_READY = Description(
    "Is everything there that recording needs?",
    "The catalogue answers, every recorder answers, every configured volume is there. "
    "Tells how many are not, and nothing else.",
    answers=(
        Answer(200, "All is there.", _REASONS),
        Answer(503, "Not all is there; `reasons` are sentences.", _REASONS),
    ),
    tag="status",
)
