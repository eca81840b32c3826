"""Suggested addresses are well formed and without credentials."""

from urllib.parse import urlsplit

import pytest
from nvr.plugins import generic

from nvr.hooks import build
from nvr.testing.vendor_contract import VendorContract


class TestGenericKeepsTheContract(VendorContract):
    plugin = generic


def suggested(host: str, port: int = 0, channel: int = 1) -> dict[str, tuple[str, str]]:
    plugins = build({"generic": generic})
    return {
        it.vendor: (it.url, it.sub_url)
        for it in plugins.suggest_addresses(host, port, channel)
    }


def test_the_addresses_of_some_makers() -> None:
    told = suggested("10.0.0.5", channel=3)

    assert told["hikvision"] == (
        "rtsp://10.0.0.5/Streaming/Channels/301",
        "rtsp://10.0.0.5/Streaming/Channels/302",
    )
    assert told["dahua"][1] == "rtsp://10.0.0.5/cam/realmonitor?channel=3&subtype=1"
    assert told["reolink"][0] == "rtsp://10.0.0.5/h264Preview_03_main"
    assert told["hanwha-multi"][0] == "rtsp://10.0.0.5/2/profile2/media.smp"
    assert told["geovision"][0] == "rtsp://10.0.0.5:8554/CH003.sdp"
    assert told["hanwha"][1] == ""


def test_a_given_port_counts_for_all() -> None:
    told = suggested("cam.local", port=10554)

    assert {urlsplit(url).port for url, _ in told.values()} == {10554}


def test_an_ipv6_address_is_put_in_brackets() -> None:
    told = suggested("2001:db8::5", port=8554)

    assert told["axis"][0].startswith("rtsp://[2001:db8::5]:8554/axis-media/")


@pytest.mark.parametrize("channel", [1, 32])
def test_every_address_is_one(channel: int) -> None:
    for url, sub_url in suggested("10.0.0.5", channel=channel).values():
        for each in filter(None, (url, sub_url)):
            parts = urlsplit(each)
            assert (parts.scheme, parts.hostname) == ("rtsp", "10.0.0.5")
            assert parts.username is None
            assert "{" not in each


def test_vendors_are_listed_once_and_by_label() -> None:
    told = build({"generic": generic}).suggest_addresses("10.0.0.5")
    labels = [it.label.casefold() for it in told]

    assert len({it.vendor for it in told}) == len(told)
    assert labels == sorted(labels)
