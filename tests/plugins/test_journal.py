"""The journal of deletions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from nvr.plugins import journal

from nvr.base.errors import SettingsError
from nvr.base.retention import Deletion
from nvr.hooks import build
from nvr.testing.footage import GATE, NOW_US, Footage
from nvr.testing.plugin_contract import PluginContract


class TestJournalKeepsTheContract(PluginContract):
    plugin = journal


def deletions(count: int) -> list[Deletion]:
    made = Footage().add(GATE, count, start_us=NOW_US)
    return [Deletion(it, "age: older than 3 days", NOW_US) for it in made]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    build({"journal": journal}).segments_deleted(deletions(2))


def test_each_deletion_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "deleted.jsonl"
    plugins = build({"journal": journal}, {"journal": {"path": str(path)}})

    plugins.segments_deleted(deletions(2))
    plugins.segments_deleted(deletions(1))

    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert [it["segment"] for it in told] == [1, 2, 1]
    assert told[0] == {
        "deleted": "2027-01-15T08:00:00Z",
        "rule": "age: older than 3 days",
        "camera": GATE,
        "stream": "main",
        "segment": 1,
        "start": "2027-01-15T08:00:00Z",
        "end": "2027-01-15T09:00:00Z",
        "bytes": 10_000_000,
        "digest": "5a" * 32,
    }


def test_full_files_are_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "deleted.jsonl"
    table = {"path": str(path), "max_bytes": 4096, "files": 2}
    plugins = build({"journal": journal}, {"journal": table})

    for number in range(5):
        told = [replace(it, rule=f"round {number}") for it in deletions(20)]
        plugins.segments_deleted(told)

    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "deleted.jsonl",
        "deleted.jsonl.1",
        "deleted.jsonl.2",
    ]
    assert "round 4" in path.read_text()
    assert "round 2" in (tmp_path / "deleted.jsonl.2").read_text()


def test_a_relative_path_is_refused() -> None:
    with pytest.raises(SettingsError, match="absolute"):
        build({"journal": journal}, {"journal": {"path": "deleted.jsonl"}})


def test_a_disk_that_cannot_be_written_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = {"path": str(tmp_path / "absent" / "deleted.jsonl")}
    plugins = build({"journal": journal}, {"journal": table})

    plugins.segments_deleted(deletions(1))

    assert "plugin journal failed in segments_deleted" in caplog.text
