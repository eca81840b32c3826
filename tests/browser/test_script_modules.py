"""The pure parts of the scripts, run where they run: in a browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page
from pytest_aiohttp.plugin import AiohttpServer

from tests.web.site import make_site

JULY_8 = 1_783_468_800_000_000
"""2026-07-08T00:00:00Z in microseconds."""
HOUR = 3_600_000_000


@pytest.fixture
async def modules(page: Page, tmp_path: Path, aiohttp_server: AiohttpServer) -> Page:
    """A page of a site in Jakarta whose scripts can be imported."""
    server = await aiohttp_server(make_site(tmp_path).app)
    await page.goto(str(server.make_url("/sign-in")))
    return page


async def run(page: Page, module: str, expression: str, **values: Any) -> Any:
    """The value of an expression in which `m` is the module and `v` the values."""
    base = await page.get_attribute('script[src$="shell.js"]', "src")
    assert base is not None
    address = base.replace("shell.js", module)
    source = f"async (v) => {{ const m = await import({address!r}); {expression} }}"
    return await page.evaluate(source, values)


async def test_times_are_read_and_written_in_the_sites_zone(modules: Page) -> None:
    shown = await run(
        modules,
        "zone.js",
        "return [m.fieldValue(v.us), m.parseField('2026-07-08T07:00:00') === v.us,"
        "m.dayStart(v.us), m.nextDay(v.us), m.rfc3339(v.us + 40000),"
        "m.parse('2026-07-08T00:00:00.040001Z'), m.parse('2026-07-08T07:00:00+07:00')]",
        us=JULY_8,
    )

    midnight = JULY_8 - 7 * HOUR
    assert shown == [
        "2026-07-08T07:00:00",
        True,
        midnight,
        midnight + 24 * HOUR,
        "2026-07-08T00:00:00.040000Z",
        JULY_8 + 40_001,
        JULY_8,
    ]


@pytest.mark.parametrize(
    ("field", "utc"),
    [
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),  # does not exist
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),  # exists twice
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
    ],
)
async def test_the_clock_change_leaves_every_field_a_time(
    modules: Page, field: str, utc: str
) -> None:
    await modules.evaluate("document.documentElement.dataset.zone = 'Europe/Berlin'")

    shown = await run(
        modules,
        "zone.js?berlin",
        "return m.rfc3339(m.parseField(v.field))",
        field=field,
    )

    assert shown == utc


async def test_a_day_of_clock_change_has_23_or_25_hours(modules: Page) -> None:
    await modules.evaluate("document.documentElement.dataset.zone = 'Europe/Berlin'")

    hours = await run(
        modules,
        "zone.js?berlin",
        "return ['2026-03-29T12:00:00', '2026-10-25T12:00:00'].map((text) => {"
        "const us = m.parseField(text);"
        "return (m.nextDay(us) - m.dayStart(us)) / 3.6e9; })",
    )

    assert hours == [23, 25]


async def test_zooming_keeps_the_time_under_the_pointer(modules: Page) -> None:
    shown = await run(
        modules,
        "viewport.js",
        "const view = {startUs: v.us, spanUs: 3.6e9};"
        "const near = m.zoom(view, 0.1, m.toTime(view, 250, 1000));"
        "return [m.toX(near, m.toTime(view, 250, 1000), 1000), near.spanUs,"
        "m.zoom(view, 1e-9, v.us).spanUs, m.zoom(view, 1e9, v.us).spanUs]",
        us=JULY_8,
    )

    assert shown == [pytest.approx(250), 3.6e8, 5e6, 7 * 24 * 3.6e9]


async def test_ticks_stand_on_whole_local_times(modules: Page) -> None:
    ticks = await run(
        modules,
        "viewport.js",
        "return m.ticks({startUs: v.us + 1234567, spanUs: 8.64e10}, 1000, 84)",
        us=JULY_8,
    )

    assert ticks["stepUs"] == 3 * HOUR
    local_hours = [(us - JULY_8) // HOUR + 7 for us in ticks["times"]]
    assert all(hour % 3 == 0 for hour in local_hours)


async def test_the_future_is_hardly_shown(modules: Page) -> None:
    end = await run(
        modules,
        "viewport.js",
        "const view = m.clamp({startUs: v.us, spanUs: 1e9}, v.us);return m.endOf(view)",
        us=JULY_8,
    )

    assert end == JULY_8 + 0.04 * 1e9


@pytest.mark.parametrize(
    ("tiles", "width", "height", "grid"),
    [
        (1, 1400, 800, (1, 1)),
        (4, 1400, 800, (2, 2)),
        (6, 1920, 1000, (3, 2)),
        (16, 1400, 800, (4, 4)),
        (3, 400, 800, (1, 3)),
        (2, 3840, 1000, (2, 1)),
    ],
)
async def test_the_wall_makes_tiles_as_large_as_they_can_be(
    modules: Page, tiles: int, width: int, height: int, grid: tuple[int, int]
) -> None:
    made = await run(
        modules,
        "grid.js",
        "return m.bestGrid(v.tiles, v.width, v.height)",
        tiles=tiles,
        width=width,
        height=height,
    )

    assert (made["columns"], made["rows"]) == grid


async def test_arrows_stay_on_the_wall(modules: Page) -> None:
    reached = await run(
        modules,
        "grid.js",
        "return ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']"
        ".map((key) => [m.neighbour(0, key, 3, 5), m.neighbour(4, key, 3, 5)])",
    )

    assert reached == [[0, 3], [1, 4], [0, 1], [3, 4]]


async def test_a_late_picture_is_hurried_and_a_very_late_one_jumped(
    modules: Page,
) -> None:
    steered = await run(
        modules,
        "latency.js",
        "return [0.02, 0.35, 0.9, 1.5, 2.5].map((ahead) => m.steer(ahead, 1))",
    )

    assert [step["rate"] for step in steered] == [0.94, 1, 1.08, 1.2, 1]
    assert [step["jumpToS"] for step in steered] == [None, None, None, None, 0.35]


async def test_the_hurry_ends_at_the_target_and_not_before(modules: Page) -> None:
    rates = await run(
        modules,
        "latency.js",
        "return [0.6, 0.4, 0.3].map((ahead) => m.steer(ahead, 1.08).rate)",
    )

    assert rates == [1.08, 1.08, 1]


async def test_footage_tells_what_is_missing_and_why(modules: Page) -> None:
    shown = await run(
        modules,
        "footage.js",
        "const f = m.readFootage({runs: [{start: '2026-07-08T00:00:00Z', "
        "end: '2026-07-08T00:10:00Z'}, {start: '2026-07-08T00:15:00Z', end: null}],"
        "gaps: [{start: '2026-07-08T00:10:00Z', end: '2026-07-08T00:15:00Z', "
        "cause: 'lost'}], first: null, last: null});"
        "const M = 6e7; return [m.playableFrom(f, v.us + 12 * M) - v.us,"
        "m.playableFrom(f, v.us + 3 * M) - v.us,"
        "m.covered(f.runs, v.us, v.us + 20 * M, v.us + 18 * M),"
        "m.missing(f.gaps, v.us + 14 * M, v.us + 20 * M, v.us + 18 * M)[0].cause]",
        us=JULY_8,
    )

    minute = 60_000_000
    assert shown == [15 * minute, 3 * minute, 13 * minute, "lost"]


async def test_sound_that_cannot_be_played_is_hidden_without_moving_a_byte(
    modules: Page,
) -> None:
    names = await run(
        modules,
        "boxes.js",
        "const box = (type, ...parts) => { const body = parts.flat();"
        "const size = body.length + 8;"
        "return [0, 0, size >> 8, size & 255,"
        "...[...type].map((c) => c.charCodeAt(0)), "
        "...body]; };"
        "const zeros = (n) => Array(n).fill(0);"
        "const tkhd = (id) => box('tkhd', zeros(12), [0, 0, 0, id], zeros(68));"
        "const traf = (id) => box('traf', box('tfhd', zeros(4), [0, 0, 0, id]));"
        "const trex = (id) => box('trex', zeros(4), [0, 0, 0, id], zeros(16));"
        "const bytes = new Uint8Array(["
        "...box('moov', box('trak', tkhd(1)), box('trak', tkhd(2)), "
        "box('mvex', trex(1), trex(2))),"
        "...box('moof', box('mfhd', zeros(8)), traf(1), traf(2))]);"
        "const before = bytes.length; m.hideSound(bytes);"
        "const text = String.fromCharCode(...bytes);"
        "return [bytes.length === before, text.split('trak').length - 1,"
        "text.split('traf').length - 1, text.split('trex').length - 1,"
        "text.split('free').length - 1]",
    )

    assert names == [True, 1, 1, 1, 3]
