"""RTSP texts as cameras write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import MediaError
from nvr.media import rtsp_message, sdp


def test_a_reply_with_odd_spacing_and_case_is_understood():
    head = rtsp_message.parse_head(
        b"RTSP/1.0 200 OK\r\nCseq: 2 \r\nSession:      708;timeout=60\r\n"
        b"WWW-Authenticate: Digest realm=x\r\nwww-authenticate: Basic\r\n"
        b"Public: A,\r\n B\r\n\r\n"
    )

    assert (head.status, head.reason) == (200, "OK")
    assert head.get("cseq") == "2"
    assert head.get("session") == "708;timeout=60"
    assert head.all("www-authenticate") == ["Digest realm=x", "Basic"]
    assert head.get("public") == "A, B"


def test_a_reply_without_a_reason_or_carriage_returns_is_understood():
    text = b"RTSP/1.0 454\nCSeq: 1\n\nrest"
    end = rtsp_message.find_end(text, 0, len(text))

    assert text[end:] == b"rest"
    assert rtsp_message.parse_head(text[:end]).status == 454


def test_a_request_by_the_camera_is_told_from_a_reply():
    head = rtsp_message.parse_head(b"ANNOUNCE rtsp://h RTSP/1.0\r\nCSeq: 1\r\n\r\n")

    assert (head.status, head.reason) == (0, "ANNOUNCE")


@pytest.mark.parametrize("text", [b"", b"HTTP/1.1 200 OK", b"RTSP/1.0 OK", b"\xff\xfe"])
def test_what_is_not_rtsp_is_an_error(text):
    with pytest.raises(MediaError):
        rtsp_message.parse_head(text)


@pytest.mark.parametrize("length", ["-1", "abc", "99999999", "9" * 40])
def test_a_body_length_that_cannot_be_is_an_error(length):
    head = rtsp_message.parse_head(
        f"RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
    )

    with pytest.raises(MediaError):
        _ = head.body_bytes


def test_a_request_cannot_be_forged_into_two():
    for url, value in (
        ("rtsp://h/\r\nX: y", "z"),
        ("rtsp://h", "z\nX: y"),
        ("a b", ""),
    ):
        with pytest.raises(MediaError):
            rtsp_message.request("PLAY", url, [("Range", value)])


@given(st.binary(max_size=300))
def test_noise_is_read_or_refused_but_never_crashes(noise):
    try:
        head = rtsp_message.parse_head(b"RTSP/1.0 200 OK\r\n" + noise)
        _ = head.body_bytes
    except MediaError:
        pass


@given(st.text(alphabet="am=:;/,0189 rtpmapfmtpvideoaudioH264\r\n*%+", max_size=400))
def test_noise_in_a_description_is_read_or_refused_but_never_crashes(noise):
    with suppress(MediaError):
        sdp.to_tracks(sdp.parse("m=video 0 RTP/AVP 96\r\n" + noise, "rtsp://h/"))
