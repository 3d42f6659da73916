"""Who is alive: each worker's heartbeat, and picking up what a dead one left behind."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from cadenza import crash
from cadenza.domain.clock import Clock
from cadenza.domain.errors import Unavailable
from cadenza.tasks.ports import Store

_log = structlog.get_logger()
_BEAT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Beats for one worker and reaps for all.

    ``give_back`` puts the unfinished jobs of a worker back on their queues; it does no harm when two
    watches call it at once, and comes before the worker is struck off, so that nothing is forgotten when
    a watch dies in between.
    """

    store: Store
    clock: Clock
    worker_id: str
    dead_s: float
    give_back: Callable[[str], int]

    def run(self, stop: threading.Event) -> None:
        """Beat and reap, at once and again and again, until told to stop; then leave."""
        while True:
            try:
                self.beat()
                self.reap()
            except Unavailable as error:
                _log.warning("watch_waits", reason=str(error))
            if stop.wait(_BEAT_S):
                return

    def beat(self) -> None:
        """Tell that this worker is alive."""
        self.store.write(
            lambda books: books.workers.beat(self.worker_id, host=socket.gethostname(), pid=os.getpid())
        )

    def reap(self) -> None:
        """Pick up what dead workers left behind: the silent ones, and those of this host that ended."""
        now = self.clock.now()
        live = self.store.read(lambda books: books.workers.silent(since=now))
        silent_since = now - dt.timedelta(seconds=self.dead_s)
        silent = {one[0] for one in self.store.read(lambda books: books.workers.silent(since=silent_since))}
        for worker_id, host, pid in live:
            if worker_id == self.worker_id:
                continue
            if worker_id in silent or (host == socket.gethostname() and not _runs(pid)):
                # Whoever is struck off while it lives will be fenced off, but its death is what is counted.
                self._count_losses(worker_id)
                self._strike_off(worker_id)

    def _count_losses(self, dead_id: str) -> None:
        self.store.write(lambda books: books.tasks.count_losses(dead_id))
        crash.here("after_losses")

    def leave(self) -> None:
        """Hand back what this worker has not finished, and go; a clean end is nobody's fault."""
        self._strike_off(self.worker_id)

    def _strike_off(self, worker_id: str) -> None:
        count = self.give_back(worker_id)
        crash.here("after_give_back")
        self.store.write(lambda books: books.workers.leave(worker_id))
        _log.info("worker_left", left=worker_id, jobs_given_back=count)


def _runs(pid: int) -> bool:
    """Answer whether a process of this id runs here; an id that is used again only delays the reaper."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
