"""Coverage as people and programs read it. Blocks for the catalogue."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nvr.base import rfc3339
from nvr.base.model import Camera, CameraId, Role
from nvr.keep.accounting import (
    KINDS,
    OTHER_KINDS,
    Account,
    accounts,
)
from nvr.store.told import Told

CSV_COLUMNS = (
    *("camera", "camera_id", "role", "start", "end", "length_us"),
    *(f"{kind}_us" for kind in KINDS),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the begin of a formula."""


class ToldCatalogue(Protocol):
    """Of the catalogue: what is known of an interval."""

    def told(
        self, camera_id: CameraId, role: Role, start_us: int, end_us: int
    ) -> Told: ...


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """The accounts of one stream."""

    camera: Camera
    role: Role
    accounts: list[Account]


def coverage(
    catalogue: ToldCatalogue,
    cameras: Iterable[Camera],
    role: Role,
    bounds: Sequence[int],
    now_us: int,
) -> Iterator[CameraCoverage]:
    """The coverage of each camera, one after the other."""
    for camera in cameras:
        told = catalogue.told(camera.id, role, bounds[0], bounds[-1])
        yield CameraCoverage(camera, role, accounts(told, bounds, now_us))


def rows(it: CameraCoverage) -> list[dict[str, Any]]:
    """The steps for programs; what is 0 is left out of `gaps_us`, not elsewhere."""
    return [
        {
            "start": rfc3339.text(account.start_us),
            "end": rfc3339.text(account.end_us),
            "length_us": account.length_us,
            "recorded_us": account.recorded_us,
            "gaps_us": account.gaps_us,
            **{f"{k}_us": account.spent_us.get(k, 0) for k in OTHER_KINDS},
        }
        for account in it.accounts
    ]


def csv_text(found: Iterable[CameraCoverage]) -> str:
    """A table for spreadsheets; no cell of it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for it in found:
        head = (_harmless(it.camera.name), it.camera.id, it.role.value)
        for account in it.accounts:
            times = (rfc3339.text(account.start_us), rfc3339.text(account.end_us))
            spent = (account.spent_us.get(kind, 0) for kind in KINDS)
            writer.writerow((*head, *times, account.length_us, *spent))
    return out.getvalue()


def _harmless(text: str) -> str:
    """Behind an apostrophe a spreadsheet shows text as it is."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
