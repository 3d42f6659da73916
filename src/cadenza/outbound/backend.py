"""The sockets of the outbound door: every connected address is judged, every wait has one deadline.

httpcore asks a network backend for its connections. This one resolves the name itself, judges every
answer (a set with one bad address is refused as a whole), connects to a judged address by number and
reads the peer's address back. A name that changes its answer between the check and the connection has
nothing to gain, because there is no second lookup.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence

import httpcore
import structlog

from cadenza.outbound.answers import Reason, Stop
from cadenza.outbound.judge import Address, parse_address, special_range
from cadenza.outbound.resolve import TimedResolver

_log = structlog.get_logger("cadenza.outbound")
_MOST_TRIED = 4  # addresses of one name; enough for IPv6 and IPv4 of two hosts


class Deadline:
    """One moment by which everything must be over: lookup, connection, hops and body."""

    def __init__(self, limit_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ends_at_s = monotonic() + limit_s

    def left_s(self) -> float:
        """Return the seconds that are left, always above 0; raises ``Stop`` when there are none."""
        left_s = self._ends_at_s - self._monotonic()
        if left_s <= 0:
            raise Stop(Reason.TIMEOUT)
        return left_s


class JudgedBackend(httpcore.NetworkBackend):
    """Connections to judged addresses only, all within one deadline.

    ``permits`` is asked for each address with the name it was found under.
    """

    def __init__(
        self, resolver: TimedResolver, permits: Callable[[Address, str], bool], deadline: Deadline
    ) -> None:
        self._resolver, self._permits, self._deadline = resolver, permits, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules instead
        local_address: str | None = None,  # noqa: ARG002 - never set by us
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - never set by us
    ) -> httpcore.NetworkStream:
        """Resolve, judge and connect. Raises ``Stop`` with one reason for every way to fail."""
        addresses = self._judged(host, port)[:_MOST_TRIED]
        for place, address in enumerate(addresses):
            share_s = self._deadline.left_s() / (len(addresses) - place)
            if connected := self._connect(address, host, port, share_s):
                return DeadlineStream(connected, self._deadline)
        raise Stop(Reason.UNREACHABLE)

    def _judged(self, host: str, port: int) -> Sequence[Address]:
        literal = parse_address(host)
        told = [host] if literal else self._resolver.lookup(host, port, limit_s=self._deadline.left_s())
        addresses = [address for text in told if (address := parse_address(text))]
        if len(addresses) < len(told) or not all(self._may(address, host) for address in addresses):
            raise Stop(Reason.UNREACHABLE)
        return addresses

    def _may(self, address: Address, host: str) -> bool:
        if self._permits(address, host):
            return True
        special = special_range(address)
        _log.warning(
            "outbound_refused",
            host=host,
            address=str(address),
            kind=special.name if special else "",
            hint="CADENZA_OUTBOUND_ALLOW opens networks and hosts",
        )
        return False

    def _connect(self, address: Address, host: str, port: int, limit_s: float) -> socket.socket | None:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(limit_s)
            sock.connect((str(address), port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = parse_address(sock.getpeername()[0])
        except OSError:  # closed, filtered, no route: the caller is told one thing
            sock.close()
            return None
        if peer != address or not self._permits(peer, host):
            sock.close()
            raise Stop(Reason.UNREACHABLE)
        return sock


class DeadlineStream(httpcore.NetworkStream):
    """A connected socket on which no operation outlives the deadline of the whole exchange."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see above
        """Return at most ``max_bytes``, empty at the end."""
        self._sock.settimeout(self._deadline.left_s())
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise Stop(Reason.TIMEOUT) from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see above
        """Send all of ``buffer``.

        A broken pipe is httpcore's to judge: it still reads the answer that a server may have
        given before it hung up.
        """
        rest = memoryview(buffer)
        try:
            while rest:
                self._sock.settimeout(self._deadline.left_s())
                rest = rest[self._sock.send(rest) :]
        except TimeoutError:
            raise Stop(Reason.TIMEOUT) from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - see above
    ) -> httpcore.NetworkStream:
        """Return a verified stream for the name in the URL, which SNI names as well."""
        self._sock.settimeout(self._deadline.left_s())
        try:
            secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except TimeoutError:
            self.close()
            raise Stop(Reason.TIMEOUT) from None
        except (OSError, ValueError):  # ValueError: a name that cannot stand in a handshake
            self.close()
            raise Stop(Reason.TLS) from None
        return DeadlineStream(secured, self._deadline)
