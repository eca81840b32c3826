"""Fixtures of the tests of playing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.play.recording import Recording, make_recording


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """An empty recording; its writer is stopped at the end."""
    recording = make_recording(tmp_path)
    yield recording
    recording.stop()
