"""One caller's wait: from POST to the first event, the text stage, the first sound and the first whole take.

    python benchmarks/journey.py [--seconds 60] [--repeat 3] [--rest 0]

Also prints the memory (RSS) of the API, of a worker at rest and the peak of a render child.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from pathlib import Path

import httpx
from service import Service, running

_MARKS = ("first event", "text stage", "first sound", "first take", "complete")


def main() -> None:
    """Measure and print two tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--rest", type=float, default=0.0, help="seconds before each request")
    chosen = arguments.parse_args()
    with running(workers=1, engine="embedded") as service:
        memory = _Memory(service.pid)
        waits = []
        for _ in range(chosen.repeat):
            time.sleep(chosen.rest)
            waits.append(_wait(service, chosen.seconds))
        memory.stop()
    print(f"| from POST to, s (song of {chosen.seconds:g} s) | median | worst |\n|---|--:|--:|")
    for mark in _MARKS:
        values = [wait[mark] for wait in waits]
        print(f"| {mark} | {statistics.median(values):.2f} | {max(values):.2f} |")
    print("\n| process | MiB |\n|---|--:|")
    for name, size in sorted(memory.peaks.items()):
        print(f"| {name} (peak RSS) | {size:.0f} |")


def _wait(service: Service, seconds: float) -> dict[str, float]:
    headers = {"authorization": f"Bearer {service.key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", headers=headers, timeout=120) as client:
        begun = time.perf_counter()
        body = {"prompt": "warm lo-fi piano, 80 bpm", "duration_s": seconds}
        task_id = client.post("/v1/tasks", json=body).json()["id"]
        reached: dict[str, float] = {}
        listener = threading.Thread(target=_hear, args=(service, client, task_id, begun, reached))
        for name, data in _events(client, task_id):
            now = time.perf_counter() - begun
            reached.setdefault("first event", now)
            if name == "text_ready":
                reached["text stage"] = now
                reached["stream"] = data["takes"][0]["stream_url"]
                listener.start()
            elif name in {"first_ready", "complete"}:
                reached["first take" if name == "first_ready" else "complete"] = now
        listener.join()
    return reached


def _events(client: httpx.Client, task_id: str):  # noqa: ANN202 - (name, data) pairs
    with client.stream("GET", f"/v1/tasks/{task_id}/events") as answer:
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name != "snapshot":
                yield name, json.loads(line.removeprefix("data: "))


def _hear(
    _service: Service, client: httpx.Client, _task_id: str, begun: float, reached: dict[str, float]
) -> None:
    with client.stream("GET", str(reached.pop("stream"))) as answer:
        for chunk in answer.iter_bytes():
            if chunk:
                reached["first sound"] = time.perf_counter() - begun
                return


class _Memory:
    """Looks at the sizes of all processes below the supervisor, ten times a second."""

    def __init__(self, root_pid: int) -> None:
        self.peaks: dict[str, float] = {}
        self._root_pid = root_pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for pid, name in _below(self._root_pid):
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:
                    continue
                size = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0")
                self.peaks[name] = max(self.peaks.get(name, 0.0), int(size.split()[1]) / 1024)


def _below(root_pid: int) -> list[tuple[int, str]]:
    found, waiting = [], [root_pid]
    while waiting:
        pid = waiting.pop()
        try:
            children = [
                child
                for thread in Path(f"/proc/{pid}/task").iterdir()
                for child in (thread / "children").read_text().split()
            ]
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        waiting.extend(int(child) for child in children)
        for mark, name in (
            ("serve_api", "API"),
            ("spawn_main", "API"),
            ("import work", "worker"),
            ("render_child", "render child"),
        ):
            if mark in command:
                found.append((pid, name))
                break
        else:
            found.append((pid, "supervisor"))
    return found


if __name__ == "__main__":
    main()
