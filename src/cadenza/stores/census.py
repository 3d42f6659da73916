"""Counting rows for operators."""

from __future__ import annotations

import sqlalchemy as sa

from cadenza.domain.task import TaskState
from cadenza.stores.schema import callbacks, ledger, tasks
from cadenza.stores.values import from_ms_or_none
from cadenza.stores.workers import live_count
from cadenza.tasks.records import Census


def take_census(connection: sa.Connection) -> Census:
    """Count tasks and callbacks by state, live workers, and find the oldest queued task."""
    oldest_ms = connection.scalar(
        sa.select(sa.func.min(tasks.c.accepted_at_ms)).where(tasks.c.state == TaskState.QUEUED.value)
    )
    return Census(
        tasks={state.value: 0 for state in TaskState} | _counts(connection, tasks.c.state),
        callbacks=_counts(connection, callbacks.c.state),
        worker_count=live_count(connection),
        oldest_queued_at=from_ms_or_none(oldest_ms),
    )


def total_credits(connection: sa.Connection) -> dict[str, int]:
    """Return how many credits the entries of each kind have moved, over all accounts."""
    rows = connection.execute(sa.select(ledger.c.kind, sa.func.sum(ledger.c.credits)).group_by(ledger.c.kind))
    return {str(kind): int(credits) for kind, credits in rows}


def _counts(connection: sa.Connection, column: sa.Column[str]) -> dict[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).group_by(column))
    return {str(value): int(count) for value, count in rows}
