"""What suggested addresses must be, as tests to inherit."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from nvr.hookspecs import SuggestedAddress
from nvr.testing.plugin_contract import PluginContract

HOSTS = ("192.0.2.7", "cam.example", "2001:db8::7")
PORTS = (0, 8554)
CHANNELS = (1, 2, 32)


class VendorContract(PluginContract):
    """For plugins with `suggest_addresses`."""

    def suggested(
        self, host: str, port: int = 0, channel: int = 1
    ) -> list[SuggestedAddress]:
        """What the plugin says, by label."""
        return self.plugins().suggest_addresses(host, port, channel)

    def everything(self) -> Iterator[tuple[str, int, list[SuggestedAddress]]]:
        """Answers for all kinds of questions."""
        for host in HOSTS:
            for port in PORTS:
                for channel in CHANNELS:
                    yield host, port, self.suggested(host, port, channel)

    def test_it_suggests_something(self) -> None:
        assert self.suggested(HOSTS[0])

    def test_addresses_lead_to_the_device_that_was_named(self) -> None:
        for host, port, told in self.everything():
            for url in _urls(told):
                parts = urlsplit(url)
                assert parts.scheme in ("rtsp", "rtsps"), f"{url} is not RTSP"
                assert parts.hostname == host, f"{url} is not on {host}"
                assert port in (0, parts.port), f"{url} is not at port {port}"

    def test_addresses_hold_no_credentials_and_no_braces(self) -> None:
        for _, _, told in self.everything():
            for url in _urls(told):
                assert urlsplit(url).username is None, f"{url} holds a user name"
                assert not set(url) & set("{} \n"), f"{url} is not filled in"

    def test_each_vendor_is_named_once(self) -> None:
        told = self.suggested(HOSTS[0])

        vendors = [it.vendor for it in told]
        assert len(set(vendors)) == len(vendors), f"twice in {vendors}"
        for it in told:
            assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", it.vendor), it.vendor
            assert it.label.strip() == it.label != ""

    def test_it_connects_to_nothing(self) -> None:
        with _without_network():
            assert self.suggested(HOSTS[1])


def _urls(told: list[SuggestedAddress]) -> list[str]:
    # An empty address of the main stream is an error, of the sub stream it is not.
    return [it.url for it in told] + [it.sub_url for it in told if it.sub_url]


@contextmanager
def _without_network() -> Iterator[None]:
    """Sockets and names raise; for the whole process, so keep it short."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a hook that suggests addresses must not use the network")

    kept = socket.socket, socket.getaddrinfo
    socket.socket, socket.getaddrinfo = refuse, refuse  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        socket.socket, socket.getaddrinfo = kept  # type: ignore[misc]
