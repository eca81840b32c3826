"""All cameras of one recorder process: started, changed and stopped as wanted.

The catalogue says which cameras there are; each process takes its share of them. It
records first and asks questions later: nothing here waits for the catalogue once the
list of cameras is known.
"""

import asyncio
import logging
import zlib
from dataclasses import dataclass, field

from nvr.base.clock import Clock
from nvr.base.errors import CatalogueError, VolumeError
from nvr.base.model import Camera, CameraId, GapCause, Role, SegmentId, StreamAddress
from nvr.base.settings import Settings
from nvr.ingest.address import AddressPolicy
from nvr.ingest.sweep import Sweep
from nvr.record.admission import Admission
from nvr.record.continuity import Continuity
from nvr.record.fanout import Fanout
from nvr.record.recording import Identity, Recording
from nvr.record.segment_ids import SegmentIds
from nvr.record.stream_loop import StreamLoop
from nvr.record.volume_pool import VolumePool
from nvr.store.catalogue import Catalogue
from nvr.store.catalogue_writer import CatalogueWriter

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How soon a camera that was added or changed is taken up."""

StreamKey = tuple[CameraId, Role]


@dataclass(frozen=True, slots=True)
class Share:
    """Which cameras are ours: those whose hash falls on `index` of `count`."""

    index: int = 0
    count: int = 1

    def has(self, camera_id: CameraId) -> bool:
        return zlib.crc32(camera_id.encode()) % self.count == self.index


@dataclass(slots=True)
class _Stream:
    """A stream that is being looked after."""

    camera: Camera
    address: StreamAddress
    loop: StreamLoop
    task: asyncio.Task[None]


@dataclass(slots=True)
class Recorder:
    """See the module. `run` until cancelled, then `stop`."""

    settings: Settings
    clock: Clock
    catalogue: Catalogue
    changes: CatalogueWriter
    pool: VolumePool
    ids: SegmentIds
    identity: Identity
    share: Share

    sweep: Sweep = field(init=False)
    streams: dict[StreamKey, _Stream] = field(default_factory=dict)
    _revision: int | None = None
    _admission: Admission = field(init=False)
    _policy: AddressPolicy = field(init=False)

    def __post_init__(self) -> None:
        recorder = self.settings.recorder
        self.sweep = Sweep(
            clock=self.clock,
            interval_us=recorder.sweep_ms * 1000,
            after_pass=self.pool.hand_over,
        )
        self._admission = Admission(
            per_second=recorder.connects_per_second, clock=self.clock
        )
        self._policy = AddressPolicy.of(self.settings.cameras)

    async def run(self) -> None:
        """Record what the catalogue lists, following its changes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sweep.run(), name="sweep")
            tasks.create_task(self.pool.watch(), name="volumes")
            tasks.create_task(self.ids.keep_stocked(), name="segment ids")
            tasks.create_task(self._follow_catalogue(), name="cameras")

    async def stop(self) -> None:
        """End every stream; its gap says that the recorder was stopped."""
        for key in list(self.streams):
            await self._drop(key, GapCause.STOPPED, "the recorder was stopped")

    def stream(self, camera_id: CameraId, role: Role) -> StreamLoop | None:
        """The stream, if this process looks after it."""
        found = self.streams.get((camera_id, role))
        return found.loop if found else None

    def writer_failed(self, ids: frozenset[SegmentId], error: VolumeError) -> None:
        """Tell the recordings concerned; called on the event loop."""
        for stream in self.streams.values():
            stream.loop.recording.writer_failed(ids, error)

    # -- following the catalogue -------------------------------------------------

    async def _follow_catalogue(self) -> None:
        while True:
            try:
                await self._reconcile()
            except CatalogueError as error:
                log.warning("the list of cameras cannot be read: %s", error)
            await self.clock.sleep(LOOK_SECONDS)

    async def _reconcile(self) -> None:
        revision = await asyncio.to_thread(self.catalogue.revision)
        if revision == self._revision:
            return
        wanted = await asyncio.to_thread(self._wanted)
        for key, stream in list(self.streams.items()):
            entry = wanted.get(key)
            if entry is None:
                await self._drop(key, GapCause.DISABLED, "switched off")
            elif entry[1] != stream.address:
                await self._drop(key, GapCause.STARTING, "its address was changed")
            else:
                stream.loop.camera = stream.camera = entry[0]
        for key, (camera, address, last_end_us) in wanted.items():
            if key not in self.streams:
                self._start(key, camera, address, last_end_us)
        self._revision = revision

    def _wanted(self) -> dict[StreamKey, tuple[Camera, StreamAddress, int]]:
        """Our streams as the catalogue has them. Blocks."""
        wanted: dict[StreamKey, tuple[Camera, StreamAddress, int]] = {}
        for camera in self.catalogue.cameras():
            if not (camera.is_enabled and self.share.has(camera.id)):
                continue
            roles = [Role.MAIN, Role.SUB] if camera.sub_url else [Role.MAIN]
            for role in roles:
                address = self.catalogue.stream_address(camera.id, role)
                extent = self.catalogue.extent(camera.id, role)
                wanted[camera.id, role] = (camera, address, extent[1] if extent else 0)
        return wanted

    def _start(
        self, key: StreamKey, camera: Camera, address: StreamAddress, last_end_us: int
    ) -> None:
        fanout = Fanout()
        continuity = Continuity(
            camera_id=camera.id,
            role=key[1],
            clock=self.clock,
            submit=self.changes.submit,
            end_us=min(last_end_us, self.clock.now().wall_us),
        )
        recording = Recording(
            camera_id=camera.id,
            role=key[1],
            identity=self.identity,
            settings=self.settings.recorder,
            clock=self.clock,
            writers=self.pool,
            audience=fanout,
            next_id=self.ids.next,
            continuity=continuity,
        )
        loop = StreamLoop(
            camera=camera,
            role=key[1],
            address=address,
            recording=recording,
            fanout=fanout,
            sweep=self.sweep,
            admission=self._admission,
            policy=self._policy,
            settings=self.settings.recorder,
            clock=self.clock,
        )
        name = f"{camera.name}/{key[1]}"
        task = asyncio.create_task(loop.run(), name=name)
        self.streams[key] = _Stream(camera, address, loop, task)

    async def _drop(self, key: StreamKey, cause: GapCause, detail: str) -> None:
        stream = self.streams.pop(key)
        stream.task.cancel()
        await asyncio.wait([stream.task])
        stream.loop.recording.lost(cause, detail)
        self.pool.forget(key[0])
