"""What addresses are accepted."""

from ipaddress import ip_network

import pytest

from nvr.base.errors import AddressRefused, CameraUnreachable
from nvr.ingest.address import AddressPolicy, check_url, split_credentials


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("rtsp://192.0.2.7/live", "192.0.2.7", 554),
        ("RTSP://cam-1.example:8554/a?b=c&d", "cam-1.example", 8554),
        ("rtsp://[2001:db8::7]:555/x", "2001:db8::7", 555),
    ],
)
def test_a_good_address_is_taken_apart(url, host, port):
    checked = check_url(url)

    assert (checked.text, checked.host, checked.port) == (url, host, port)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rtsp://h/a b", "space"),
        ("rtsp://h/a\r\nX: y", "line break"),
        ("http://h/a", "rtsp://"),
        ("h/a", "scheme"),
        ("rtsp://u:p@h/a", "separately"),
        ("rtsp:///a", "host"),
        ("rtsp://h:0/a", "port"),
        ("rtsp://h:99999/a", "understood"),
        ("rtsp://[::1/a", "understood"),
        ("rtsp://h/ü", "percent"),
        ("rtsp://h/" + "a" * 3000, "longer"),
    ],
)
def test_a_bad_address_is_refused_with_the_reason(url, words):
    with pytest.raises(AddressRefused, match=words):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("rtsp://h/a", ("rtsp://h/a", "", "")),
        ("rtsp://u:p@h:1/a?b@c", ("rtsp://h:1/a?b@c", "u", "p")),
        ("rtsp://u@h", ("rtsp://h", "u", "")),
        ("rtsp://u:p%40%3a%2f@h/", ("rtsp://h/", "u", "p@:/")),
        ("rtsp://u:p@ss@h/", ("rtsp://h/", "u", "p@ss")),
        ("rtsp://h/a@b", ("rtsp://h/a@b", "", "")),
    ],
)
def test_credentials_are_split_out_and_decoded(url, parts):
    assert split_credentials(url) == parts


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "fe80::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",
        "::",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "255.255.255.255",
        "100.100.100.200",
        "fd00:ec2::254",
        "0.1.2.3",
        "2002:7f00:1::",
    ],
)
def test_special_addresses_are_refused(address):
    assert not AddressPolicy().permits(address)


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "8.8.8.8", "fd00::7"])
def test_ordinary_addresses_are_permitted(address):
    assert AddressPolicy().permits(address)


def test_a_special_network_can_be_allowed():
    policy = AddressPolicy(allowed=(ip_network("127.0.0.0/8"),))

    assert policy.permits("127.0.0.1")
    assert policy.permits("::ffff:127.0.0.1")
    assert not policy.permits("169.254.1.1")


def test_only_allowed_refuses_everything_else():
    policy = AddressPolicy(allowed=(ip_network("10.1.0.0/16"),), only_allowed=True)

    assert policy.permits("10.1.2.3")
    assert not policy.permits("192.168.1.1")


async def test_a_name_is_judged_by_what_it_resolves_to():
    with pytest.raises(AddressRefused, match="allowed_networks"):
        await AddressPolicy().resolve("localhost", 554)
    with pytest.raises(AddressRefused):
        await AddressPolicy().resolve("2130706433", 554)


async def test_a_name_that_does_not_resolve_says_so():
    with pytest.raises(CameraUnreachable, match="resolved"):
        await AddressPolicy().resolve("no-such-camera.invalid", 554)
