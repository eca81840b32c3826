"""A browser plays our files: closed ones as files, fragments through MSE."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from nvr.base.model import Codec, StreamFormat
from nvr.media.mp4_write import fragment_header, initialization, mime
from nvr.store.volume import Volume
from tests.clips import Clip, fragments, make_clip
from tests.segments import write_clip

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium here")

PLAY_FILE = """async url => {
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    // From memory, because the server of this test knows no ranges.
    video.src = URL.createObjectURL(await (await fetch(url)).blob());
    await new Promise((done, failed) => {
        video.onloadeddata = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    const duration = video.duration;
    video.playbackRate = 4;
    await video.play();
    await new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    const seeked = new Promise(done => { video.onseeked = done; });
    video.currentTime = 2.5;
    await seeked;
    return {duration, frames, width: video.videoWidth, at: video.currentTime};
}"""

PLAY_STREAM = """async ([type, base, count]) => {
    if (!MediaSource.isTypeSupported(type)) throw new Error("unsupported: " + type);
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise(done => { source.onsourceopen = done; });
    const buffer = source.addSourceBuffer(type);
    for (let number = 0; number < count; number++) {
        const bytes = await (await fetch(base + number)).arrayBuffer();
        await new Promise((done, failed) => {
            buffer.onupdateend = done;
            buffer.onerror = () => failed(new Error("piece " + number));
            buffer.appendBuffer(bytes);
        });
    }
    source.endOfStream();
    const ranges = buffer.buffered;
    const found = {ranges: ranges.length, start: ranges.start(0), end: ranges.end(0)};
    video.playbackRate = 4;
    await video.play();
    await new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    return {...found, frames: video.getVideoPlaybackQuality().totalVideoFrames};
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>test</title>")
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(site: tuple[Path, str]) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(site[1])
        yield page
        browser.close()


@pytest.mark.parametrize(
    ("is_closed", "audio", "b_frames"),
    [
        (False, Codec.AAC, 0),
        (False, Codec.PCMA, 2),
        (True, Codec.AAC, 2),
        (True, Codec.PCMU, 0),
        (True, None, 0),
    ],
)
def test_a_file_plays_to_its_end(
    page: Page,
    site: tuple[Path, str],
    b_frames: int,
    audio: Codec | None,
    is_closed: bool,
) -> None:
    folder, address = site
    clip = make_clip(audio=audio, b_frames=b_frames)
    volume = Volume.open(folder / f"{b_frames}-{audio}-{is_closed}", node="test node")
    path = write_clip(volume, clip, is_closed=is_closed)

    found = page.evaluate(PLAY_FILE, address + str(path.relative_to(folder)))

    assert found["width"] == 160
    assert found["duration"] == pytest.approx(4, abs=0.15)
    assert found["at"] == 2.5
    assert found["frames"] >= 95  # it may drop some at four times the speed


@pytest.mark.parametrize(("audio", "b_frames"), [(Codec.AAC, 0), (None, 2)])
def test_fragments_play_through_media_source(
    page: Page, site: tuple[Path, str], b_frames: int, audio: Codec | None
) -> None:
    folder, address = site
    clip = make_clip(audio=audio, b_frames=b_frames)
    place = folder / f"stream-{b_frames}-{audio}"
    place.mkdir()
    parts = pieces(clip)
    for number, part in enumerate(parts):
        (place / str(number)).write_bytes(part)

    found = page.evaluate(
        PLAY_STREAM, [mime(clip.format), f"{address}{place.name}/", len(parts)]
    )

    assert (found["ranges"], found["start"]) == (1, pytest.approx(0, abs=0.001))
    assert found["end"] == pytest.approx(4, abs=0.1)
    assert found["frames"] >= 95


def pieces(clip: Clip) -> list[bytes]:
    """The start of a stream and its fragments, a few pictures each."""
    form: StreamFormat = clip.format
    parts = [initialization(form)]
    for piece in fragments(clip, every=5):
        payloads = list(piece.video.payloads) if piece.video else []
        payloads += piece.audio.payloads if piece.audio else []
        parts.append(fragment_header(piece) + b"".join(payloads))
    return parts
