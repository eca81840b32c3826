"""`nvr coverage`: the accounts at the command line."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nvr.cli import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "nvr.toml"
    path.write_text(f'[server]\ndata_dir = "{tmp_path / "data"}"\n')
    added = run("camera", "add", "--no-probe", "gate", "rtsp://10.0.0.9/1", on=path)
    assert added.exit_code == 0, added.output
    return path


def run(*words: str, on: Path) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(on)])


def test_the_table_for_spreadsheets_adds_up(config: Path) -> None:
    told = run("coverage", "gate", "--step", "hour", "--csv", on=config)

    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert told.exit_code == 0
    assert len(rows) in (24, 25)
    for row in rows:
        spent = sum(int(v) for k, v in row.items() if k.endswith("_us"))
        assert spent == 2 * int(row["length_us"])


def test_people_see_why_there_is_nothing(config: Path) -> None:
    told = run("coverage", on=config)

    assert told.exit_code == 0
    assert "gate" in told.output
    assert "before" in told.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody",), "no camera called 'nobody'"),
        (("--start", "yesterday"), "is not a time"),
        (("--start", "2999-01-01T00:00:00Z"), "after the start"),
        (("--end", "9999-12-31T00:00:00Z"), "days ahead"),
    ],
)
def test_what_cannot_be_told_is_a_sentence(
    config: Path, words: tuple[str, ...], sentence: str
) -> None:
    told = run("coverage", *words, on=config)

    assert told.exit_code == 1
    assert sentence in told.output
