"""The recorder's process: put together, run, taken apart in order."""

import argparse
import asyncio
import gc
import logging
from functools import partial
from pathlib import Path

from nvr.base.clock import SystemClock
from nvr.base.errors import VolumeError
from nvr.base.model import SegmentId, VolumeId
from nvr.base.settings import Settings
from nvr.record.recorder import Recorder, Share
from nvr.record.recording import Identity
from nvr.record.resume import resume
from nvr.record.segment_ids import SegmentIds
from nvr.record.status import StatusBoard
from nvr.record.tap import Tap
from nvr.record.volume_pool import VolumePool
from nvr.serve.common import open_catalogue
from nvr.store.catalogue import Catalogue
from nvr.store.catalogue_writer import CatalogueWriter
from nvr.store.changes import SegmentClosed, SegmentFailed, SegmentGrown
from nvr.store.volume import Volume
from nvr.store.volume_writer import (
    SegmentBegan,
    SegmentDurable,
    SegmentEnded,
    VolumeWriter,
    WriterFailed,
    WriterReport,
)

log = logging.getLogger(__name__)

GARBAGE_THRESHOLD = 20_000


async def run(settings: Settings, arguments: argparse.Namespace) -> None:
    """Record until cancelled, then close every file."""
    clock = SystemClock()
    catalogue = open_catalogue(settings, clock)
    changes = CatalogueWriter(catalogue.apply, clock=clock)
    desk = ReportDesk(changes, asyncio.get_running_loop())
    writers = [_writer(settings, v.path, clock, desk) for v in settings.volumes]
    pool = VolumePool(writers, clock=clock)
    await pool.look()
    ids = SegmentIds(catalogue.reserve_segment_ids, clock=clock)
    await ids.stock()
    node = settings.server.name
    epoch = catalogue.begin_epoch(clock.now(), _boot_id(), node)
    recorder = Recorder(
        settings=settings,
        clock=clock,
        catalogue=catalogue,
        changes=changes,
        pool=pool,
        ids=ids,
        identity=Identity(node, epoch),
        share=Share(arguments.index, arguments.count),
    )
    desk.serve(recorder, pool)
    changes.start()
    for writer in writers:
        writer.start()
    # What is here now stays, and what comes is hardly ever cyclic: pictures in
    # tuples, thousands a second, that the collector would look at in vain.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)
    try:
        await _run(recorder, clock, catalogue, arguments.index)
    finally:
        await recorder.stop()
        await asyncio.to_thread(_stop, writers, changes, settings.server.stop_seconds)


async def _run(
    recorder: Recorder, clock: SystemClock, catalogue: Catalogue, index: int
) -> None:
    settings = recorder.settings
    board = StatusBoard(recorder, clock)
    path = settings.run_dir / f"recorder-{index}.sock"
    async with Tap(recorder, board, path), asyncio.TaskGroup() as tasks:
        tasks.create_task(recorder.run(), name="recorder")
        tasks.create_task(board.watch(), name="status")
        tasks.create_task(_resume(recorder, catalogue), name="recovery")


async def _resume(recorder: Recorder, catalogue: Catalogue) -> None:
    """Close what an earlier process left open, while recording goes on."""
    volumes = {volume.id: volume for volume in recorder.pool.volumes}
    await asyncio.to_thread(
        resume,
        catalogue,
        volumes,
        recorder.identity,
        recorder.share.has,
        recorder.clock.now().wall_us,
    )


def _boot_id() -> str:
    """Tells one start of the machine from another."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _writer(
    settings: Settings, path: Path, clock: SystemClock, desk: "ReportDesk"
) -> VolumeWriter:
    volume = Volume.attach(path)
    return VolumeWriter(
        volume=volume,
        clock=clock,
        sync_seconds=settings.recorder.sync_seconds,
        queue_bytes=settings.recorder.queue_bytes,
        report=partial(desk.take, volume.id),
    )


def _stop(
    writers: list[VolumeWriter], changes: CatalogueWriter, seconds: float
) -> None:
    """Close the files, then tell the catalogue; each within its share of the time."""
    for writer in writers:
        if not writer.stop(seconds * 0.6):
            log.error("volume %s did not close in time", writer.volume.path)
    if not changes.stop(seconds * 0.3):
        log.error("the catalogue did not take the last changes in time")


class ReportDesk:
    """Passes what volume writers report on, from their threads: facts to the
    catalogue, failures to the recordings."""

    def __init__(
        self, changes: CatalogueWriter, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._changes = changes
        self._loop = loop
        self._recorder: Recorder | None = None
        self._pool: VolumePool | None = None

    def serve(self, recorder: Recorder, pool: VolumePool) -> None:
        self._recorder, self._pool = recorder, pool

    def take(self, volume_id: VolumeId, report: WriterReport) -> None:
        """Called on a writer's thread."""
        match report:
            case SegmentBegan():
                pass  # the recording told the catalogue when it decided so
            case SegmentDurable(segment_id, end_us, size_bytes):
                self._changes.submit(SegmentGrown(segment_id, end_us, size_bytes))
            case SegmentEnded():
                self._changes.submit(
                    SegmentClosed(
                        report.segment_id,
                        report.end_us,
                        report.size_bytes,
                        report.digest,
                    )
                )
            case WriterFailed(segment_ids, error):
                for segment_id in segment_ids:
                    self._changes.submit(SegmentFailed(segment_id))
                self._loop.call_soon_threadsafe(
                    self._failed, volume_id, frozenset(segment_ids), error
                )

    def _failed(
        self, volume_id: VolumeId, segment_ids: frozenset[SegmentId], error: VolumeError
    ) -> None:
        if self._pool is not None:
            self._pool.failed(volume_id, error)
        if self._recorder is not None:
            self._recorder.writer_failed(segment_ids, error)
