"""Boxes are walked without ever leaving the bytes they are in."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvr.base.errors import MediaError
from nvr.media import boxes


def test_what_was_put_into_boxes_is_found_again() -> None:
    inner = boxes.full_box(b"mfhd", 1, 0x20, b"abcd")
    data = boxes.box(b"free") + boxes.box(b"moof", boxes.box(b"none"), inner)

    found = boxes.need(data, b"moof", b"mfhd")

    assert data[found.start : found.end] == b"\x01\x00\x00\x20abcd"


def test_a_large_header_is_understood() -> None:
    data = boxes.large_header(b"mdat", 20) + b"1234"

    assert list(boxes.walk(data)) == [boxes.Box(b"mdat", 16, 20)]


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x09free",  # longer than what is there
        b"\0\0\0\x07free",  # shorter than its own header
        b"\0\0\0\0free",  # up to the end of the file
        b"\0\0\0\x01free\0\0\0\0\0\0\0\x0f",
        struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1),
        b"\0\0\0",
    ],
)
def test_a_length_that_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        list(boxes.walk(data))


def test_a_box_that_is_not_there_is_named() -> None:
    with pytest.raises(MediaError, match="moov/trak"):
        boxes.need(boxes.box(b"moov"), b"moov", b"trak")


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_any_bytes_are_boxes_or_a_media_error(data: bytes) -> None:
    try:
        found = list(boxes.walk(data))
    except MediaError:
        return

    assert all(0 <= box.start <= box.end <= len(data) for box in found)
    assert not found or found[-1].end == len(data)
