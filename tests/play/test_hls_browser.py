"""A browser plays media segments from file to file as one stretch.

It is given them as hls.js gives them: the initialization segment, then one segment
after the other, with one offset that brings the time of day to zero.
"""

from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from nvr.base.model import SECOND_US, Codec
from nvr.media.mp4_write import mime
from tests.play.recording import RATE, START_US, Recording, numbered
from tests.play.test_hls import KEYS, fetched, playlist

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium here")

PLAY = """async ([type, zero, pieces]) => {
    if (!MediaSource.isTypeSupported(type)) throw new Error("unsupported: " + type);
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise(done => { source.onsourceopen = done; });
    const buffer = source.addSourceBuffer(type);
    buffer.timestampOffset = -zero;
    for (const [number, piece] of pieces.entries()) {
        const bytes = Uint8Array.from(atob(piece), c => c.charCodeAt(0));
        await new Promise((done, failed) => {
            buffer.onupdateend = done;
            buffer.onerror = () => failed(new Error("piece " + number));
            buffer.appendBuffer(bytes);
        });
    }
    source.endOfStream();
    const ranges = [...Array(buffer.buffered.length).keys()].map(
        n => [buffer.buffered.start(n), buffer.buffered.end(n)]);
    video.playbackRate = 4;
    await video.play();
    await new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(new Error(video.error.message));
    });
    return {ranges, frames: video.getVideoPlaybackQuality().totalVideoFrames};
}"""


@pytest.mark.parametrize(("b_frames", "audio"), [(0, Codec.PCMA), (2, Codec.AAC)])
def test_files_of_a_run_are_one_stretch_in_a_browser(
    recording: Recording, b_frames: int, audio: Codec
) -> None:
    clip = numbered(seconds=8, b_frames=b_frames, audio=audio, key_every=KEYS)
    recording.run(clip)
    told = playlist(recording, 0, 8)
    uri, first, length = told.segments[0].map
    pieces = [fetched(recording, uri, first, length)]
    pieces += [fetched(recording, s.uri, s.first, s.length) for s in told.segments]
    has_aac = audio is Codec.AAC
    form = clip.format if has_aac else type(clip.format)(clip.format.video)
    given = [b64encode(piece).decode() for piece in pieces]

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        found = page.evaluate(PLAY, [mime(form), START_US / SECOND_US, given])
        browser.close()

    assert found["frames"] == 8 * RATE
    assert len(found["ranges"]) == 1
    start, end = found["ranges"][0]
    assert start == pytest.approx(0, abs=0.03)
    assert end == pytest.approx(8, abs=0.1)
