"""The plan as the command and its report tell it is what the next turn does."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nvr import cli
from nvr.keep.plan import plan
from nvr.keep.plan_report import brake_lines, plan_rows, plan_total
from tests.keep.archive import BUNDLED, DAY_US, MB, Archive

TABLES: dict[str, dict[str, Any]] = {
    "age": {"days": 30},
    "minimum": {"cameras": {"gate": 36}},
    "size": {"cameras": {"yard": 0.02}},
}
CONFIG = """
[server]
data_dir = "."
[[volumes]]
path = "disk"
[plugins.age]
days = 30
[plugins.minimum.cameras]
gate = 36
[plugins.size.cameras]
yard = 0.02
"""


def filled(archive: Archive) -> Archive:
    for name in ("gate", "yard"):
        archive.record(
            archive.camera(name),
            40,
            start_us=archive.now_us - 40 * DAY_US,
            every_us=DAY_US,
        )
    return archive


def asked(archive: Archive, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    config = archive.folder / "nvr.toml"
    config.write_text(CONFIG)
    monkeypatch.setattr(cli, "SystemClock", lambda: archive.clock)
    monkeypatch.setattr(cli, "_catalogue", lambda path: archive.catalogue)
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(
        cli.main, ["retention", "plan", "--config", str(config), *options]
    )
    assert done.exit_code == 0, done.output
    return done.output


async def test_the_command_tells_just_what_the_next_turn_dooms(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)

    told = json.loads(asked(archive, monkeypatch, "--json"))
    await archive.keeper(TABLES).turn()

    rows = told["deletions"]
    assert {id for row in rows for id in row["segment_ids"]} == archive.doomed
    assert [(row["camera"], row["plugin"], row["segments"]) for row in rows] == [
        ("gate", "age", 4),
        ("yard", "age", 10),
        ("yard", "size", 10),
    ]
    assert told["total"]["segments"] == 24
    assert told["total"]["size_bytes"] == 24 * MB
    assert {"plugin": "minimum", "reason": "guaranteed for 36 days"}.items() <= (
        told["kept"][0].items()
    )


async def test_the_command_says_when_it_happens_as_the_keeper_does_it(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)

    told = json.loads(asked(archive, monkeypatch, "--json"))
    keeper = archive.keeper(TABLES)
    await keeper.turn()
    (minutes,) = {row["after_minutes"] for row in told["deletions"]}
    archive.clock.advance_us((minutes - 1) * 60_000_000)
    await keeper.turn()
    before = archive.files()
    archive.clock.advance_us(2 * 60_000_000)
    await keeper.turn()

    assert minutes == 24 * 60  # a mass change, whatever the configured grace
    assert len(before) == 80
    assert len(archive.files()) <= 56


def test_the_table_names_cameras_reasons_and_totals(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)

    told = asked(archive, monkeypatch)

    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert any(
        line.startswith("gate age: older than 30 days 4 4.0 20") for line in lines
    ), told
    assert any(line.startswith("all 24 24.0 ") for line in lines), told
    assert "guaranteed for 36 days" in told
    assert "waits for a day" in told


def test_marked_earlier_is_told_and_not_counted_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = archive.camera("gate")
    made = archive.record(gate, 3, start_us=archive.now_us - DAY_US)
    archive.catalogue.doom([made[0].id], "age: by hand", archive.now_us)

    told = asked(archive, monkeypatch)

    assert "would delete nothing" in told
    assert "earlier runs: 1.0 MB" in told


async def test_what_other_settings_marked_is_told_apart(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)
    await archive.keeper({"age": {"days": 20}}).turn()
    before = archive.doomed

    told = json.loads(asked(archive, monkeypatch, "--json"))
    text = asked(archive, monkeypatch)
    await archive.keeper(TABLES).turn()

    assert told["returning_bytes"] == len(before) * MB > 0
    assert told["returning_bytes"] == told["marked_earlier_bytes"]
    assert "come back at the next start" in " ".join(text.split())
    assert archive.doomed != before


def test_a_removed_camera_is_told_by_its_number(archive: Archive) -> None:
    gate = archive.camera("gate")
    archive.record(gate, 1, start_us=archive.now_us - 40 * DAY_US)
    archive.catalogue.remove_camera(gate.id)

    told = plan(
        archive.settings(TABLES),
        archive.catalogue,
        archive.plugins(TABLES),
        archive.clock,
    )

    (row,) = plan_rows(told)
    assert (row.camera, row.camera_id) == ("", gate.id)
    assert plan_total(told).oldest_us == archive.now_us - 40 * DAY_US


def test_every_brake_is_a_line(archive: Archive) -> None:
    filled(archive)
    archive.clock.step_wall(-60 * DAY_US)
    (archive.folder / "disk" / "volume.json").unlink()

    told = plan(
        archive.settings(TABLES),
        archive.catalogue,
        archive.plugins(TABLES),
        archive.clock,
    )

    lines = brake_lines(told)
    assert any("behind what was already recorded" in line for line in lines)
    assert any("cannot be kept clear" in line for line in lines)
    assert plan_rows(told) == []


def test_the_archive_has_the_rules_that_the_command_loads() -> None:
    bundled = {path.stem for path in Path("plugins").glob("[!_]*.py")}

    assert set(BUNDLED) <= bundled
