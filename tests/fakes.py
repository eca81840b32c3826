"""The few things that are faked: time, the breaking disk and the lying camera."""

from nvr.testing.clock import FakeClock

__all__ = ["FakeClock"]
