"""Descriptions in the style of many cameras, written for these tests."""

import base64

import pytest

from nvr.base.errors import MediaError
from nvr.base.model import AudioTrack, Codec
from nvr.media import sdp
from tests.media.packets import PPS, PPS_265, SPS, SPS_265, VPS_265

BASE = "rtsp://192.0.2.7:554/live/ch1/"


def text(nal: bytes) -> str:
    return base64.b64encode(nal).decode()


H264 = f"sprop-parameter-sets={text(SPS)},{text(PPS)}"
VIDEO = (
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    f"a=fmtp:96 packetization-mode=1;profile-level-id=640028;{H264}\r\n"
    "a=control:trackID=1\r\n"
)


def described(*media: str, session: str = "a=control:*\r\n"):
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=Media Server\r\nt=0 0\r\n"
    return sdp.parse(head + session + "".join(media), BASE)


def test_video_with_its_parameter_sets_and_size_is_understood():
    tracks = sdp.to_tracks(described(VIDEO))

    assert tracks.video.codec is Codec.H264
    assert tracks.video.parameter_sets == (SPS, PPS)
    assert (tracks.video.width, tracks.video.height) == (1920, 1080)
    assert tracks.video_media.control == BASE + "trackID=1"


def test_h265_sets_are_put_in_the_order_of_decoding():
    media = described(
        "m=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000\r\n"
        f"a=fmtp:98 profile-id=1;sprop-sps={text(SPS_265)};"
        f"sprop-pps={text(PPS_265)};sprop-vps={text(VPS_265)}\r\n"
    )

    tracks = sdp.to_tracks(media)

    assert tracks.video.parameter_sets == (VPS_265, SPS_265, PPS_265)
    assert tracks.video.width == 1280


@pytest.mark.parametrize(
    ("lines", "track"),
    [
        ("m=audio 0 RTP/AVP 0\r\n", AudioTrack(Codec.PCMU, 8000)),
        ("m=audio 0 RTP/AVP 8\t \r\nb=AS:64\r\n", AudioTrack(Codec.PCMA, 8000)),
        (
            "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000/1\r\n",
            AudioTrack(Codec.PCMA, 8000),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/12000/2\r\n"
            "a=fmtp:97 profile-level-id=1; mode=AAC-hbr;sizelength=13;indexlength=3;"
            "indexdeltalength=3;config=1490; profile=1;\r\n",
            AudioTrack(Codec.AAC, 12000, 2, bytes.fromhex("1490")),
        ),
        (
            "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\n"
            "a=fmtp:97 mode=AAC-hbr\r\n",
            AudioTrack(Codec.AAC, 16000, 1, bytes.fromhex("1408")),
        ),
    ],
)
def test_audio_is_understood(lines, track):
    assert sdp.to_tracks(described(VIDEO, lines)).audio == track


def test_audio_that_is_not_wanted_is_listed_as_ignored():
    tracks = sdp.to_tracks(described(VIDEO, "m=audio 0 RTP/AVP 0\n"), want_audio=False)

    assert tracks.audio is None
    assert tracks.ignored == ["audio PCMU"]


def test_metadata_and_tracks_of_unknown_kind_are_listed_as_ignored():
    tracks = sdp.to_tracks(
        described(
            "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n",
            VIDEO,
            "m=application/VENDOR 0 RTP/AVP x/1/90000\r\na=rtpmap:95 VENDOR/90000\r\n",
            "m=audio 0 RTP/AVP 100\r\na=rtpmap:100 G726-32/8000\r\n",
        )
    )

    assert tracks.ignored == [
        "application VND.ONVIF.METADATA",
        "application/vendor VENDOR",
        "audio G726-32",
    ]


@pytest.mark.parametrize(
    ("base", "control", "address"),
    [
        (BASE, "track1", BASE + "track1"),
        (BASE[:-1], "track1", BASE + "track1"),
        (BASE[:-1], "/track1", BASE + "track1"),
        (BASE, "*", BASE),
        (BASE, "", BASE),
        (BASE, "rtsp://10.0.0.1/x?a=b", "rtsp://10.0.0.1/x?a=b"),
        (BASE[:-1] + "?c=1&s=0/", "trackID=0", BASE[:-1] + "?c=1&s=0/trackID=0"),
    ],
)
def test_control_addresses_are_resolved_as_players_do(base, control, address):
    assert sdp.resolve_control(control, base) == address


def test_a_control_address_of_the_session_is_where_play_goes():
    whole = "v=0\r\na=control:rtsp://h/x?y=1\r\n" + VIDEO

    assert sdp.aggregate_control(whole, BASE) == "rtsp://h/x?y=1"


def test_bare_line_feeds_missing_lines_and_noise_are_passed_over():
    [media] = sdp.parse(
        "m=video 0 RTP/AVP 105\n\n???\na=rtpmap:105 h264/90000\n"
        f"a=fmtp:105 ; {H264} ;=; x\na=Media_header:MEDIAINFO=49;\n\0",
        BASE,
    )

    assert media.codec == "H264"
    assert media.parameter_sets == (SPS, PPS)
    assert media.control == BASE


def test_a_mapping_for_another_number_counts_when_it_is_the_only_one():
    [media] = described("m=video 0 RTP/AVP 96\r\na=rtpmap:97 H264/90000\r\n")

    assert media.codec == "H264"


def test_broken_parameter_sets_are_as_good_as_none():
    lines = (
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 sprop-parameter-sets=Z2QA!!,%%%,AAAA\r\n"
    )

    assert sdp.to_tracks(described(lines)).video.parameter_sets == ()


def test_start_codes_are_taken_off_parameter_sets():
    lines = (
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 "
        f"sprop-parameter-sets={text(bytes((0, 0, 0, 1)) + SPS)},{text(PPS)}\r\n"
    )

    assert sdp.to_tracks(described(lines)).video.parameter_sets == (SPS, PPS)


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ("m=audio 0 RTP/AVP 0\r\n", "no video"),
        ("m=video 0 RTP/AVP 26\r\n", "JPEG"),
        ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n", "MP4V-ES"),
        (
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            "a=fmtp:96 packetization-mode=2\r\n",
            "interleaved",
        ),
    ],
)
def test_without_usable_video_the_reason_is_told(media, words):
    with pytest.raises(MediaError, match=words):
        sdp.to_tracks(described(media))


@pytest.mark.parametrize("content", ["", "v=0\r\ns=x\r\n", "<html>", "m", "=\n=\n"])
def test_a_text_without_media_is_an_error(content):
    with pytest.raises(MediaError):
        sdp.parse(content, BASE)


def test_a_description_that_is_too_long_is_an_error():
    with pytest.raises(MediaError):
        sdp.parse(VIDEO * 10_000, BASE)
