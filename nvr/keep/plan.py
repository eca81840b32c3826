"""A dry run: what the next run will mark for deletion, and why, changing nothing."""

from contextlib import closing
from dataclasses import dataclass, field

from nvr.base.clock import Clock
from nvr.base.errors import VolumeError
from nvr.base.model import CameraId
from nvr.base.settings import Settings
from nvr.hook_calls import Plugins
from nvr.keep import survey
from nvr.keep.clock_trust import ClockTrust
from nvr.keep.dooming import rule_ending
from nvr.keep.mass_change import MassChange
from nvr.keep.retention import Decision, decide
from nvr.keep.survey import FootageCount, VolumeSpace
from nvr.keep.unexplained import has_lost_rows
from nvr.store.catalogue import Catalogue
from nvr.store.volume import Volume


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen, and sentences about what keeps more from happening.

    A sentence with `is_pressing` loses its file after a minute, any other after the
    configured grace, or after a day if this `is_mass_change`.
    """

    decision: Decision
    brakes: tuple[str, ...]
    made_us: int = 0
    grace_minutes: int = 0
    is_mass_change: bool = False
    cameras: dict[CameraId, str] = field(default_factory=dict)  # names
    doomed_bytes: int = 0  # marked by earlier runs; their files go when it is time
    returning_bytes: int = 0  # of these, marked under other settings of the rules


def plan(
    settings: Settings, catalogue: Catalogue, plugins: Plugins, clock: Clock
) -> Plan:
    """Decide as the keeper would now. Blocks for disks and database.

    Steps of the clock that a running keeper has seen are not known here, nor what it
    marked within the last hour, which is added up to tell a mass change.
    """
    now = clock.now()
    counted = survey.count(catalogue, now.wall_us)
    spaces, brakes, is_sure = [], [], True
    for volume in settings.volumes:
        try:
            with closing(Volume.attach(volume.path)) as attached:
                name = str(volume.path)
                space = attached.space()
                spaces.append(
                    VolumeSpace(attached.id, name, space, volume.reserve_bytes)
                )
                if has_lost_rows(attached, counted.usages, now.wall_us):
                    is_sure = False
                    brakes.append(f"{name} holds footage that the catalogue lacks")
        except (VolumeError, OSError) as error:
            brakes.append(f"{volume.path} cannot be kept clear: {error}")
    doubt = ClockTrust(now).doubt(now, counted.newest_us)
    if doubt:
        brakes.append(doubt)
    decision = Decision()
    if is_sure and spaces:
        view = survey.view(catalogue, counted, survey.room(counted, spaces))
        decision = decide(view, plugins, now.wall_us, is_clock_trusted=not doubt)
    return Plan(
        decision,
        tuple(brakes),
        made_us=now.wall_us,
        grace_minutes=settings.keep.grace_minutes,
        is_mass_change=_is_mass_change(decision, counted, now.mono_us),
        cameras=counted.cameras,
        doomed_bytes=sum(usage.doomed_bytes for usage in counted.usages),
        returning_bytes=catalogue.bytes_of_others(
            rule_ending(plugins.retention_mark())
        ),
    )


def _is_mass_change(decision: Decision, counted: FootageCount, mono_us: int) -> bool:
    size_bytes = decision.unhurried_bytes
    return size_bytes > 0 and MassChange().is_one(
        mono_us,
        run_bytes=size_bytes,
        total_bytes=counted.total_bytes,
        bytes_per_second=counted.bytes_per_second,
        is_cut_off=decision.is_cut_off,
    )
