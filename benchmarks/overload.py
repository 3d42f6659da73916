"""What is left of the work when ten times as much is asked for as the workers can do.

    python benchmarks/overload.py [--seconds 60] [--times 10] [--workers 1]

First as much is asked for as keeps the workers busy: their peak. Then requests come at ten times that rate,
whether or not earlier ones were answered (an open loop), nineteen of twenty from one account; meanwhile a
program polls a task. The generator shares the machine. The catalogue asks for ten minutes: --seconds 600.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
from load import answer, get, post
from service import Service, running

_BODY = json.dumps({"prompt": "rain", "takes": 1}).encode()
_QUEUE_LIMIT = 20
_POLLS_PER_S = 20
_GREEDY_SHARE = 0.95
_MIB = 1 << 20


@dataclass(slots=True)
class Tally:
    """What came of the requests of one phase."""

    accepted: int = 0
    refused_ms: list[float] = field(default_factory=list)
    polled_ms: list[float] = field(default_factory=list)
    without_retry_after: int = 0


class Caller:
    """Sends requests of one account over as many connections as it needs at once."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self.key = key
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> bytes:
        """Return the answer to one request, head and body."""
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        )
        writer.write(request)
        told = await answer(reader)
        self._idle.append((reader, writer))
        return told

    async def create(self, tally: Tally) -> bool:
        """Ask for one task; answer whether it was accepted."""
        began_s = time.perf_counter()
        told = await self.ask(post("/v1/tasks", self.key, _BODY))
        if told.startswith(b"HTTP/1.1 201"):
            tally.accepted += 1
            return True
        tally.refused_ms.append((time.perf_counter() - began_s) * 1000)
        tally.without_retry_after += b"\nretry-after:" not in told.lower()
        return False

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--times", type=float, default=10)
    arguments.add_argument("--workers", type=int, default=1)
    chosen = arguments.parse_args()
    limit = {"CADENZA_QUEUE_LIMIT": str(_QUEUE_LIMIT)}
    with running(workers=chosen.workers, engine="debug", settings=limit) as service:
        asyncio.run(measure(service, seconds=chosen.seconds, times=chosen.times))


async def measure(service: Service, *, seconds: float, times: float) -> None:
    """Measure one service in two phases of ``seconds`` each."""
    async with _callers(service) as (greedy, modest):
        peak_per_s = await _peak(greedy, seconds)
        before = _resident_bytes(service)
        done_before = await _done(greedy)
        tally = await _overload(greedy, modest, per_s=times * peak_per_s, seconds=seconds)
        done_per_s = (await _done(greedy) - done_before) / seconds
        _print(peak_per_s, done_per_s, tally, grown_bytes=_resident_bytes(service) - before)


@asynccontextmanager
async def _callers(service: Service) -> AsyncIterator[tuple[Caller, Caller]]:
    callers = Caller(service.port, service.key), Caller(service.port, service.new_key("modest"))
    try:
        yield callers
    finally:
        for one in callers:
            one.close()


async def _peak(caller: Caller, seconds: float) -> float:
    """Keep the queue full without pressing; return how many tasks are done in a second."""
    tally, began, ends_s = Tally(), await _done(caller), time.perf_counter() + seconds
    while time.perf_counter() < ends_s:
        if not await caller.create(tally):
            await asyncio.sleep(0.05)
    return (await _done(caller) - began) / seconds


async def _overload(greedy: Caller, modest: Caller, *, per_s: float, seconds: float) -> Tally:
    """Send requests at a rate, whatever comes of them."""
    tally, sent, began_s = Tally(), [], time.perf_counter()
    polling = asyncio.create_task(_poll(greedy, tally, seconds))
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0.0, began_s + number / per_s - time.perf_counter()))
        caller = modest if number % 20 >= 20 * _GREEDY_SHARE else greedy
        sent.append(asyncio.create_task(caller.create(tally)))
    await asyncio.gather(polling, *sent)
    return tally


async def _poll(caller: Caller, tally: Tally, seconds: float) -> None:
    page = (await caller.ask(get("/v1/tasks?limit=1", caller.key))).partition(b"\r\n\r\n")[2]
    request = get(f"/v1/tasks/{json.loads(page)['data'][0]['id']}", caller.key)
    for _ in range(int(seconds * _POLLS_PER_S)):
        began_s = time.perf_counter()
        await caller.ask(request)
        tally.polled_ms.append((time.perf_counter() - began_s) * 1000)
        await asyncio.sleep(1 / _POLLS_PER_S)


async def _done(caller: Caller) -> int:
    """Return how many tasks of all accounts are complete."""
    told = (await caller.ask(get("/metrics"))).decode()
    found = [line for line in told.splitlines() if line.startswith('cadenza_tasks{state="complete"}')]
    return round(float(found[0].split()[-1]))


def _resident_bytes(service: Service) -> int:
    family = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    return sum(one.memory_info().rss for one in family if "cadenza" in " ".join(one.cmdline()))


def _print(peak_per_s: float, done_per_s: float, tally: Tally, *, grown_bytes: int) -> None:
    print("| what | figure |\n|---|--:|")
    print(f"| tasks done per s, at the peak | {peak_per_s:.2f} |")
    print(f"| the same while ten times as many are asked for | {done_per_s:.2f} |")
    print(f"| share of the peak | {done_per_s / peak_per_s:.1%} |")
    print(f"| refused | {len(tally.refused_ms)} of {len(tally.refused_ms) + tally.accepted} |")
    print(f"| refused without Retry-After | {tally.without_retry_after} |")
    print(f"| refusal, p50 and p99 ms | {_quantiles(tally.refused_ms)} |")
    print(f"| status read, p50 and p99 ms | {_quantiles(tally.polled_ms)} |")
    print(f"| memory grown, MiB | {grown_bytes / _MIB:.1f} |")


def _quantiles(latencies_ms: list[float]) -> str:
    ranked = sorted(latencies_ms) or [0.0]
    return f"{ranked[len(ranked) // 2]:.1f}, {ranked[int(0.99 * (len(ranked) - 1))]:.1f}"


if __name__ == "__main__":
    main()
