"""The outbox on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.domain.task import CallbackStage, Dialect
from cadenza.stores.schema import callbacks
from cadenza.stores.values import from_ms, to_ms
from cadenza.tasks.ports import CallbackRecord


class SqlCallbacks:
    """``CallbackBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, record: CallbackRecord) -> bool:
        """Insert; False where the task has told this stage already."""
        told = sa.select(callbacks.c.id).where(
            callbacks.c.task_id == record.task_id, callbacks.c.stage == record.stage.value
        )
        if self._connection.execute(told).first() is not None:
            return False
        self._connection.execute(
            callbacks.insert().values(
                id=record.id,
                task_id=record.task_id,
                account_id=record.account_id,
                dialect=record.dialect.value,
                stage=record.stage.value,
                url=record.url,
                body=record.body,
                state=record.state,
                attempt=record.attempt,
                created_at_ms=to_ms(record.created_at),
            )
        )
        return True

    def find(self, callback_id: str) -> CallbackRecord | None:
        """Return one record."""
        row = self._connection.execute(callbacks.select().where(callbacks.c.id == callback_id)).first()
        return None if row is None else _record(row)

    def note_attempt(
        self,
        callback_id: str,
        attempt: int,
        *,
        state: str,
        status: int | None,
        reason: str | None,
        next_at: datetime | None,
    ) -> bool:
        """Record attempt ``attempt``; False where it, or a later one, was recorded before."""
        settled_at_ms = None if state == "waiting" else to_ms(self._clock.now())
        done = self._connection.execute(
            callbacks.update()
            .where(
                callbacks.c.id == callback_id,
                callbacks.c.attempt == attempt - 1,
                callbacks.c.state == "waiting",
            )
            .values(
                attempt=attempt,
                state=state,
                last_status=status,
                last_reason=reason,
                next_at_ms=None if next_at is None else to_ms(next_at),
                settled_at_ms=settled_at_ms,
            )
        )
        return done.rowcount == 1

    def for_task(self, task_id: str, *, account_id: str) -> Sequence[CallbackRecord]:
        """Return the task's callbacks in the order of their creation."""
        rows = self._connection.execute(
            callbacks.select()
            .where(callbacks.c.task_id == task_id, callbacks.c.account_id == account_id)
            .order_by(callbacks.c.created_at_ms, callbacks.c.id)
        )
        return [_record(row) for row in rows]


def _record(row: sa.Row[Any]) -> CallbackRecord:
    return CallbackRecord(
        id=row.id,
        task_id=row.task_id,
        account_id=row.account_id,
        dialect=Dialect(row.dialect),
        stage=CallbackStage(row.stage),
        url=row.url,
        body=bytes(row.body),
        state=row.state,
        attempt=row.attempt,
        last_status=row.last_status,
        last_reason=row.last_reason,
        created_at=from_ms(row.created_at_ms),
    )
