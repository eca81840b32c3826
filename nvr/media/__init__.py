"""Formats as pure functions over bytes; no I/O and no clock."""
