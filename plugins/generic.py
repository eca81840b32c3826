"""Stream addresses of well-known makers, for cameras that are added by hand.

A table and nothing more: which address a given model really has, the probe finds out.
`{c}` is the channel, counted from 1; `{c0}` from 0; `{c2}` and `{c3}` with two and
three digits.
"""

from typing import NamedTuple

from nvr.hookspecs import NoSettings, SuggestedAddress, hookimpl


class Pattern(NamedTuple):
    """Where one maker's devices have their streams."""

    vendor: str
    label: str
    path: str
    sub_path: str = ""
    port: int = 554


_DAHUA = (
    "/cam/realmonitor?channel={c}&subtype=0",
    "/cam/realmonitor?channel={c}&subtype=1",
)
_HIKVISION = ("/Streaming/Channels/{c}01", "/Streaming/Channels/{c}02")

PATTERNS = (
    Pattern("amcrest", "Amcrest", *_DAHUA),
    Pattern("annke", "Annke", *_HIKVISION),
    Pattern(
        "axis",
        "Axis",
        "/axis-media/media.amp?camera={c}",
        "/axis-media/media.amp?camera={c}&resolution=640x360",
    ),
    Pattern("bosch", "Bosch", "/?inst=1&line={c}", "/?inst=2&line={c}"),
    Pattern("dahua", "Dahua", *_DAHUA),
    Pattern("dlink", "D-Link", "/live1.sdp", "/live2.sdp"),
    Pattern(
        "ezviz", "EZVIZ", "/h264/ch{c}/main/av_stream", "/h264/ch{c}/sub/av_stream"
    ),
    Pattern("flir", "FLIR", "/stream1", "/stream2"),
    Pattern("foscam", "Foscam", "/videoMain", "/videoSub", port=88),
    Pattern("geovision", "GeoVision", "/CH{c3}.sdp", port=8554),
    Pattern("hanwha", "Hanwha Wisenet", "/profile2/media.smp"),
    Pattern("hanwha-multi", "Hanwha multi-sensor", "/{c0}/profile2/media.smp"),
    Pattern("hikvision", "Hikvision", *_HIKVISION),
    Pattern("hilook", "HiLook", *_HIKVISION),
    Pattern(
        "ipro",
        "i-PRO / Panasonic",
        "/MediaInput/h264/stream_1",
        "/MediaInput/h264/stream_2",
    ),
    Pattern("lorex", "Lorex", *_DAHUA),
    Pattern("milesight", "Milesight", "/main", "/sub"),
    Pattern("reolink", "Reolink", "/h264Preview_{c2}_main", "/h264Preview_{c2}_sub"),
    Pattern("sony", "Sony", "/media/video1", "/media/video2"),
    Pattern("tapo", "TP-Link Tapo and VIGI", "/stream1", "/stream2"),
    Pattern("uniview", "Uniview", "/media/video1", "/media/video2"),
    Pattern("vivotek", "Vivotek", "/live1s1.sdp", "/live1s2.sdp"),
    Pattern("vstarcam", "VStarcam", "/tcp/av0_0", "/tcp/av0_1", port=10554),
)


@hookimpl
def suggest_addresses(
    host: str, port: int, channel: int, settings: NoSettings
) -> list[SuggestedAddress]:
    return [_suggestion(pattern, host, port, channel) for pattern in PATTERNS]


def _suggestion(
    pattern: Pattern, host: str, port: int, channel: int
) -> SuggestedAddress:
    used_port = port or pattern.port
    place = f"[{host}]" if ":" in host else host
    if used_port != 554:
        place += f":{used_port}"
    numbers = {
        "c": str(channel),
        "c0": str(channel - 1),
        "c2": f"{channel:02}",
        "c3": f"{channel:03}",
    }
    url, sub_url = (
        f"rtsp://{place}{path.format_map(numbers)}" if path else ""
        for path in (pattern.path, pattern.sub_path)
    )
    return SuggestedAddress(pattern.vendor, pattern.label, url, sub_url)
