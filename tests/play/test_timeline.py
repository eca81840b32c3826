"""Timelines: runs and gaps inside the interval, with causes, none left open."""

from nvr.base.model import GapCause, Role
from nvr.play.timeline import timeline
from tests.play.recording import START_US, Recording, numbered


def test_runs_and_gaps_are_cut_to_the_interval(recording: Recording) -> None:
    recording.run(numbered(seconds=4))
    recording.gap(START_US + 4_000_000, GapCause.LOST)
    recording.run(numbered(seconds=4), start_us=START_US + 10_000_000)
    recording.gap(START_US + 14_000_000, GapCause.DISABLED)

    seen = timeline(
        recording.catalogue,
        recording.camera.id,
        Role.MAIN,
        START_US + 1_000_000,
        START_US + 15_000_000,
    )

    assert [(r.start_us - START_US, r.end_us - START_US) for r in seen.runs] == [
        (1_000_000, 4_000_000),
        (10_000_000, 14_000_000),
    ]
    assert [(g.start_us - START_US, g.end_us - START_US) for g in seen.gaps] == [
        (4_000_000, 10_000_000),
        (14_000_000, 15_000_000),
    ]
    assert [g.cause for g in seen.gaps] == [GapCause.LOST, GapCause.DISABLED]
    assert (seen.first_us, seen.last_us) == (START_US, START_US + 14_000_000)


def test_an_open_run_ends_at_what_is_durable(recording: Recording) -> None:
    recording.run(numbered(seconds=4), stays_open=True)

    seen = timeline(
        recording.catalogue,
        recording.camera.id,
        Role.MAIN,
        START_US,
        START_US + 60_000_000,
    )

    assert [(r.start_us, r.end_us) for r in seen.runs] == [
        (START_US, START_US + 4_000_000)
    ]
    assert seen.gaps == []


def test_a_camera_without_footage_has_an_empty_timeline(recording: Recording) -> None:
    before_us = START_US - 60_000_000

    seen = timeline(
        recording.catalogue, recording.camera.id, Role.MAIN, before_us, before_us + 1
    )

    assert (seen.runs, seen.gaps) == ([], [])
    assert (seen.first_us, seen.last_us) == (None, None)
