"""A line of JSON for every deleted file, for those who must answer for footage.

The catalogue knows the same for as long as it keeps tombstones; a file outlives it and
is read by any program. Full files are put aside as `….1`, `….2`, and so on.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from nvr.base import rfc3339
from nvr.base.retention import Deletion
from nvr.base.settings import Section
from nvr.hookspecs import hookimpl


class JournalSettings(Section):
    """Where the journal is written."""

    path: Path | None = Field(
        default=None,
        description="Absolute path of the file; without it nothing is written.",
    )
    max_bytes: Annotated[int, Field(ge=4096)] = Field(
        default=10_000_000, description="A file that has grown so large is put aside."
    )
    files: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="How many files put aside are kept."
    )

    @field_validator("path")
    @classmethod
    def _demand_absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("must be an absolute path")
        return path


@hookimpl
def plugin_settings() -> type[JournalSettings]:
    return JournalSettings


@hookimpl
def segments_deleted(deletions: Sequence[Deletion], settings: JournalSettings) -> None:
    path = settings.path
    if path is None:
        return
    if path.exists() and path.stat().st_size >= settings.max_bytes:
        _put_aside(path, settings.files)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(_line(deletion) for deletion in deletions)


def _put_aside(path: Path, files: int) -> None:
    for number in range(files - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def _line(deletion: Deletion) -> str:
    segment = deletion.segment
    told = {
        "deleted": rfc3339.text(deletion.at_us),
        "rule": deletion.rule,
        "camera": segment.camera_id,
        "stream": segment.role,
        "segment": segment.id,
        "start": rfc3339.text(segment.start_us),
        "end": rfc3339.text(segment.end_us),
        "bytes": segment.size_bytes,
        "digest": segment.digest.hex(),
    }
    return json.dumps(told) + "\n"
