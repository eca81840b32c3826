"""Preconditions and ranges, as RFC 9110 has them."""

import pytest
from nvr.web.conditions import Part, tag_to_resume, wanted_part

ETAG = '"abc"'
DATE = "Mon, 23 Nov 2026 20:00:00 GMT"
MODIFIED_S = 1_795_464_000
EARLIER = "Mon, 23 Nov 2026 19:59:59 GMT"
SIZE = 1000
WHOLE = Part(200, 0, 999)


def part(method: str = "GET", size: int = SIZE, **headers: str) -> Part:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wanted_part(method, named, etag=ETAG, modified_s=MODIFIED_S, size=size)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-0", Part(206, 0, 0)),
        ("bytes=0-", Part(206, 0, 999)),
        ("bytes=10-19", Part(206, 10, 19)),
        ("bytes=990-5000", Part(206, 990, 999)),
        ("bytes=999-", Part(206, 999, 999)),
        ("bytes=-1", Part(206, 999, 999)),
        ("bytes=-5000", Part(206, 0, 999)),
        ("BYTES = 1-2 ", Part(206, 1, 2)),
        ("bytes=0-0,", Part(206, 0, 0)),
        ("bytes=1000-", Part(416)),
        ("bytes=99999999999999999999-", WHOLE),  # too many digits to be a place
        ("bytes=-0", Part(416)),
        ("bytes=0-0,5-9", Part(416)),
        ("bytes=" + "0-0," * 1000, Part(416)),
        ("bytes=5-4", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=1", WHOLE),
        ("lines=0-1", WHOLE),
        ("", WHOLE),
        ("bytes=٠-٩", WHOLE),
    ],
)
def test_one_range_is_served(text: str, expected: Part) -> None:
    assert part(Range=text) == expected


def test_a_range_has_no_meaning_for_head() -> None:
    assert part("HEAD", Range="bytes=0-0") == WHOLE


@pytest.mark.parametrize(
    ("if_range", "is_kept"),
    [
        (ETAG, True),
        ('W/"abc"', False),
        ('"other"', False),
        (DATE, True),
        (EARLIER, False),
        ("nonsense", False),
    ],
)
def test_a_range_goes_on_only_in_the_same_bytes(if_range: str, is_kept: bool) -> None:
    answer = part(Range="bytes=5-9", If_Range=if_range)

    assert answer == (Part(206, 5, 9) if is_kept else WHOLE)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": ETAG}, 304),
        ({"If_None_Match": 'W/"abc"'}, 304),
        ({"If_None_Match": '"x", "abc"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": DATE}, 200),
        ({"If_Modified_Since": DATE}, 304),
        ({"If_Modified_Since": EARLIER}, 200),
        ({"If_Modified_Since": "nonsense"}, 200),
        ({"If_Match": ETAG}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": 'W/"abc"'}, 412),
        ({"If_Match": '"x"'}, 412),
        ({"If_Unmodified_Since": DATE}, 200),
        ({"If_Unmodified_Since": EARLIER}, 412),
        ({"If_Match": ETAG, "If_Unmodified_Since": EARLIER}, 200),
        ({"If_Match": '"x"', "If_None_Match": ETAG}, 412),
    ],
)
def test_preconditions_come_first(headers: dict[str, str], status: int) -> None:
    assert part(Range="bytes=0-0", **headers).status == {200: 206}.get(status, status)


def test_a_client_says_what_it_has() -> None:
    assert tag_to_resume({"If-Range": '"a-1-2"'}) == '"a-1-2"'
    assert tag_to_resume({"If-None-Match": 'W/"b", "c"'}) == '"b"'
    assert tag_to_resume({"If-Range": DATE}) is None
