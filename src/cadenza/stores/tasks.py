"""Tasks on SQL: their moves, each a conditional update, and their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.abilities import Honoured
from cadenza.domain.clock import Clock
from cadenza.domain.links import Links
from cadenza.domain.serial import honoured_to_json, request_to_json
from cadenza.domain.task import MOVES, Accepted, Failure, TaskState, TaskView
from cadenza.stores import takes as take_rows
from cadenza.stores import turns
from cadenza.stores.load import SqlLoad
from cadenza.stores.schema import events, takes, tasks
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_json, from_ms, row_values, to_json, to_ms
from cadenza.stores.views import task_view
from cadenza.tasks.records import Attempt, EventRecord, StoredFile, TakeResult, TakeText

_FINAL = [state.value for state in TaskState if state.is_final]
_IDS_AT_ONCE = 500
_COMES_FROM = {
    state: [before.value for before, allowed in MOVES.items() if state in allowed] for state in TaskState
}


_insert = Statement(tasks.insert())
_by_id = Statement(tasks.select().where(tasks.c.id == sa.bindparam("task")))
# The state is part of the text: a database uses a partial index only where it can see the condition.
_version = Statement(
    sa.select(
        tasks.c.account_id, tasks.c.state, tasks.c.change_seq, tasks.c.turn, tasks.c.accepted_at_ms
    ).where(tasks.c.id == sa.bindparam("task"))
)


class SqlTasks(SqlLoad):
    """``TaskBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock, links: Links) -> None:
        self._connection = connection
        self._clock = clock
        self._links = links

    def add(  # noqa: PLR0913 - a row has that much
        self,
        task_id: str,
        account_id: str,
        accepted: Accepted,
        *,
        credits: int,
        engine: str,
        parent_take_id: str | None,
        turn: int = 0,
        request_id: str | None = None,
        key_id: str | None = None,
    ) -> TaskView:
        """Insert a queued task; ``key_id`` is the key that asked for it."""
        row = {
            "id": task_id,
            "account_id": account_id,
            "dialect": accepted.dialect.value,
            "operation": accepted.operation.value,
            "request": to_json(request_to_json(accepted.request)),
            "wire_model": accepted.wire_model,
            "wire_body": to_json(accepted.wire_body),
            "unknown_fields": to_json(accepted.unknown_fields),
            "callback_url": accepted.callback_url,
            "parent_take_id": parent_take_id,
            "state": TaskState.QUEUED.value,
            "failure_kind": None,
            "failure_reason": None,
            "credits": credits,
            "engine": engine,
            "attempt": 0,
            "losses": 0,
            "worker_id": None,
            "stage": "queued",
            "fraction": 0.0,
            "honoured": "{}",
            "accepted_at_ms": to_ms(self._clock.now()),
            "started_at_ms": None,
            "finished_at_ms": None,
            "change_seq": 0,
            "turn": turn,
            "request_id": request_id,
            "key_id": key_id,
        }
        _insert(self._connection, row)
        return task_view(row, (), self._links, now=self._clock.now(), queue_place=None)

    def view(self, task_id: str, *, account_id: str | None = None) -> TaskView | None:
        """Return one task, or None where there is none or it belongs to someone else."""
        row = self._row(task_id)
        if row is None or (account_id is not None and row["account_id"] != account_id):
            return None
        now = self._clock.now()
        if row["state"] == TaskState.QUEUED.value:
            return task_view(row, (), self._links, now=now, queue_place=self._queue_place(row))
        takes = take_rows.of_task(self._connection, task_id)
        return task_view(row, takes, self._links, now=now, queue_place=None)

    def list(
        self, account_id: str, *, limit: int, before: tuple[int, str] | None, state: TaskState | None
    ) -> Sequence[TaskView]:
        """Return the account's tasks, newest first."""
        query = tasks.select().where(tasks.c.account_id == account_id)
        if before is not None:
            query = query.where(sa.tuple_(tasks.c.accepted_at_ms, tasks.c.id) < sa.tuple_(*before))
        if state is not None:
            query = query.where(tasks.c.state == state.value)
        query = query.order_by(tasks.c.accepted_at_ms.desc(), tasks.c.id.desc()).limit(limit)
        rows = [row_values(row) for row in self._connection.execute(query)]
        found = take_rows.of_tasks(self._connection, [row["id"] for row in rows])
        now = self._clock.now()
        return [
            task_view(row, found.get(row["id"], ()), self._links, now=now, queue_place=None) for row in rows
        ]

    def version(self, task_id: str, *, account_id: str) -> tuple[int, int | None] | None:
        """Return the number of the task's last change and its place in the queue; None as in ``view``."""
        row = _version(self._connection, {"task": task_id}).first()
        if row is None or row.account_id != account_id:
            return None
        is_queued = row.state == TaskState.QUEUED.value
        return row.change_seq, self._queue_place(row_values(row)) if is_queued else None

    def changes(self, task_ids: Sequence[str]) -> dict[str, int]:
        """Return the number of the last change of each of these tasks."""
        found: dict[str, int] = {}
        for start in range(0, len(task_ids), _IDS_AT_ONCE):
            some = task_ids[start : start + _IDS_AT_ONCE]
            rows = self._connection.execute(
                sa.select(tasks.c.id, tasks.c.change_seq).where(tasks.c.id.in_(some))
            )
            found.update({row.id: row.change_seq for row in rows})
        return found

    def next_turn(self, account_id: str) -> int:
        """Return the turn of the account's next task."""
        return turns.next_turn(self._connection, account_id)

    def begin_attempt(self, task_id: str, *, worker_id: str) -> Attempt | None:
        """Take a task that is not final: count the attempt and void earlier ones."""
        done = self._connection.execute(
            tasks.update()
            .where(tasks.c.id == task_id, tasks.c.state.not_in(_FINAL))
            .values(
                attempt=tasks.c.attempt + 1,
                worker_id=worker_id,
                started_at_ms=sa.func.coalesce(tasks.c.started_at_ms, to_ms(self._clock.now())),
            )
            .returning(tasks.c.attempt, tasks.c.losses)
        ).first()
        if done is None:
            return None
        return Attempt(task_id=task_id, number=done.attempt, losses=done.losses)

    def count_losses(self, worker_id: str) -> int:
        """Count one loss for each unfinished task of a dead worker, once; return how many there were."""
        done = self._connection.execute(
            tasks.update()
            .where(tasks.c.worker_id == worker_id, tasks.c.state.not_in(_FINAL))
            .values(losses=tasks.c.losses + 1, worker_id=None)
        )
        return done.rowcount

    def is_current(self, attempt: Attempt) -> bool:
        """Answer whether the attempt may still work on its task."""
        query = sa.select(tasks.c.id).where(_held_by(attempt), tasks.c.state.not_in(_FINAL))
        return self._connection.execute(query).first() is not None

    def move(
        self,
        task_id: str,
        state: TaskState,
        *,
        attempt: Attempt | None = None,
        failure: Failure | None = None,
    ) -> bool:
        """Move to a state that ``MOVES`` allows from the present one; False where it may not."""
        values: dict[str, Any] = {"state": state.value, "change_seq": tasks.c.change_seq + 1}
        if state.is_final:
            values["finished_at_ms"] = to_ms(self._clock.now())
            values["turn"] = turns.used()
        if state is TaskState.COMPLETE:
            values.update(stage="complete", fraction=1.0)
        if failure is not None:
            values.update(failure_kind=failure.kind.value, failure_reason=failure.reason)
        mine = tasks.c.id == task_id if attempt is None else _held_by(attempt)
        done = self._connection.execute(
            tasks.update().where(mine, tasks.c.state.in_(_COMES_FROM[state])).values(values)
        )
        return done.rowcount == 1

    def note_progress(self, attempt: Attempt, stage: str, fraction: float) -> bool:
        """Record how far the attempt is; False where it is fenced off or the task is over."""
        done = self._connection.execute(
            tasks.update()
            .where(_held_by(attempt), tasks.c.state.not_in(_FINAL))
            .values(stage=stage, fraction=fraction, change_seq=tasks.c.change_seq + 1)
        )
        return done.rowcount == 1

    def note_honoured(self, attempt: Attempt, honoured: Mapping[str, Honoured]) -> None:
        """Record what became of each request field."""
        self._connection.execute(
            tasks.update()
            .where(_held_by(attempt))
            .values(honoured=to_json(honoured_to_json(honoured)), change_seq=tasks.c.change_seq + 1)
        )

    def add_take(self, attempt: Attempt, text: TakeText) -> None:
        """Insert a take that is not ready; nothing where it exists."""
        take_rows.add(self._connection, self._row(attempt.task_id), text, now=self._clock.now())
        self._note_change(attempt.task_id)

    def finish_take(self, attempt: Attempt, result: TakeResult, *, expires_at: datetime) -> int:
        """Mark a take ready with its files; return how many takes of the task are ready now."""
        self._note_change(attempt.task_id)
        return take_rows.finish(self._connection, attempt.task_id, result, expires_at=expires_at)

    def take_file(self, take_id: str, kind: str) -> StoredFile | None:
        """Return a take's file by kind."""
        return take_rows.stored_file(self._connection, take_id, kind)

    def take_length_s(self, take_id: str) -> float | None:
        """Return how long a finished take is, whoever owns it; None where there is none."""
        length_s: float | None = self._connection.scalar(
            sa.select(takes.c.duration_s).where(takes.c.id == take_id, takes.c.is_ready)
        )
        return length_s

    def take_owner(self, take_id: str, *, account_id: str) -> tuple[str, int] | None:
        """Return (task id, take index) of the account's take."""
        return take_rows.owner(self._connection, take_id, account_id=account_id)

    def is_take_coming(self, take_id: str) -> bool:
        """Answer whether a take is known and its task has not ended."""
        query = (
            sa.select(takes.c.id)
            .join(tasks, tasks.c.id == takes.c.task_id)
            .where(takes.c.id == take_id, tasks.c.state.not_in(_FINAL))
        )
        return self._connection.execute(query).first() is not None

    def record_event(self, task_id: str, kind: str, data: Mapping[str, Any]) -> int:
        """Append an event and return its number."""
        newest = self._connection.scalar(
            sa.select(sa.func.max(events.c.seq)).where(events.c.task_id == task_id)
        )
        seq = (newest or 0) + 1
        self._connection.execute(
            events.insert(),
            {
                "task_id": task_id,
                "seq": seq,
                "kind": kind,
                "data": to_json(data),
                "at_ms": to_ms(self._clock.now()),
            },
        )
        return seq

    def events(self, task_id: str, *, after: int) -> Sequence[EventRecord]:
        """Return the events with a larger number, in order."""
        rows = self._connection.execute(
            events.select().where(events.c.task_id == task_id, events.c.seq > after).order_by(events.c.seq)
        )
        return [
            EventRecord(seq=row.seq, kind=row.kind, data=from_json(row.data), at=from_ms(row.at_ms))
            for row in rows
        ]

    def _note_change(self, task_id: str) -> None:
        self._connection.execute(
            tasks.update().where(tasks.c.id == task_id).values(change_seq=tasks.c.change_seq + 1)
        )

    def _row(self, task_id: str) -> Mapping[str, Any] | None:
        row = _by_id(self._connection, {"task": task_id}).first()
        return None if row is None else row_values(row)

    def _queue_place(self, row: Mapping[str, Any]) -> int:
        return turns.place(self._connection, turn=row["turn"], accepted_at_ms=row["accepted_at_ms"])


def _held_by(attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(tasks.c.id == attempt.task_id, tasks.c.attempt == attempt.number)
