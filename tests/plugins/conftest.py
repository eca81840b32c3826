"""The archive of the keeper's tests."""

from tests.keep.conftest import archive

__all__ = ["archive"]
