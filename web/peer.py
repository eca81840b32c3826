"""Who is at the other end of a connection, and by which address we were asked.

X-Forwarded headers are believed only from the reverse proxies that the settings name,
and only as far as an unbroken row of those reaches; from anybody else they are text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web

from nvr.base.settings import Network

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Peer:
    """`address` of the client in numbers; `is_secure`: they came by TLS."""

    address: str
    host: str
    is_secure: bool

    @property
    def network(self) -> str:
        """What one household or office has: an IPv4 address, or a /64 of IPv6."""
        try:
            ip = ip_address(self.address)
        except ValueError:
            return self.address
        if isinstance(ip, IPv6Address):
            return str(ip_network((ip, 64), strict=False))
        return self.address


PEER: web.RequestKey[Peer] = web.RequestKey("peer", Peer)


def peer(request: web.Request) -> Peer:
    """The peer of a request that came through the edge."""
    return request[PEER]


def peer_of(request: web.Request, trusted: Sequence[Network]) -> Peer:
    """Find out who asks. `trusted` are the networks of reverse proxies."""
    direct = _plain(request.remote or _UNKNOWN)
    if not _is_in(direct, trusted):
        return Peer(direct, request.host, request.secure)
    hops = [_plain(hop) for hop in _listed(request, "X-Forwarded-For")]
    strangers = [hop for hop in hops if not _is_in(hop, trusted)]
    schemes = _listed(request, "X-Forwarded-Proto")
    hosts = _listed(request, "X-Forwarded-Host")
    return Peer(
        strangers[-1] if strangers else direct,
        hosts[-1] if hosts else request.host,
        schemes[-1].lower() == "https" if schemes else request.secure,
    )


def _listed(request: web.Request, name: str) -> list[str]:
    text = ",".join(request.headers.getall(name, ()))
    return [part.strip() for part in text.split(",") if part.strip()]


def _plain(address: str) -> str:
    """Without a port or zone; an IPv4 address that wears IPv6 is undressed."""
    text = address.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return _UNKNOWN
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip.version == net.version and ip in net for net in networks)
