"""Heartbeats on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.stores.schema import workers
from cadenza.stores.values import to_ms


class SqlWorkers:
    """``WorkerBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def beat(self, worker_id: str, *, host: str, pid: int) -> None:
        """Record that a worker is alive."""
        now_ms = to_ms(self._clock.now())
        known = self._connection.execute(
            workers.update().where(workers.c.id == worker_id).values(seen_at_ms=now_ms, is_live=True)
        )
        if known.rowcount == 0:
            self._connection.execute(
                workers.insert().values(
                    id=worker_id, host=host, pid=pid, started_at_ms=now_ms, seen_at_ms=now_ms, is_live=True
                )
            )

    def leave(self, worker_id: str) -> None:
        """Record that a worker is gone."""
        self._connection.execute(workers.update().where(workers.c.id == worker_id).values(is_live=False))

    def live_count(self) -> int:
        """Return how many workers count as live."""
        return live_count(self._connection)

    def silent(self, *, since: datetime) -> Sequence[tuple[str, str, int]]:
        """Return (id, host, pid) of the live ones that were not heard of since."""
        rows = self._connection.execute(
            sa.select(workers.c.id, workers.c.host, workers.c.pid).where(
                workers.c.is_live.is_(True), workers.c.seen_at_ms <= to_ms(since)
            )
        )
        return [(row.id, row.host, row.pid) for row in rows]


def live_count(connection: sa.Connection) -> int:
    """Return how many workers count as live."""
    live = sa.select(sa.func.count()).select_from(workers).where(workers.c.is_live.is_(True))
    return int(connection.scalar(live) or 0)
