"""Camera addresses: what a person may enter, and where we may connect.

A server that fetches what users name must not be led to itself or to what only it can
reach. A name is resolved once, its addresses are checked, and only a checked address
is connected to.
"""

import asyncio
import re
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from nvr.base.errors import AddressRefused, CameraUnreachable
from nvr.base.settings import CameraSettings, Network, Transport
from nvr.ingest.trust import Trust

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
RTSP_PORT = 554
RTSPS_PORT = 322
LONGEST_URL = 2048
_PORTS = {"rtsp": RTSP_PORT, "rtsps": RTSPS_PORT}
# A host name or an address; IPv6 stands in brackets, which urlsplit takes off.
_HOST = re.compile(r"[A-Za-z0-9._:%-]{1,253}")
_NAT64 = IPv6Network("64:ff9b::/96")
# Cloud metadata services outside the link-local range: Alibaba, Azure, AWS over IPv6.
_METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254"))
)


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """An address that has been checked. `text` has no credentials."""

    text: str
    host: str
    port: int
    is_secure: bool = False  # rtsps


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where cameras may be, whom to believe there, and what to ask for first.

    Loopback, link-local, multicast, unspecified, reserved and metadata addresses only
    if `allowed` names them; with `only_allowed` nothing else than `allowed` at all.
    """

    allowed: tuple[Network, ...] = ()
    only_allowed: bool = False
    trust: Trust = field(default_factory=Trust)
    transport: Transport = "tcp"

    @classmethod
    def of(cls, cameras: CameraSettings) -> Self:
        """As the settings say."""
        return cls(
            allowed=cameras.allowed_networks,
            only_allowed=cameras.only_allowed,
            trust=Trust(cameras.ca_file, cameras.fingerprints),
            transport=cameras.transport,
        )

    async def resolve(self, host: str, port: int) -> list[SocketAddress]:
        """The addresses of a host that may be connected to, at least one. Raises
        `AddressRefused` or `CameraUnreachable`."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise CameraUnreachable(
                f"The name {host} could not be resolved. "
                "Check its spelling and the server's DNS."
            ) from error
        addresses = [_numeric(entry[4]) for entry in found]
        permitted = [a for a in addresses if self.permits(a[0])]
        if not permitted:
            raise AddressRefused(self._why_refused(host))
        return permitted

    def permits(self, address: str) -> bool:
        """Whether a camera may be at this numeric address."""
        ip = _plain(ip_address(address.partition("%")[0]))
        if any(ip.version == net.version and ip in net for net in self.allowed):
            return True
        return not self.only_allowed and not _is_special(ip)

    def _why_refused(self, host: str) -> str:
        if self.only_allowed:
            return f"{host} is not in the networks that cameras may be in."
        return (
            f"{host} is a loopback, link-local or otherwise special address; cameras "
            "there are allowed only if the setting `allowed_networks` names it."
        )


def check_url(url: str) -> RtspUrl:
    """Take an address apart. Raises `AddressRefused` with what is wrong with it."""
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise AddressRefused(
            "The address holds a space or line break; write a space as %20."
        )
    if len(url) > LONGEST_URL:
        raise AddressRefused(f"The address is longer than {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefused(
            "The address cannot be understood. It should look like "
            "rtsp://192.0.2.10:554/stream1."
        ) from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise AddressRefused(
            "Addresses that begin with rtsp:// or rtsps:// are supported, "
            f"not {parts.scheme[:20] or 'those without a scheme'}."
        )
    if "@" in parts.netloc:
        raise AddressRefused(
            "The address holds a user name or password; enter them separately."
        )
    if not _HOST.fullmatch(host) or port == 0:
        raise AddressRefused("The address has no usable host name or port.")
    if not url.isascii():
        raise AddressRefused("The address holds letters that must be percent-encoded.")
    return RtspUrl(
        url.partition("#")[0], host, port or _PORTS[scheme], scheme == "rtsps"
    )


def split_credentials(url: str) -> tuple[str, str, str]:
    """The address without credentials, user name and password, both decoded.

    An unescaped `@` in the password is understood: the last one ends it.
    """
    scheme, separator, rest = url.partition("://")
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    credentials, at, host = rest[:end].rpartition("@")
    if not separator or not at:
        return url, "", ""
    username, _, password = credentials.partition(":")
    return f"{scheme}://{host}{rest[end:]}", unquote(username), unquote(password)


def _numeric(address: tuple[object, ...]) -> SocketAddress:
    host, port, *rest = address
    assert isinstance(host, str) and isinstance(port, int)
    if len(rest) == 2 and all(isinstance(part, int) for part in rest):
        return (host, port, int(str(rest[0])), int(str(rest[1])))
    return (host, port)


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one that leads to it."""
    if isinstance(ip, IPv4Address):
        return ip
    embedded = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        embedded = IPv4Address(int(ip) & 0xFFFFFFFF)
    return embedded or ip


def _is_special(ip: IPv4Address | IPv6Address) -> bool:
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_reserved
        or ip in _METADATA
        or (ip.version == 4 and int(ip) >> 24 == 0)
    )
