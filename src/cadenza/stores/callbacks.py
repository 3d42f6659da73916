"""The outbox on SQL."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.domain.task import CallbackStage, Dialect
from cadenza.stores.schema import callback_attempts, callbacks, disabled_endpoints
from cadenza.stores.values import from_ms, to_ms
from cadenza.tasks.records import CallbackAttempt, CallbackRecord

_UNSETTLED = ("waiting", "redelivering")
_FAILED = ("gave_up", "disabled")


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
                settled_at_ms=None if record.state in _UNSETTLED else to_ms(record.created_at),
            )
        )
        return True

    def find(self, callback_id: str) -> CallbackRecord | None:
        """Return one record."""
        row = self._connection.execute(callbacks.select().where(callbacks.c.id == callback_id)).first()
        return None if row is None else _record(row)

    def lock(self, callback_id: str) -> CallbackRecord | None:
        """Return one record, locked until the end of the transaction (SQLite locks everything)."""
        row = self._connection.execute(
            callbacks.select().where(callbacks.c.id == callback_id).with_for_update()
        ).first()
        return None if row is None else _record(row)

    def is_anyone_in_front(self, task_id: str) -> bool:
        """Look, and lock what is found."""
        found = self._connection.execute(_untried(task_id).with_for_update())
        return found.first() is not None

    def next_untried(self, task_id: str) -> CallbackRecord | None:
        """Return the earliest stage of those in line."""
        rows = [_record(row) for row in self._connection.execute(_untried(task_id))]
        return min(rows, key=lambda record: record.stage.sequence, default=None)

    def begin_attempt(self, callback_id: str, attempt: int) -> datetime | None:
        """Record the beginning of an attempt, or return when it began; the record is locked by the caller."""
        begun = self._connection.execute(
            sa.select(callback_attempts.c.started_at_ms).where(
                callback_attempts.c.callback_id == callback_id, callback_attempts.c.attempt == attempt
            )
        ).first()
        if begun is not None:
            return from_ms(begun.started_at_ms)
        self._connection.execute(
            callback_attempts.insert().values(
                callback_id=callback_id, attempt=attempt, started_at_ms=to_ms(self._clock.now())
            )
        )
        return None

    def note_attempt(
        self,
        callback_id: str,
        attempt: int,
        *,
        state: str,
        status: int | None,
        reason: str | None,
        elapsed_ms: int | None,
        next_at: datetime | None,
    ) -> bool:
        """Record the end of an attempt; False where its end, or that of a later one, was recorded before."""
        settled_at_ms = None if state in _UNSETTLED else to_ms(self._clock.now())
        done = self._connection.execute(
            callbacks.update()
            .where(
                callbacks.c.id == callback_id,
                callbacks.c.attempt == attempt - 1,
                callbacks.c.state.in_(_UNSETTLED),
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
        if done.rowcount != 1:
            return False
        self._connection.execute(
            callback_attempts.update()
            .where(callback_attempts.c.callback_id == callback_id, callback_attempts.c.attempt == attempt)
            .values(elapsed_ms=elapsed_ms, status=status, reason=reason)
        )
        return True

    def settle_disabled(self, callback_id: str) -> None:
        """Settle a waiting callback without an attempt."""
        self._connection.execute(
            callbacks.update()
            .where(callbacks.c.id == callback_id, callbacks.c.state == "waiting")
            .values(state="disabled", next_at_ms=None, settled_at_ms=to_ms(self._clock.now()))
        )

    def reopen(self, callback_id: str) -> int | None:
        """Put a settled callback to redelivery and return how many attempts it had."""
        attempt: int | None = self._connection.scalar(
            callbacks.update()
            .where(callbacks.c.id == callback_id, callbacks.c.state.not_in(_UNSETTLED))
            .values(state="redelivering", settled_at_ms=None)
            .returning(callbacks.c.attempt)
        )
        return attempt

    def disable(self, account_id: str, url: str) -> None:
        """Disable an endpoint; nothing where it is disabled, even if that happens at this moment."""
        row = {"account_id": account_id, "endpoint": _digest(url), "since_ms": to_ms(self._clock.now())}
        with contextlib.suppress(sa.exc.IntegrityError), self._connection.begin_nested():
            self._connection.execute(disabled_endpoints.insert().values(row))

    def enable(self, account_id: str, url: str) -> None:
        """Enable an endpoint."""
        self._connection.execute(disabled_endpoints.delete().where(_endpoint(account_id, url)))

    def is_disabled(self, account_id: str, url: str) -> bool:
        """Answer whether an endpoint is disabled."""
        found = self._connection.execute(
            sa.select(disabled_endpoints.c.since_ms).where(_endpoint(account_id, url))
        )
        return found.first() is not None

    def recent(self, *, task_id: str | None, is_failed: bool, limit: int) -> Sequence[CallbackRecord]:
        """Return the newest callbacks first, whosever they are."""
        query = callbacks.select().order_by(callbacks.c.created_at_ms.desc(), callbacks.c.id).limit(limit)
        if task_id is not None:
            query = query.where(callbacks.c.task_id == task_id)
        if is_failed:
            query = query.where(callbacks.c.state.in_(_FAILED))
        return [_record(row) for row in self._connection.execute(query)]

    def attempts(self, callback_ids: Sequence[str]) -> Mapping[str, Sequence[CallbackAttempt]]:
        """Return the attempts at each callback, in their order."""
        found: dict[str, list[CallbackAttempt]] = {one: [] for one in callback_ids}
        query = (
            callback_attempts.select()
            .where(callback_attempts.c.callback_id.in_(callback_ids))
            .order_by(callback_attempts.c.attempt)
        )
        for row in self._connection.execute(query):
            found[row.callback_id].append(_attempt(row))
        return found

    def for_task(self, task_id: str, *, account_id: str) -> Sequence[CallbackRecord]:
        """Return the task's callbacks in the order of their creation."""
        rows = self._connection.execute(
            callbacks.select()
            .where(callbacks.c.task_id == task_id, callbacks.c.account_id == account_id)
            .order_by(callbacks.c.created_at_ms, callbacks.c.id)
        )
        return [_record(row) for row in rows]


def _untried(task_id: str) -> sa.Select[Any]:
    return callbacks.select().where(
        callbacks.c.task_id == task_id, callbacks.c.state == "waiting", callbacks.c.attempt == 0
    )


def _endpoint(account_id: str, url: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        disabled_endpoints.c.account_id == account_id, disabled_endpoints.c.endpoint == _digest(url)
    )


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _attempt(row: sa.Row[Any]) -> CallbackAttempt:
    return CallbackAttempt(
        attempt=row.attempt,
        started_at=from_ms(row.started_at_ms),
        elapsed_ms=row.elapsed_ms,
        status=row.status,
        reason=row.reason,
    )


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
