"""A small load generator for loopback: keep-alive connections, one request in flight on each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests took."""

    count: int
    seconds: float
    latencies_ms: list[float]
    refused: int

    @property
    def per_s(self) -> float:
        """Requests answered with success in a second."""
        return (self.count - self.refused) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """Return the latency below which ``share`` of the requests stayed."""
        ranked = sorted(self.latencies_ms)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def run(port: int, request: Callable[[int], bytes], *, count: int, connections: int, good: bytes) -> Load:
    """Send ``count`` requests over ``connections`` connections; a good answer contains ``good``."""
    return asyncio.run(_run(port, request, count, connections, good))


async def _run(port: int, request: Callable[[int], bytes], count: int, connections: int, good: bytes) -> Load:
    numbers = iter(range(count))
    latencies: list[float] = []
    refused = 0

    async def connection() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            sent = time.perf_counter()
            writer.write(request(number))
            body = await answer(reader)
            latencies.append((time.perf_counter() - sent) * 1000)
            refused += good not in body
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(connections)))
    return Load(count, time.perf_counter() - started, latencies, refused)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Return one answer, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    raise ValueError("an answer without a length")


def get(path: str, key: str = "") -> bytes:
    """Return a GET request."""
    return _head("GET", path, key) + b"\r\n"


def post(path: str, key: str, body: bytes) -> bytes:
    """Return a POST request with a JSON body."""
    length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return _head("POST", path, key) + length.encode() + body


def _head(method: str, path: str, key: str) -> bytes:
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{authorization}".encode()
