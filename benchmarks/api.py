"""Accepted tasks and status reads per second, on both databases, beside a bare reply of the same server.

    python benchmarks/api.py [--count 3000] [--connections 64]

Creating includes authentication, validation, price, hold, task row and durable enqueue; an answer is
given after its commit. The load generator shares the machine: the ratio to the bare reply is what to compare.
"""

from __future__ import annotations

import argparse
import json
import socket
from contextlib import nullcontext

from load import Load, get, post, run
from service import Service, postgres, running

_BODY = json.dumps(
    {
        "customMode": True,
        "instrumental": True,
        "model": "V4_5",
        "style": "warm lo-fi piano, 80 bpm",
        "title": "Evening",
    }
).encode()


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=3000)
    arguments.add_argument("--connections", type=int, default=64)
    chosen = arguments.parse_args()
    print("| database | what | per s | ratio to bare | p50 ms | p99 ms |\n|---|---|--:|--:|--:|--:|")
    for name, database in (("SQLite", nullcontext("")), ("PostgreSQL", postgres())):
        with database as url, running(workers=0, engine="debug", database_url=url) as service:
            measure(name, service, chosen.count, chosen.connections)


def measure(name: str, service: Service, count: int, connections: int) -> None:
    """Measure one service."""
    port, key = service.port, service.key
    first = post("/api/v1/generate", key, _BODY)
    run(port, lambda _: get("/healthz"), count=500, connections=8, good=b"ok")
    bare = run(port, lambda _: get("/healthz"), count=count, connections=connections, good=b"ok")
    created = run(port, lambda _: first, count=count, connections=connections, good=b'"code":200')
    alone = run(port, lambda _: first, count=count // 10, connections=1, good=b'"code":200')
    task_id = _one_task(port, first)
    status = get(f"/api/v1/generate/record-info?taskId={task_id}", key)
    read = run(port, lambda _: status, count=count, connections=connections, good=b'"code":200')
    for what, load in (
        ("bare reply", bare),
        ("create", created),
        ("create, one caller", alone),
        ("status", read),
    ):
        print(_row(name, what, load, bare))


def _one_task(port: int, request: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        answer = connection.recv(65_536)
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["data"]["taskId"])


def _row(name: str, what: str, load: Load, bare: Load) -> str:
    ratio = load.per_s / bare.per_s
    p50, p99 = load.quantile_ms(0.5), load.quantile_ms(0.99)
    return f"| {name} | {what} | {load.per_s:,.0f} | {ratio:.3f} | {p50:.1f} | {p99:.1f} |"


if __name__ == "__main__":
    main()
