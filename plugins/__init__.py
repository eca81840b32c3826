"""Bundled plugins, each also an example."""
