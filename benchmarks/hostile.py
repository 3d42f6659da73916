"""What foreign files cost: one decode, cold and warm; and callers who wait while hostile files pour in."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from service import running

from cadenza.audio.children import Nursery, fresh_child
from cadenza.audio.decode import decode, measure
from cadenza.testing import hostile
from cadenza.testing.audio import noise
from cadenza.testing.files import file_bytes

TIMES = 15
FILES, CLIENTS = 200, 8
LONGEST_S = 480.0


def main() -> None:
    """Print both tables."""
    one_decode()
    crowd()


def one_decode() -> None:
    """Measure the round trip of one file, from its bytes to samples or a refusal in this process."""
    nursery = Nursery()
    files = {f"30 s of {name}": file_bytes(noise(30), name) for name in ("wav", "flac", "mp3", "opus")}
    print("| one file | cold, s | from the nursery, s | measured only, s |\n|---|--:|--:|--:|")
    for name, data in files.items():
        cold = _median_s(lambda data=data: decode(data, longest_s=LONGEST_S, children=fresh_child))
        warm = _median_s(lambda data=data: decode(data, longest_s=LONGEST_S, children=nursery))
        only = _median_s(lambda data=data: measure(data, longest_s=LONGEST_S, children=nursery))
        print(f"| {name} | {cold:.3f} | {warm:.3f} | {only:.3f} |")
    nursery.close()


def _median_s(work: Callable[[], object]) -> float:
    work()
    waits_s = []
    for _ in range(TIMES):
        begun_s = time.perf_counter()
        work()
        waits_s.append(time.perf_counter() - begun_s)
    return statistics.median(waits_s)


def crowd() -> None:
    """Measure status reads alone, and while eight clients bring 200 hostile files."""
    with running(workers=1, engine="debug") as service:
        headers = {"Authorization": f"Bearer {service.key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", headers=headers, timeout=60) as http:
            task_id = http.post("/v1/tasks", json={"prompt": "x", "takes": 1}).json()["id"]
            http.post("/v1/uploads", files={"file": ("in.wav", file_bytes(noise(1), "wav"))})
            time.sleep(5)
            print("\n| status reads | reads | p50 ms | p99 ms | worst ms |\n|---|--:|--:|--:|--:|")
            _read_beside("alone", http, task_id, lambda: time.sleep(5))
            took_s = _read_beside("while 200 hostile files arrive", http, task_id, lambda: _bring(http))
            print(f"\n{FILES} hostile files by {CLIENTS} clients: {took_s:.1f} s")


def _read_beside(name: str, http: httpx.Client, task_id: str, work: Callable[[], object]) -> float:
    is_over, waits_ms = threading.Event(), []

    def look() -> None:
        while not is_over.wait(0.005):
            begun_s = time.perf_counter()
            http.get(f"/v1/tasks/{task_id}").raise_for_status()
            waits_ms.append((time.perf_counter() - begun_s) * 1000)

    watching = threading.Thread(target=look)
    watching.start()
    begun_s = time.perf_counter()
    work()
    took_s = time.perf_counter() - begun_s
    is_over.set()
    watching.join()
    hundredths = statistics.quantiles(waits_ms, n=100)
    print(f"| {name} | {len(waits_ms)} | {hundredths[49]:.1f} | {hundredths[98]:.1f} | {max(waits_ms):.1f} |")
    return took_s


def _bring(http: httpx.Client) -> None:
    files = list(itertools.islice(itertools.cycle(hostile.hostile_set().items()), FILES))
    with ThreadPoolExecutor(CLIENTS) as clients:
        codes = list(
            clients.map(lambda file: http.post("/v1/uploads", files={"file": file}).status_code, files)
        )
    assert set(codes) == {201, 422}, set(codes)


if __name__ == "__main__":
    main()
