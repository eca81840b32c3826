"""Figures for Prometheus, made of what was found. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nvr.web.exposition import Family

from nvr.base.model import SECOND_US, CameraId, Role
from nvr.play.status import CameraStatus, Status

STATES = ("recording", "connecting", "waiting", "off")


@dataclass(frozen=True, slots=True)
class VolumeFigures:
    """A configured volume. `free_bytes` is None when it does not answer."""

    path: str
    reserve_bytes: int
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """All that figures are made of."""

    now_us: int
    status: Status
    recorders_silent: int
    gaps_us: Mapping[tuple[CameraId, Role, str], int]
    volumes: Sequence[VolumeFigures]
    requests: Mapping[tuple[str, str, int], int]


def families(found: Found) -> Iterator[Family]:
    """Every figure that we tell, in the order in which they are told."""
    yield from _cameras(found.status.cameras, found.now_us)
    gaps = Family(
        "nvr_camera_gap_seconds",
        "gauge",
        "Seconds of the last 24 hours that are not recorded, by cause.",
    )
    for (camera_id, role, cause), us in sorted(found.gaps_us.items()):
        gaps.add(us / SECOND_US, camera=camera_id, role=role.value, cause=cause)
    yield gaps
    yield from _volumes(found.volumes)
    yield from _recorders(found)
    requests = Family(
        "nvr_web_requests_total", "counter", "Requests answered by this process."
    )
    for (method, route, status), count in sorted(found.requests.items()):
        requests.add(count, method=method, route=route, status=str(status))
    yield requests


def _cameras(cameras: Sequence[CameraStatus], now_us: int) -> Iterator[Family]:
    def family(name: str, kind: str, text: str) -> Family:
        return Family(f"nvr_camera_{name}", kind, text)

    state = family("state", "gauge", "1 for the state that the stream is in, else 0.")
    bits = family("bits_per_second", "gauge", "What the camera sends.")
    pictures = family("pictures_per_second", "gauge", "What the camera sends.")
    age = family(
        "last_picture_age_seconds", "gauge", "How long ago the last picture came."
    )
    lost = family(
        "lost_packets_total", "counter", "Packets lost since the connection began."
    )
    again = family("reconnects_total", "counter", "Connections made again.")
    queue = family("queue_bytes", "gauge", "Waiting to be written.")
    clock = family(
        "clock_offset_seconds", "gauge", "The camera's clock against the server's."
    )
    for it in cameras:
        whose = {"camera": it.id, "role": it.role.value}
        for name in STATES:
            state.add(int(it.state == name), **whose, state=name)
        bits.add(it.bits_per_second, **whose)
        pictures.add(it.frames_per_second, **whose)
        age.add(_seconds(it.last_unit_us, now_us), **whose)
        lost.add(it.lost_packets, **whose)
        again.add(it.reconnects, **whose)
        queue.add(it.queue_bytes, **whose)
        clock.add(_seconds(0, it.clock_offset_us), **whose)
    yield from (state, bits, pictures, age, lost, again, queue, clock)


def _volumes(volumes: Sequence[VolumeFigures]) -> Iterator[Family]:
    attached = Family("nvr_volume_attached", "gauge", "1 if the volume answers.")
    free = Family("nvr_volume_free_bytes", "gauge", "Room on the disk.")
    total = Family("nvr_volume_size_bytes", "gauge", "Size of the disk.")
    reserve = Family(
        "nvr_volume_reserve_bytes", "gauge", "Configured to be kept free at least."
    )
    for it in volumes:
        attached.add(int(it.free_bytes is not None), volume=it.path)
        free.add(it.free_bytes, volume=it.path)
        total.add(it.total_bytes, volume=it.path)
        reserve.add(it.reserve_bytes, volume=it.path)
    yield from (attached, free, total, reserve)


def _recorders(found: Found) -> Iterator[Family]:
    silent = Family(
        "nvr_recorders_silent", "gauge", "Recorders that did not answer in time."
    )
    silent.add(found.recorders_silent)
    cpu = Family(
        "nvr_recorder_cpu_seconds_total", "counter", "CPU time of the recorder."
    )
    memory = Family("nvr_recorder_resident_bytes", "gauge", "Memory of the recorder.")
    for it in found.status.recorders:
        cpu.add(it.cpu_seconds, pid=str(it.pid))
        memory.add(it.rss_bytes, pid=str(it.pid))
    yield from (silent, cpu, memory)


def _seconds(from_us: int | None, to_us: int | None) -> float | None:
    if from_us is None or to_us is None:
        return None
    return (to_us - from_us) / SECOND_US
