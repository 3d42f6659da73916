"""The door itself: fetch a file, or post a callback. Nothing else in Cadenza speaks to other hosts.

Both calls block, for worker threads. Neither looks at proxy variables, ``.netrc`` or cookies; both ask
for an uncompressed answer and never unpack one; both end at one wall-clock deadline over lookup,
connection, redirects and body, whatever the other side does.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import httpcore

from cadenza.domain.clock import Clock, SystemClock
from cadenza.domain.errors import Fault, Malformed, SourceUnusable
from cadenza.outbound.allow import SETTING, AllowList
from cadenza.outbound.answers import Answer, Failed, Fetched, Reason, Stop
from cadenza.outbound.backend import Deadline, JudgedBackend
from cadenza.outbound.exchange import exchange
from cadenza.outbound.headers import date_of, header_value, retry_after_s_of
from cadenza.outbound.judge import Address, OpenedBy, special_range
from cadenza.outbound.resolve import Resolver, TimedResolver, system_resolver
from cadenza.outbound.saving import save
from cadenza.outbound.url import DENIED_PORTS, Target, judge_url, own_origins, resolve_redirect

SOURCE_DEADLINE_S = 60.0
CALLBACK_DEADLINE_S = 15.0
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REPLY_CAP_BYTES = 64 * 1024  # of a receiver's reply, read only to see that it is whole; never kept
_ASKED = {"accept": "audio/*, */*;q=0.5"}

Permits = Callable[[Address, str], bool]


class Outbound:
    """Everything that leaves this server goes through one of these; build it once, in wiring.

    Parameters
    ----------
    allow
        What may be reached besides public addresses.
    resolver
        Names to addresses; tests hand in their own.
    own_url
        The server's public URL. It may always be a source, whatever its address and port;
        it is no special place for callbacks.
    denied_ports
        Ports above 1023 that no request may go to.
    ssl_context
        How certificates are verified; the default trusts certifi's and the system's roots.
    clock
        The time of day, for Retry-After dates. Deadlines run on a monotonic clock.
    """

    def __init__(
        self,
        allow: AllowList | None = None,
        *,
        resolver: Resolver = system_resolver,
        own_url: str | None = None,
        denied_ports: frozenset[int] = DENIED_PORTS,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._allow = allow or AllowList()
        self._resolver = TimedResolver(resolver)
        self._own_url = own_url
        self._own = own_origins(own_url) if own_url else frozenset()
        self._denied_ports = denied_ports
        self._tls = ssl_context or httpcore.default_ssl_context()
        self._clock = clock or SystemClock()

    def describe(self) -> str:
        """Return one line for the start-up log: what may be reached."""
        also = f", and also {self._allow} ({SETTING})" if str(self._allow) else f" ({SETTING} is empty)"
        own = f"; sources may also be on {self._own_url}" if self._own_url else ""
        return f"Outbound requests reach public addresses{also}{own}."

    def check_source(self, url: str, *, field: str = "url") -> Target:
        """Return a source URL in its plain spelling, without any lookup.

        Raises
        ------
        Malformed
            Where the URL is odd, or names an address that may not be reached.
        """
        target = judge_url(url, field=field, denied_ports=self._denied_ports, own=self._own)
        if target.address and not self._permits_source(target)(target.address, target.host):
            raise Malformed(Fault(field, "names an address that is not public"))
        return target

    def check_callback(self, url: str, *, field: str = "url") -> Target:
        """Return a callback URL in its plain spelling, without any lookup.

        Its address is not judged here: dead and private callback hosts are normal and must not hurt a
        task. They are judged at each delivery. Raises ``Malformed`` where the URL is odd.
        """
        return judge_url(url, field=field, denied_ports=self._denied_ports)

    def fetch_to_file(
        self, url: str, path: Path, *, max_bytes: int, deadline_s: float = SOURCE_DEADLINE_S
    ) -> Fetched:
        """Write what is behind ``url`` to ``path``; at most three redirects, each judged anew.

        Raises
        ------
        SourceUnusable
            With a reason that names a class of failure only. Nothing is left at ``path``.
        """
        try:
            return self._fetch(url, path, max_bytes, Deadline(deadline_s))
        except Stop as stop:
            path.unlink(missing_ok=True)
            raise SourceUnusable(stop.reason.text) from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        deadline_s: float = CALLBACK_DEADLINE_S,
    ) -> Answer | Failed:
        """Post ``body`` and return the status, or the reason why there is none. Follows no redirect.

        The reply is read only to see that it is whole; it is not kept.
        """
        try:
            target = self.check_callback(url)
            return self._post(target, body, headers, Deadline(deadline_s))
        except Malformed:
            return Failed(Reason.URL_REFUSED)
        except Stop as stop:
            return Failed(stop.reason)

    def ask(
        self, url: str, body: bytes, headers: Mapping[str, str], *, max_bytes: int, deadline_s: float
    ) -> bytes | Failed:
        """Post ``body`` to a service that the operator named, and return its successful answer.

        Our own URL may be asked whatever its address and port. Follows no redirect.
        """
        try:
            target = judge_url(url, denied_ports=self._denied_ports, own=self._own)
            backend = JudgedBackend(self._resolver, self._permits_source(target), Deadline(deadline_s))
            with exchange("POST", target, headers, body, backend=backend, tls=self._tls) as response:
                return _whole(response, max_bytes)
        except Malformed:
            return Failed(Reason.URL_REFUSED)
        except Stop as stop:
            return Failed(stop.reason)

    def _fetch(self, url: str, path: Path, max_bytes: int, deadline: Deadline) -> Fetched:
        target = self._source_target(url, Reason.URL_REFUSED)
        for _ in range(MOST_REDIRECTS + 1):
            backend = JudgedBackend(self._resolver, self._permits_source(target), deadline)
            with exchange("GET", target, _ASKED, b"", backend=backend, tls=self._tls) as response:
                if response.status not in _REDIRECTS:
                    return save(response, target, path, max_bytes=max_bytes)
                location = header_value(response.headers, b"location")
            if not location:
                raise Stop(Reason.STATUS)
            target = self._source_target(resolve_redirect(target, location), Reason.REDIRECT)
        raise Stop(Reason.REDIRECT)

    def _post(self, target: Target, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
        backend = JudgedBackend(self._resolver, self._permits, deadline)
        with exchange("POST", target, headers, body, backend=backend, tls=self._tls) as response:
            received = 0
            for chunk in response.iter_stream():
                received += len(chunk)
                if received > _REPLY_CAP_BYTES:
                    break
            retry_after_s = retry_after_s_of(response.headers, now=self._clock.now())
            return Answer(
                status=response.status, retry_after_s=retry_after_s, told_at=date_of(response.headers)
            )

    def _source_target(self, url: str, otherwise: Reason) -> Target:
        try:
            return judge_url(url, denied_ports=self._denied_ports, own=self._own)
        except Malformed:
            raise Stop(otherwise) from None

    def _permits(self, address: Address, host: str) -> bool:
        return self._allow.permits(address, host=host)

    def _permits_source(self, target: Target) -> Permits:
        """Return the allow-list, or for our own public URL: whatever address it has."""
        return _permits_unless_closed if target.origin in self._own else self._permits


def _whole(response: httpcore.Response, max_bytes: int) -> bytes:
    if not 200 <= response.status < 300:
        raise Stop(Reason.STATUS)
    received = bytearray()
    for chunk in response.iter_stream():
        received += chunk
        if len(received) > max_bytes:
            raise Stop(Reason.TOO_LARGE)
    return bytes(received)


def _permits_unless_closed(address: Address, host: str) -> bool:  # noqa: ARG001 - one shape with the other
    special = special_range(address)
    return special is None or special.opened_by is not OpenedBy.NOTHING
