"""Numbers and times as people read them."""

from pathlib import Path
from zoneinfo import ZoneInfo

from nvr.web.pages_values import moment_text, site_zone, size_text

from nvr.base import rfc3339


def test_times_are_in_the_sites_zone_and_language() -> None:
    wall_us = rfc3339.parse("2026-05-31T20:05:00Z")
    jakarta = ZoneInfo("Asia/Jakarta")

    assert moment_text(jakarta, "id")(wall_us) == "1 Jun 2026 03:05"
    assert moment_text(ZoneInfo("UTC"), "id")(wall_us) == "31 Mei 2026 20:05"


def test_sizes_have_the_digits_that_matter() -> None:
    size = size_text("en")

    assert [size(n) for n in (0, 999, 4_300, 999_600, 48_200_000, 9_940_000_000)] == [
        "0 B", "999 B", "4 kB", "1.0 MB", "48 MB", "9.9 GB"
    ]  # fmt: skip
    assert size_text("id")(1_500_000) == "1,5 MB"


def test_the_zone_is_the_settings_or_the_machines_or_utc(tmp_path: Path) -> None:
    machine = tmp_path / "zoneinfo" / "Asia" / "Makassar"
    machine.parent.mkdir(parents=True)
    machine.touch()
    link = tmp_path / "localtime"
    link.symlink_to(machine)

    assert site_zone("Asia/Jakarta", link).key == "Asia/Jakarta"
    assert site_zone("", link).key == "Asia/Makassar"
    assert site_zone("No/Where", tmp_path / "nothing").key == "UTC"
