"""One request on one connection that is opened for it and closed after it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping

import httpcore

from cadenza.outbound.answers import Reason, Stop
from cadenza.outbound.backend import JudgedBackend
from cadenza.outbound.url import Target

_OURS = {"user-agent": "Cadenza", "accept-encoding": "identity"}


@contextlib.contextmanager
def exchange(
    method: str,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    *,
    backend: JudgedBackend,
    tls: ssl.SSLContext,
) -> Iterator[httpcore.Response]:
    """Yield the answer with its body unread. Whatever goes wrong raises ``Stop``."""
    url = httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    sent = [("host", target.authority), *_OURS.items(), *headers.items()]
    # httpcore is used without httpx: only its pool takes a network backend in a public parameter, and
    # it reads no proxy variables, no .netrc and keeps no cookies.
    with (
        _failures_told(),
        httpcore.ConnectionPool(
            tls, max_connections=1, max_keepalive_connections=0, network_backend=backend
        ) as pool,
        pool.stream(method, url, headers=sent, content=body or None) as response,
    ):
        yield response


@contextlib.contextmanager
def _failures_told() -> Iterator[None]:
    """Turn httpcore's errors into our few reasons."""
    try:
        yield
    except httpcore.TimeoutException:
        raise Stop(Reason.TIMEOUT) from None
    except (httpcore.ProtocolError, httpcore.NetworkError, httpcore.ConnectionNotAvailable):
        raise Stop(Reason.BROKEN) from None
