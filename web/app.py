"""The application, put together from its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol

from aiohttp import web
from argon2 import PasswordHasher
from nvr.web.admission import Admission
from nvr.web.api_cameras import CameraApi
from nvr.web.api_clip import ClipApi
from nvr.web.api_coverage import CoverageApi
from nvr.web.api_footage import FootageApi
from nvr.web.api_hls import HlsApi
from nvr.web.api_live import LiveApi
from nvr.web.api_metrics import MetricsApi
from nvr.web.api_probe import ProbeApi
from nvr.web.api_retention import RetentionApi
from nvr.web.api_session import SessionApi
from nvr.web.api_status import StatusApi
from nvr.web.api_tokens import TokenApi
from nvr.web.api_users import UserApi
from nvr.web.api_welcome import WelcomeApi
from nvr.web.attached import AttachedVolumes
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import MOST_BYTES
from nvr.web.camera_address import CameraAddresses
from nvr.web.context import Context
from nvr.web.edge import Edge
from nvr.web.headers import add_headers
from nvr.web.openapi import OpenApi
from nvr.web.pages import add_pages
from nvr.web.passwords import Passwords
from nvr.web.plans import Plans
from nvr.web.policy import Handler, Routes, demand_policies
from nvr.web.request_counts import RequestCounts
from nvr.web.sessions import Sessions
from nvr.web.throttle import Throttle
from nvr.web.vigil import Vigil
from nvr.web.work import Work

from nvr.base.clock import Clock
from nvr.base.settings import Settings
from nvr.codec.still import StillDecoder
from nvr.hook_calls import Plugins
from nvr.ingest.address import AddressPolicy
from nvr.play.footage import SegmentFiles
from nvr.play.still import StillMaker
from nvr.store.catalogue import Catalogue

CLIP_THREADS = 3
MOST_CLIPS_WAITING = 60


def make_app(
    *,
    settings: Settings,
    catalogue: Catalogue,
    clock: Clock,
    plugins: Plugins,
    hasher: PasswordHasher | None = None,
) -> web.Application:
    """The whole HTTP face. It refuses to start with a route that has no policy.

    `hasher` is how passwords are hashed, by default as argon2-cffi recommends.
    """
    parts = _Parts(settings, catalogue, clock, hasher)
    plans = Plans(settings, catalogue, plugins, clock)
    routes = Routes()
    pages = add_pages(routes, Context(settings, catalogue, clock, plugins, plans))
    for api in (*parts.apis(pages.welcome_page), RetentionApi(plans=plans)):
        api.add_to(routes)
    edge = Edge(
        settings=settings,
        admission=parts.admission,
        trail=parts.trail,
        error_page=pages.error_page,
    )

    @web.middleware
    async def at_the_edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            answer = await edge.handle(request, handler)
        except web.HTTPException as redirect:
            parts.counts.note(request, redirect.status)
            raise
        parts.counts.note(request, answer.status)
        return answer

    app = web.Application(middlewares=[at_the_edge], client_max_size=MOST_BYTES)
    routes.install(app)
    app.on_response_prepare.append(add_headers)
    app.on_startup.append(_refuse_undeclared)
    app.on_shutdown.append(parts.send_viewers_away)
    app.cleanup_ctx.append(parts.running)
    return app


async def _refuse_undeclared(app: web.Application) -> None:
    demand_policies(app)


class Api(Protocol):
    """A part of the API: it declares its own routes."""

    def add_to(self, routes: Routes) -> None: ...


class _Parts:
    """What handlers share. Made without work; `running` starts and ends it."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        clock: Clock,
        hasher: PasswordHasher | None,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._clock = clock
        self.counts = RequestCounts()
        self.admission = Admission(catalogue)
        self.trail = AuditTrail(catalogue=catalogue, clock=clock)
        self._vigil = Vigil(admission=self.admission, clock=clock)
        self._volumes = AttachedVolumes(catalogue=catalogue, clock=clock)
        self._files = SegmentFiles(self._volumes)
        self._clips = Work(
            "clip", threads=CLIP_THREADS, most_waiting=MOST_CLIPS_WAITING
        )
        self._decoder = StillDecoder()
        self._probe_decoder = StillDecoder()
        self._passwords = Passwords(hasher)
        self._live = LiveApi(
            run_dir=settings.run_dir,
            catalogue=catalogue,
            clock=clock,
            trail=self.trail,
            vigil=self._vigil,
        )
        self._policy = AddressPolicy.of(settings.cameras)

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """What runs beside requests, as aiohttp wants it."""
        async with AsyncExitStack() as stack:
            stack.callback(self._volumes.close)
            stack.callback(self._clips.close)
            await stack.enter_async_context(self.trail)
            await stack.enter_async_context(self._decoder)
            await stack.enter_async_context(self._probe_decoder)
            await stack.enter_async_context(self._vigil)
            yield

    async def send_viewers_away(self, app: web.Application) -> None:
        """Long answers do not end by themselves."""
        await self._live.close()

    def apis(self, welcome_page: Handler) -> list[Api]:
        """Every part of the API, in the order of its description."""
        catalogue, clock, trail = self._catalogue, self._clock, self.trail
        sessions = Sessions(settings=self._settings, catalogue=catalogue)
        addresses = CameraAddresses(policy=self._policy, catalogue=catalogue)
        stills = StillMaker(
            catalogue=catalogue,
            volumes=self._volumes,
            decoder=self._decoder,
            clock=clock,
            files=self._files,
        )
        run_dir = self._settings.run_dir
        return [
            StatusApi(run_dir=run_dir, catalogue=catalogue, clock=clock),
            MetricsApi(
                settings=self._settings,
                catalogue=catalogue,
                clock=clock,
                counts=self.counts,
            ),
            OpenApi(),
            WelcomeApi(
                catalogue=catalogue,
                admission=self.admission,
                sessions=sessions,
                passwords=self._passwords,
                trail=trail,
                page=welcome_page,
            ),
            SessionApi(
                catalogue=catalogue,
                sessions=sessions,
                passwords=self._passwords,
                throttle=Throttle(),
                clock=clock,
                trail=trail,
            ),
            CameraApi(catalogue=catalogue, addresses=addresses, trail=trail),
            ProbeApi(
                addresses=addresses,
                policy=self._policy,
                decoder=self._probe_decoder,
                clock=clock,
                trail=trail,
            ),
            ClipApi(
                catalogue=catalogue,
                files=self._files,
                work=self._clips,
                trail=trail,
                vigil=self._vigil,
            ),
            HlsApi(
                catalogue=catalogue,
                files=self._files,
                work=self._clips,
                trail=trail,
                vigil=self._vigil,
            ),
            FootageApi(catalogue=catalogue, stills=stills, trail=trail),
            CoverageApi(
                catalogue=catalogue,
                clock=clock,
                trail=trail,
                time_zone=self._settings.web.time_zone,
            ),
            self._live,
            UserApi(
                catalogue=catalogue,
                passwords=self._passwords,
                sessions=sessions,
                trail=trail,
            ),
            TokenApi(catalogue=catalogue, trail=trail),
        ]
