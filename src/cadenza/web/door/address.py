"""Where a request comes from: the address that connected, or behind a trusted proxy the one it names."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from cadenza.settings import Network

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNKNOWN = "unknown"
# Whoever has one IPv6 address has all of its network.
_IPV6_NETWORK_BITS = 64


def origin(request: Request, trusted: Sequence[Network]) -> str:
    """Return the address that a request comes from, of IPv6 the network.

    X-Forwarded-For is read from its end, where our own proxies write, past the trusted ones; what a caller
    wrote before is not believed. Without trusted proxies it is not read at all.
    """
    here = _parsed(request.client.host if request.client else "")
    named = ",".join(request.headers.getlist("x-forwarded-for")).split(",") if trusted else []
    while here is not None and named and any(here in network for network in trusted):
        here = _parsed(named.pop())
    return _UNKNOWN if here is None else _told(here)


def _parsed(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _told(address: _Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
