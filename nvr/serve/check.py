"""`nvr check`: are the files, their hashes, their rows and the time line one story?

Looks and never changes anything. It may run beside a server: what changes while it
looks is looked at again before it is called wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nvr.base import rfc3339
from nvr.base.errors import NotFound, VolumeError
from nvr.base.model import Camera, Role, Segment, SegmentState
from nvr.base.settings import Settings
from nvr.store.catalogue import Catalogue
from nvr.store.check import Fault, Finding, Level, check_file, check_volume
from nvr.store.volume import Volume

_BIG_BANG_US, _END_OF_TIME_US = 0, 1 << 60


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, one line each, and how much was looked at."""

    lines: list[str]
    summary: str

    @property
    def is_clean(self) -> bool:
        return not self.lines


def check_all(settings: Settings, catalogue: Catalogue, *, with_hashes: bool) -> Report:
    """Check every volume and every stream. Blocks, for as long as reading takes."""
    level = Level.HASHES if with_hashes else Level.BOXES
    lines: list[str] = []
    files = 0
    for volume_settings in settings.volumes:
        try:
            volume = Volume.attach(volume_settings.path)
        except VolumeError as error:
            lines.append(str(error))
            continue
        rows = list(catalogue.segments_on(volume.id))
        files += len(rows)
        for finding in check_volume(volume, rows, level):
            if _stands(finding, catalogue, level):
                lines.append(f"{finding.path}: {finding.fault}: {finding.detail}")
        volume.close()
    streams = 0
    for camera in catalogue.cameras():
        for role in Role:
            streams += 1
            lines += _faults_in_time(catalogue, camera, role)
    depth = "boxes and hashes" if with_hashes else "boxes"
    summary = (
        f"{files} files ({depth}) and the time of {streams} streams checked: "
        f"{len(lines) or 'nothing'} wrong"
    )
    return Report(lines, summary)


def _stands(finding: Finding, catalogue: Catalogue, level: Level) -> bool:
    """Whether it is still so, now that its row is read again."""
    if finding.segment_id is None:
        return True
    try:
        row = catalogue.segment(finding.segment_id)
    except NotFound:
        return finding.path.exists()
    if finding.fault is Fault.MISSING:
        return row.state in (SegmentState.CLOSED, SegmentState.DOOMED) and not (
            finding.path.exists()
        )
    if finding.fault is Fault.NO_ROW:
        return row.state is SegmentState.MISSING
    if finding.fault in (Fault.SIZE, Fault.OTHER_DIGEST, Fault.UNFINISHED):
        return _differs(row, finding)
    return any(f.fault is finding.fault for f in check_file(finding.path, level))


def _differs(row: Segment, finding: Finding) -> bool:
    try:
        size_bytes = finding.path.stat().st_size
    except FileNotFoundError:
        return False
    is_closed = row.state in (SegmentState.CLOSED, SegmentState.DOOMED)
    return (
        not is_closed
        or size_bytes != row.size_bytes
        or (finding.fault is Fault.OTHER_DIGEST)
    )


def _faults_in_time(catalogue: Catalogue, camera: Camera, role: Role) -> Iterator[str]:
    """Every instant since a stream is known must lie in one run or one gap."""
    span = (_BIG_BANG_US, _END_OF_TIME_US)
    runs = catalogue.runs(camera.id, role, *span)
    gaps = catalogue.gaps(camera.id, role, *span)
    pieces = [(run.start_us, run.end_us or _END_OF_TIME_US) for run in runs]
    pieces += [(gap.start_us, gap.end_us or _END_OF_TIME_US) for gap in gaps]
    for (_, before), (after, _) in pairwise(sorted(pieces)):
        if before != after:
            kind = "is not explained" if before < after else "is explained twice"
            at = rfc3339.text(min(before, after))
            seconds = abs(after - before) / 1e6
            yield f"{camera.name}/{role}: {seconds:.3f} s from {at} on {kind}"
