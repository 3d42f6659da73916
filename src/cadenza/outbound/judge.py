"""Which addresses are not a public place: our own reading of the IANA special-purpose registries.

``ipaddress.is_global`` is not enough: on Python 3.11 it calls multicast, NAT64, 6to4, ``5f00::/16``,
``3fff::/20``, ``fec0::/10`` and ``::127.0.0.1`` public. The tables here follow the IANA IPv4 and IPv6
Special-Purpose Address Registries (RFC 6890 and its updates) and add the forms of IPv6 that carry an
IPv4 address inside. In IPv6 the rule is turned round: only ``2000::/3`` can be public at all.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class OpenedBy(enum.Enum):
    """What an operator has to write into the allow-list before such an address may be reached."""

    ANY_ENTRY = "any entry"  # a network, or the name that resolved to it
    NETWORK = "network"  # only a network: a name must not lead to a metadata service
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SpecialRange:
    """A stretch of addresses that is no public place, and why."""

    network: Network
    name: str
    opened_by: OpenedBy = OpenedBy.ANY_ENTRY


def special_range(address: Address) -> SpecialRange | None:
    """Return the special range that holds ``address``, or None where it is public.

    The most particular range wins: 169.254.169.254 is "metadata service", not "link-local".
    """
    if isinstance(address, IPv4Address):
        return _first_holding(address, _IPV4)
    return _first_holding(address, _IPV6) or _isatap(address) or _outside_global_unicast(address)


def parse_address(text: str) -> Address | None:
    """Return the address that ``text`` spells in full, or None. Zone ids (``%eth0``) are not read."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def _first_holding(address: Address, table: tuple[SpecialRange, ...]) -> SpecialRange | None:
    return next((row for row in table if address in row.network), None)


def _isatap(address: IPv6Address) -> SpecialRange | None:
    """RFC 5214: an interface id of 0000:5efe or 0200:5efe is followed by an IPv4 address."""
    marker = (int(address) >> 32) & 0xFFFF_FFFF
    return _ISATAP if marker in {0x0000_5EFE, 0x0200_5EFE} else None


def _outside_global_unicast(address: IPv6Address) -> SpecialRange | None:
    return None if address in _GLOBAL_UNICAST else _NOT_ASSIGNED


def _row(network: str, name: str, opened_by: OpenedBy = OpenedBy.ANY_ENTRY) -> SpecialRange:
    return SpecialRange(ip_network(network), name, opened_by)


_NET, _NEVER = OpenedBy.NETWORK, OpenedBy.NOTHING

_IPV4: tuple[SpecialRange, ...] = (
    # The metadata services of the large clouds, ahead of the ranges they lie in.
    _row("169.254.169.254/32", "metadata service", _NET),
    _row("169.254.169.253/32", "metadata service", _NET),
    _row("169.254.170.2/32", "metadata service", _NET),
    _row("169.254.170.23/32", "metadata service", _NET),
    _row("100.100.100.200/32", "metadata service", _NET),
    _row("192.0.0.192/32", "metadata service", _NET),
    _row("168.63.129.16/32", "metadata service", _NET),  # looks public, answers only inside one cloud
    _row("0.0.0.0/8", "this network", _NEVER),  # 0.0.0.0 reaches the machine itself on Linux
    _row("10.0.0.0/8", "private"),
    _row("100.64.0.0/10", "carrier-grade NAT"),
    _row("127.0.0.0/8", "loopback"),
    _row("169.254.0.0/16", "link-local", _NET),
    _row("172.16.0.0/12", "private"),
    _row("192.0.0.0/24", "protocol assignments"),
    _row("192.0.2.0/24", "documentation"),
    _row("192.31.196.0/24", "AS112"),
    _row("192.52.193.0/24", "automatic multicast tunnelling"),
    _row("192.88.99.0/24", "6to4 relay", _NEVER),
    _row("192.168.0.0/16", "private"),
    _row("192.175.48.0/24", "AS112"),
    _row("198.18.0.0/15", "benchmarking"),
    _row("198.51.100.0/24", "documentation"),
    _row("203.0.113.0/24", "documentation"),
    _row("224.0.0.0/4", "multicast", _NEVER),
    _row("255.255.255.255/32", "broadcast", _NEVER),
    _row("240.0.0.0/4", "reserved"),
)

# An IPv4 address inside an IPv6 one says nothing about where the packet ends up: a translator decides.
# Such addresses are refused whatever the inner one is, and no allow-list opens them.
_IPV6: tuple[SpecialRange, ...] = (
    _row("::/128", "unspecified", _NEVER),
    _row("::1/128", "loopback"),
    _row("::/96", "embedded IPv4 (compatible)", _NEVER),
    _row("::ffff:0:0/96", "embedded IPv4 (mapped)", _NEVER),
    _row("::ffff:0:0:0/96", "embedded IPv4 (translated)", _NEVER),
    _row("64:ff9b::/96", "embedded IPv4 (NAT64)", _NEVER),
    _row("64:ff9b:1::/48", "embedded IPv4 (local NAT64)", _NEVER),
    _row("100::/64", "discard"),
    _row("100:0:0:1::/64", "dummy prefix"),
    _row("2001::/32", "embedded IPv4 (Teredo)", _NEVER),
    _row("2001::/23", "protocol assignments"),
    _row("2001:db8::/32", "documentation"),
    _row("2002::/16", "embedded IPv4 (6to4)", _NEVER),
    _row("2620:4f:8000::/48", "AS112"),
    _row("3fff::/20", "documentation"),
    _row("5f00::/16", "segment routing"),
    _row("fd00:ec2::/32", "metadata service", _NET),
    _row("fd20:ce::254/128", "metadata service", _NET),
    _row("fc00::/7", "unique local"),
    _row("fe80::/10", "link-local", _NET),
    _row("fec0::/10", "site-local"),
    _row("ff00::/8", "multicast", _NEVER),
)

_ISATAP = _row("::/0", "embedded IPv4 (ISATAP)", _NEVER)
_NOT_ASSIGNED = _row("::/0", "not global unicast")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
