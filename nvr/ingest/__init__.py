"""From a camera's address to a stream of access units."""
