"""Whose turn it is: fair order among accounts, without anybody's share being set.

Every task has a turn. Workers take the queued one with the lowest, those of one turn in the order they came.
An account's next task gets the turn after its last one, but none that is over: who was away joins at the
turn that is being served. So accounts that wait are served round and round, one task each, however many
tasks one of them has sent: a thousand of one account delay another's first by one task, and nobody's tasks
wait for ever. (This is start-time fair queueing, Goyal, Vin and Cheng 1996, with every task the same size.)
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cadenza.domain.task import TaskState
from cadenza.stores.schema import tasks
from cadenza.stores.statement import Statement

_FIRST = 1

# The state is part of the text: a database uses a partial index only where it can see the condition.
_queued = tasks.c.state == sa.literal_column(f"'{TaskState.QUEUED.value}'")
_lowest_queued = sa.select(sa.func.min(tasks.c.turn)).where(_queued).scalar_subquery()
_highest = sa.select(sa.func.max(tasks.c.turn)).scalar_subquery()
_turns = Statement(
    sa.select(
        sa.select(sa.func.max(tasks.c.turn))
        .where(tasks.c.account_id == sa.bindparam("account"))
        .scalar_subquery()
        .label("last"),
        # Where nothing waits, the highest is that of a task which has begun.
        sa.func.coalesce(_lowest_queued, _highest).label("served"),
    )
)
_ahead = Statement(
    sa.select(sa.func.count())
    .select_from(tasks)
    .where(
        _queued,
        sa.tuple_(tasks.c.turn, tasks.c.accepted_at_ms)
        < sa.tuple_(sa.bindparam("turn"), sa.bindparam("moment")),
    )
)


def next_turn(connection: sa.Connection, account_id: str) -> int:
    """Return the turn of the account's next task."""
    found = _turns(connection, {"account": account_id}).one()
    return max(_FIRST, found.served or 0, (found.last or 0) + 1)


def used() -> sa.ColumnElement[Any]:
    """Return the turn of a task that ends: none where it was taken back before it began."""
    return sa.case((tasks.c.started_at_ms.is_(None), 0), else_=tasks.c.turn)


def place(connection: sa.Connection, *, turn: int, accepted_at_ms: int) -> int:
    """Return the place in the queue of a task with this turn, 1 for the next to start."""
    ahead = _ahead(connection, {"turn": turn, "moment": accepted_at_ms}).scalar()
    return int(ahead or 0) + 1
