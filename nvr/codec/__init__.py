"""Decoding, encoding and scenes - the only home of av and numpy."""
