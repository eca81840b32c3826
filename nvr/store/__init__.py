"""Volumes, segment files and the catalogue; the only room that syncs."""
