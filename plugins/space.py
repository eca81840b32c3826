"""Retention by space: where a volume runs short of room, its oldest footage goes."""

from collections.abc import Iterator

from nvr.base.retention import FootageView, Opinion
from nvr.hookspecs import NoSettings, hookimpl


@hookimpl
def expired_segments(
    view: FootageView, settings: NoSettings, now_us: int
) -> Iterator[Opinion]:
    for volume in view.volumes:
        missing_bytes = volume.wanted_bytes - volume.doomed_bytes
        for segment in view.segments(volume_id=volume.id):
            if missing_bytes <= 0:
                break
            missing_bytes -= segment.size_bytes
            yield Opinion(segment, "the volume is short of room", is_pressing=True)
