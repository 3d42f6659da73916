"""What a URL must look like before anybody is asked about it. Pure: no DNS, no sockets.

Parsers disagree about odd URLs, and attacks live in the difference. So there is one small grammar
here; the connection is made from its result and from nothing else. An odd spelling either becomes
the plain one (full-width digits, a trailing dot, upper case) or is refused (decimal, octal and
hexadecimal addresses, user names, backslashes, control characters).
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import idna

from cadenza.domain.errors import Fault, Malformed
from cadenza.outbound.judge import Address, parse_address

LONGEST_URL = 2048  # characters, as sent
DEFAULT_PORTS = {"http": 80, "https": 443}

# Services that listen above 1023 and do something on a stray line of text: databases, queues, caches,
# container and cluster control, remote desktops, X11, IRC.
DENIED_PORTS = frozenset(
    {1099, 1433, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4222, 4369, 4444, 5432}
    | {5433, 5672, 5900, 5901, 5984, 5985, 5986, *range(6000, 6008), 6379, 6380, 6443, *range(6665, 6670)}
    | {6697, 8500, 9042, 9092, 9160, 9200, 9300, 9418, 10250, 10255, 11211, 15672, 16379, 27017, 27018}
    | {27019, 50000, 50070}
)

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?\Z")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,5}))?\Z")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# RFC 3986 characters that stay as they are in path and query; "%" too, so that nothing is encoded twice.
_KEPT = "%/?:@!$&'()*+,;=~-._[]|"

_THIS_MACHINE = ("127.0.0.1", "localhost")

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be looked at: plain, and the same thing to every reader.

    ``host`` is a lower-case ASCII name or an address without brackets; ``path`` is path and query,
    percent-encoded, beginning with "/".
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def address(self) -> Address | None:
        """The address where the host is one, None where it is a name."""
        return parse_address(self.host)

    @property
    def origin(self) -> Origin:
        """Scheme, host and port: what makes two URLs the same server."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Return the URL in its plain spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"


def judge_url(
    url: str,
    *,
    field: str = "url",
    denied_ports: AbstractSet[int] = DENIED_PORTS,
    own: AbstractSet[Origin] = frozenset(),
) -> Target:
    """Return ``url`` in its plain spelling.

    ``own`` are the server's own origins: their ports are allowed there whatever the policy says.

    Raises
    ------
    Malformed
        With ``field`` as the wire name and a reason that repeats nothing of the URL.
    """
    try:
        target = _parse(url)
        if target.origin not in own:
            _judge_port(target.port, denied_ports)
    except _Odd as odd:
        raise Malformed(Fault(field, odd.reason, limit=odd.limit, actual=odd.actual)) from None
    return target


def own_origins(url: str) -> frozenset[Origin]:
    """Return the origins that mean the server's own public URL; any port is good.

    ``localhost`` and ``127.0.0.1`` are two spellings of one place. Raises ``Malformed``.
    """
    try:
        scheme, host, port = _parse(url).origin
    except _Odd as odd:
        raise Malformed(Fault("CADENZA_PUBLIC_URL", odd.reason)) from None
    hosts = _THIS_MACHINE if host in _THIS_MACHINE else (host,)
    return frozenset((scheme, one, port) for one in hosts)


def read_host_name(text: str) -> str | None:
    """Return the plain spelling of a host name, or None where ``text`` is an address or neither."""
    try:
        host = _plain_host(text)
    except _Odd:
        return None
    return host if parse_address(host) is None else None


def resolve_redirect(target: Target, location: str) -> str:
    """Return the absolute URL that a ``Location`` header means; it is judged like any other."""
    if _ABSOLUTE.match(location):  # urljoin would make "http:///x" a path on the same host
        return location
    try:
        return urllib.parse.urljoin(str(target), location)
    except ValueError:  # brackets that do not match: let the judge refuse it
        return location


class _Odd(Exception):
    """Why a URL is refused, before it is known which field it stood in."""

    def __init__(self, reason: str, limit: float | None = None, actual: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.limit, self.actual = reason, limit, actual


def _parse(url: str) -> Target:
    url = url.strip(" ")
    if len(url) > LONGEST_URL:
        raise _Odd(f"is longer than {LONGEST_URL} characters", LONGEST_URL, len(url))
    if _FORBIDDEN.search(url):
        raise _Odd("contains a control character, an invisible character or a backslash")
    parts = _URL.match(url)
    if parts is None:
        raise _Odd("is not an absolute URL; write http://host/path or https://host/path")
    scheme = parts["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise _Odd("must begin with http:// or https://")
    host, port = _host_and_port(parts["authority"], scheme)
    return Target(scheme, host, port, _plain_path(parts["rest"]))


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    if "@" in authority:
        raise _Odd("must not carry a user name or password")
    parts = _AUTHORITY.match(authority)
    if parts is None:
        raise _Odd("has a host or port that cannot be read")
    port = int(parts["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise _Odd("has a port outside 1 to 65535", 65535, port)
    return _plain_host(parts["host"]), port


def _plain_host(host: str) -> str:
    if host.startswith("["):
        return _plain_ipv6(host[1:-1])
    if not host.isascii():
        host = _ascii_host(host)
    host = host.lower().removesuffix(".")
    if not host:
        raise _Odd("has no host")
    if _looks_numeric(host.rpartition(".")[2]):
        return _plain_ipv4(host)
    if len(host) > 253 or not all(_LABEL.match(label) for label in host.split(".")):
        raise _Odd("has a host name that cannot be a name")
    return host


def _plain_ipv6(text: str) -> str:
    address = parse_address(text)
    if address is None or address.version != 6:
        raise _Odd("has an IPv6 address that cannot be read; zone ids are not taken")
    return str(address)


def _plain_ipv4(text: str) -> str:
    """Only four decimal numbers without leading zeros: the other spellings mean an address to some."""
    address = parse_address(text)
    if address is None:
        raise _Odd("has a host that is an unusual spelling of an address; write four decimal numbers")
    return str(address)


def _looks_numeric(label: str) -> bool:
    """As the WHATWG URL standard decides whether a host is an IPv4 address: by its last label."""
    return label.isdigit() or label.startswith("0x")


def _ascii_host(host: str) -> str:
    """UTS 46 as browsers do: full-width and circled digits become digits, words become xn-- labels."""
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise _Odd("has a host name with characters that no host name has") from None


def _plain_path(rest: str) -> str:
    path = rest if rest.startswith("/") else f"/{rest}"
    return urllib.parse.quote(path, safe=_KEPT)


def _judge_port(port: int, denied_ports: AbstractSet[int]) -> None:
    if port not in DEFAULT_PORTS.values() and (port < 1024 or port in denied_ports):
        raise _Odd("has a port that is not open to requests; 80, 443 and most above 1023 are")
