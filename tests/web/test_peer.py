"""Forwarded headers are believed from trusted proxies, and no further."""

from ipaddress import ip_network
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from nvr.web.peer import Peer, peer_of

PROXIES = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


def found(remote: str, *headers: tuple[str, str]) -> Peer:
    transport = Mock()
    transport.get_extra_info.side_effect = lambda name, default=None: (
        (remote, 1234) if name == "peername" else default
    )
    request = make_mocked_request(
        "GET",
        "/",
        headers=CIMultiDict([("Host", "nvr.example"), *headers]),
        transport=transport,
    )
    return peer_of(request, PROXIES)


def test_a_direct_client_is_who_it_is() -> None:
    assert found("203.0.113.9") == Peer("203.0.113.9", "nvr.example", False)


def test_a_trusted_proxy_tells_who_came() -> None:
    forwarded = (
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "cameras.example"),
    )

    assert found("10.1.2.3", *forwarded) == Peer("203.0.113.9", "cameras.example", True)


def test_a_stranger_tells_nothing() -> None:
    forwarded = (("X-Forwarded-For", "10.1.0.1"), ("X-Forwarded-Proto", "https"))

    assert found("203.0.113.9", *forwarded) == Peer("203.0.113.9", "nvr.example", False)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the client wrote the first
        ("203.0.113.9, 10.1.0.7", "203.0.113.9"),  # two of our proxies
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("10.1.0.7", "10.1.2.3"),
        ("<script>", "unknown"),
        ("", "10.1.2.3"),
    ],
)
def test_the_row_of_proxies_is_read_from_the_right(header: str, address: str) -> None:
    assert found("10.1.2.3", ("X-Forwarded-For", header)).address == address


def test_an_ipv4_address_in_ipv6_is_the_same_one() -> None:
    assert found("::ffff:203.0.113.9").address == "203.0.113.9"


def test_a_household_is_counted_as_one() -> None:
    one, two = (Peer(f"2001:db8::{n}", "h", False).network for n in (1, 2))

    assert one == two == "2001:db8::/64"
