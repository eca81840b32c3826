"""The dialogue with cameras that behave, and with those that do not."""

import asyncio
import hashlib
import re
import socket

import pytest

from nvr.base.clock import SystemClock
from nvr.base.errors import (
    AddressRefused,
    BadStream,
    CameraError,
    CameraLost,
    CameraRefused,
    CameraUnauthorized,
    CameraUnreachable,
)
from nvr.base.model import AUDIO, VIDEO, AccessUnit, Codec, StreamAddress
from nvr.ingest.address import AddressPolicy
from nvr.ingest.connect import connect
from nvr.ingest.session import RtspSession
from tests.ingest.rtsp_script import (
    AUDIO as AUDIO_SDP,
)
from tests.ingest.rtsp_script import (
    KEY_NAL,
    LOOPBACK,
    METADATA,
    Asked,
    Script,
    framed,
    key_frame,
    reply,
    rtp,
    serving,
)
from tests.ingest.rtsp_script import (
    VIDEO as VIDEO_SDP,
)

PAYLOAD = len(KEY_NAL).to_bytes(4, "big") + KEY_NAL


async def opened(script: Script, **options) -> RtspSession:
    address = options.pop("address", None) or script.address()
    options.setdefault("timeout", 2.0)
    return await connect(address, clock=SystemClock(), policy=LOOPBACK, **options)


async def units_of(session: RtspSession, count: int) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    async with asyncio.timeout(5):
        while len(units) < count:
            units += [unit for batch in session.visit() for unit in batch.units]
            await asyncio.sleep(0.002)
    return units


async def failure(script: Script, **options) -> CameraError:
    async with serving(script):
        with pytest.raises(CameraError) as raised:
            await opened(script, **options)
    return raised.value


async def test_a_stream_is_opened_read_and_closed():
    async with serving(Script()) as script:
        session = await opened(script)
        units = await units_of(session, 5)
        await session.close()

        assert [unit.payload for unit in units] == [PAYLOAD] * 5
        assert [unit.timestamp for unit in units] == [0, 3600, 7200, 10800, 14400]
        assert script.methods()[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        assert script.last("SETUP").url.endswith("/live/trackID=0")
        assert script.last("PLAY").url.endswith("/live/")
        assert script.last("PLAY").headers["session"] == "ab12"
        await script.until_asked("TEARDOWN")


async def test_audio_comes_beside_video():
    media = key_frame(0, 0) + framed(rtp(b"\xd5" * 80, sequence=4, stamp=160), 2)
    async with serving(Script(sdp=VIDEO_SDP + AUDIO_SDP, media=media)) as script:
        session = await opened(script)
        units = await units_of(session, 2)
        await session.close()

    assert [unit.track for unit in units] == [VIDEO, AUDIO]
    assert session.format.audio is not None
    assert session.format.audio.codec is Codec.PCMA


async def test_audio_that_is_not_wanted_is_not_set_up():
    async with serving(Script(sdp=VIDEO_SDP + AUDIO_SDP)) as script:
        session = await opened(script, want_audio=False)
        await session.close()

    assert script.methods().count("SETUP") == 1
    assert session.format.audio is None


async def test_a_camera_that_refuses_its_audio_is_recorded_without():
    def set_up(script: Script, asked: Asked) -> str:
        is_audio = asked.url.endswith("trackID=1")
        return "500 Internal Server Error" if is_audio else script.usual(asked)

    script = Script(sdp=VIDEO_SDP + AUDIO_SDP, answers={"SETUP": set_up})
    async with serving(script):
        session = await opened(script)
        assert len(await units_of(session, 5)) == 5
        await session.close()

    assert session.format.audio is None
    assert session.offer.tracks_ignored == ["audio PCMA (refused)"]


async def test_tracks_that_cannot_be_recorded_are_listed():
    async with serving(Script(sdp=METADATA + VIDEO_SDP)) as script:
        session = await opened(script)
        await session.close()

    assert session.offer.tracks_ignored == ["application VND.ONVIF.METADATA"]


@pytest.mark.parametrize(
    ("transport", "channel"),
    [
        ("Transport: RTP/AVP/TCP;unicast;interleaved=6-7;ssrc=1;mode=play\r\n", 6),
        ("Transport: RTP/AVP/TCP;unicast;destination=x;interleaved=9\r\n", 9),
        ("", 0),
    ],
)
async def test_the_channels_are_those_the_camera_states(transport, channel):
    script = Script(
        answers={"SETUP": f"200 OK\r\n{transport}Session: 1"},
        media=key_frame(0, 0, channel),
    )
    async with serving(script):
        session = await opened(script)
        assert len(await units_of(session, 1)) == 1
        await session.close()


async def test_pictures_before_the_answer_to_play_are_kept():
    def play(script: Script, asked: Asked) -> bytes:
        return key_frame(0, 0) + key_frame(1, 3600) + reply("200 OK", asked)

    script = Script(answers={"PLAY": play}, media=key_frame(2, 7200))
    async with serving(script):
        session = await opened(script)
        units = await units_of(session, 3)
        await session.close()

    assert [unit.timestamp for unit in units] == [0, 3600, 7200]


async def test_a_description_without_base_counts_from_the_address_asked():
    script = Script()
    script.answers["DESCRIBE"] = f"200 OK\r\n\r\n{script.sdp}"
    async with serving(script):
        session = await opened(script)
        await session.close()

    assert script.last("SETUP").url.endswith("/live/trackID=0")
    assert script.last("PLAY").url.endswith("/live")


async def test_a_camera_that_refuses_options_is_asked_on():
    async with serving(Script(answers={"OPTIONS": "501 Not Implemented"})) as script:
        session = await opened(script)
        await session.close()


def digest_of(asked: Asked, nonce: str, password: str) -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first, second = md5(f"admin:r:{password}"), md5(f"{asked.method}:{asked.url}")
    return md5(f"{first}:{nonce}:{second}")


class Guard:
    """Asks for a digest; the nonce is old after some uses."""

    def __init__(self, uses: int = 1000, stale: str = "") -> None:
        self.left, self.uses, self.number, self.stale = 0, uses, 0, stale

    def __call__(self, script: Script, asked: Asked) -> str:
        proof = asked.headers.get("authorization", "")
        nonce = f"n{self.number}"
        if self.left and digest_of(asked, nonce, "s3cret") in proof:
            self.left -= 1
            return script.usual(asked)
        self.number += 1
        self.left = self.uses
        return (
            "401 Unauthorized\r\nWWW-Authenticate: "
            f'Digest realm="r", nonce="n{self.number}"{self.stale}'
        )


METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")


@pytest.mark.parametrize("guard", [Guard(), Guard(1, ", stale=true"), Guard(1)])
async def test_a_password_opens_the_stream_also_with_short_lived_nonces(guard):
    script = Script(answers=dict.fromkeys(METHODS, guard))
    async with serving(script):
        address = script.address(user="admin", password="s3cret")
        session = await opened(script, address=address)
        assert len(await units_of(session, 5)) == 5
        await session.close()


async def test_a_wrong_password_is_tried_once():
    guard = Guard()
    script = Script(answers=dict.fromkeys(METHODS, guard))
    async with serving(script):
        with pytest.raises(CameraUnauthorized, match="does not accept") as raised:
            await opened(script, address=script.address(user="admin", password="wr0ng"))

    assert len(script.asked) == 2
    assert "wr0ng" not in str(raised.value)


async def test_a_missing_password_is_asked_for():
    script = Script(answers=dict.fromkeys(METHODS, Guard()))

    error = await failure(script)

    assert isinstance(error, CameraUnauthorized)
    assert "asks for a user name" in str(error)


async def test_a_way_of_signing_in_that_is_unknown_is_told():
    unknown = "401 Unauthorized\r\nWWW-Authenticate: Mutual realm=x"
    script = Script(answers={"OPTIONS": unknown})
    async with serving(script):
        with pytest.raises(CameraUnauthorized, match="not supported"):
            await opened(script, address=script.address(user="a", password="b"))


@pytest.mark.parametrize(
    ("method", "answer", "kind", "words"),
    [
        ("DESCRIBE", "404 Not Found", CameraRefused, "no stream at this address"),
        ("DESCRIBE", "403 Forbidden", CameraRefused, "does not let this user"),
        ("DESCRIBE", "503 Service Unavailable", CameraRefused, "busy"),
        ("DESCRIBE", "551 Option not supported", CameraRefused, "option"),
        ("DESCRIBE", "302 Moved\r\nLocation: rtsp://u:p@x/", CameraRefused, r"\*@x/"),
        ("DESCRIBE", "299 Odd", CameraRefused, "refused"),
        ("DESCRIBE", "200 OK\r\n\r\nv=0\r\n", BadStream, "no media"),
        ("DESCRIBE", "200 OK", BadStream, "no media"),
        ("DESCRIBE", "200 OK\r\n\r\n" + AUDIO_SDP, BadStream, "no video"),
        ("DESCRIBE", "200 OK\r\nContent-Length: 9999999", BadStream, "longer"),
        ("DESCRIBE", b"HTTP/1.1 400 Bad Request\r\n\r\n", BadStream, "not RTSP"),
        ("DESCRIBE", b"\xff\xfe" * 20_000, BadStream, "longer"),
        ("DESCRIBE", None, CameraLost, "closed"),
        ("SETUP", "461 Unsupported Transport", CameraRefused, "over TCP"),
        ("SETUP", "200 OK\r\nTransport: RTP/AVP;client_port=1-2", CameraRefused, "UDP"),
        ("PLAY", "454 Session Not Found", CameraRefused, "forgot"),
        ("PLAY", "455 Method Not Valid\x1b[31m", CameraRefused, r"Valid\[31m"),
    ],
)
async def test_every_refusal_is_a_sentence_and_nothing_stays_open(
    method, answer, kind, words
):
    error = await failure(Script(answers={method: answer}))

    assert type(error) is kind
    assert re.search(words, str(error))
    assert str(error).endswith((".", "/"))


async def test_a_codec_that_cannot_be_recorded_is_named():
    error = await failure(Script(sdp="m=video 0 RTP/AVP 26\r\n"))

    assert isinstance(error, BadStream)
    assert "JPEG" in str(error)


async def test_the_status_of_a_refusal_is_kept():
    error = await failure(Script(answers={"DESCRIBE": "404 Not Found"}))

    assert isinstance(error, CameraRefused)
    assert error.status == 404


async def test_an_address_that_would_forge_a_request_is_refused():
    evil = VIDEO_SDP.replace("a=control:trackID=0", "a=control:rtsp://h/x y")

    error = await failure(Script(sdp=evil))

    assert isinstance(error, BadStream)


async def test_a_camera_that_does_not_answer_is_unreachable():
    async def never(script: Script, asked: Asked) -> str:
        await asyncio.sleep(60)
        return ""

    error = await failure(Script(answers={"DESCRIBE": never}), timeout=0.1)

    assert isinstance(error, CameraUnreachable)
    assert "did not answer within 0.1 s when asked to DESCRIBE" in str(error)


async def test_a_closed_port_is_unreachable():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"rtsp://127.0.0.1:{sock.getsockname()[1]}/x"

    with pytest.raises(CameraUnreachable, match="Connection refused"):
        await connect(StreamAddress(url, "", ""), clock=SystemClock(), policy=LOOPBACK)


async def test_an_address_outside_the_policy_is_never_connected_to():
    async with serving(Script()) as script:
        with pytest.raises(AddressRefused):
            await connect(script.address(), clock=SystemClock(), policy=AddressPolicy())

    assert script.asked == []
