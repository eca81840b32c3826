"""Playlists as text (RFC 8216bis), from media segments as values."""

from collections.abc import Sequence

from nvr.base import rfc3339
from nvr.base.model import SECOND_US
from nvr.play.hls_segments import MediaSegment

MIME = "application/vnd.apple.mpegurl"
_VERSION = 7
"""EXT-X-MAP asks for 6; Apple's rules for fragmented MP4 for 7."""


def target_seconds(segments: Sequence[MediaSegment]) -> int:
    """The least target duration that no segment exceeds when rounded."""
    longest_us = max((segment.duration_us for segment in segments), default=0)
    return max(1, (longest_us + SECOND_US // 2) // SECOND_US)


def recorded_playlist(
    segments: Sequence[MediaSegment], start_us: int | None = None
) -> str:
    """All of an interval. Playing begins at `start_us`, or else with the first."""
    lines = [*_head(segments, target_seconds(segments))]
    lines.append("#EXT-X-PLAYLIST-TYPE:VOD")
    lead_us = 0 if start_us is None else start_us - segments[0].wall_us
    if 0 < lead_us < segments[0].duration_us:
        lines.append(f"#EXT-X-START:TIME-OFFSET={_seconds(lead_us)},PRECISE=YES")
    lines += [*_listed(segments), "#EXT-X-ENDLIST", ""]
    return "\n".join(lines)


def live_playlist(
    segments: Sequence[MediaSegment],
    *,
    target: int,
    sequence: int,
    discontinuities: int,
) -> str:
    """The window of a stream that goes on; so many came before it."""
    lines = [
        *_head(segments, target),
        f"#EXT-X-MEDIA-SEQUENCE:{sequence}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}",
        *_listed(segments),
        "",
    ]
    return "\n".join(lines)


def multivariant_playlist(
    uri: str, segments: Sequence[MediaSegment], codecs: str, size: tuple[int, int]
) -> str:
    """One variant, with what a player must know before it fetches anything."""
    peak = max(map(_bits_per_second, segments))
    size_bytes = sum(segment.size_bytes for segment in segments)
    length_us = sum(segment.duration_us for segment in segments)
    told = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={8 * size_bytes * SECOND_US // length_us + 1}",
        f'CODECS="{codecs}"',
    ]
    if all(size):
        told.append(f"RESOLUTION={size[0]}x{size[1]}")
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}"]
    if all(segment.is_independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    return "\n".join([*lines, "#EXT-X-STREAM-INF:" + ",".join(told), uri, ""])


def _bits_per_second(segment: MediaSegment) -> int:
    return 8 * segment.size_bytes * SECOND_US // segment.duration_us + 1


def _head(segments: Sequence[MediaSegment], target: int) -> list[str]:
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
    ]
    if all(segment.is_independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    return lines


def _listed(segments: Sequence[MediaSegment]) -> list[str]:
    lines: list[str] = []
    described = None
    for segment in segments:
        if segment.is_discontinuous:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.init != described:
            described = segment.init
            lines.append(
                f'#EXT-X-MAP:URI="{segment.init}.mp4",'
                f'BYTERANGE="{segment.init_bytes}@0"'
            )
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.wall_us)}",
            f"#EXTINF:{_seconds(segment.duration_us)},",
            f"#EXT-X-BYTERANGE:{segment.size_bytes}@{segment.offset}",
            f"{segment.file}.mp4",
        ]
    return lines


def _date(wall_us: int) -> str:
    """To the millisecond always: some players want the digits."""
    return rfc3339.text(wall_us // 1000 * 1000)[:19] + f".{wall_us // 1000 % 1000:03}Z"


def _seconds(length_us: int) -> str:
    return f"{length_us // SECOND_US}.{length_us % SECOND_US:06}"
