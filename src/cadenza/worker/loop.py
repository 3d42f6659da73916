"""A worker process from start to end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from cadenza.tasks.ports import Store
from cadenza.worker.observe import Observer
from cadenza.worker.sweep import Rounds
from cadenza.worker.watch import Watch

_log = structlog.get_logger()
# A sweep that is under way ends with its batch.
_LAST_BATCH_S = 5.0


class Runner(Protocol):
    """Takes jobs from the queues."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self, *, wait_s: int) -> None:
        """Take no more, and wait at most so long for those that run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Works until ``stop`` is set; what is unfinished then goes back on the queues."""

    runner: Runner
    watch: Watch
    rounds: Rounds
    observer: Observer
    store: Store
    close: Callable[[], None]
    greeting: str

    def run(self, stop: threading.Event) -> None:
        """Work."""
        self.watch.beat()
        self.runner.start()
        _log.info("worker_started", worker_id=self.watch.worker_id, outbound=self.greeting)
        rounds = threading.Thread(target=self.rounds.run, args=(stop,), name="rounds", daemon=True)
        rounds.start()
        tally = threading.Thread(
            target=self.observer.tally.run, args=(self.store, stop), name="tally", daemon=True
        )
        tally.start()
        self.watch.run(stop)
        self.runner.stop(wait_s=0)
        rounds.join(_LAST_BATCH_S)
        tally.join(_LAST_BATCH_S)
        self.watch.leave()
        self.observer.tracer.close()
        self.close()
        _log.info("worker_stopped", worker_id=self.watch.worker_id)
