"""Keys and their budgets on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.domain.errors import SpendCapReached
from cadenza.domain.scopes import Scope, in_order
from cadenza.stores.schema import accounts, budgets, keys, tasks
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms, from_ms_or_none, to_ms
from cadenza.tasks.keys import Budget, KeyRecord, Limits, Principal

_key_columns = (*keys.c, budgets.c.cap, budgets.c.spent)
_keys_with_budgets = keys.outerjoin(budgets, budgets.c.id == keys.c.budget_id)
_all = sa.select(*_key_columns).select_from(_keys_with_budgets)
_principal = Statement(
    sa.select(*_key_columns, accounts.c.tasks_per_day, accounts.c.storage_bytes)
    .select_from(_keys_with_budgets.join(accounts, accounts.c.id == keys.c.account_id))
    .where(keys.c.id == sa.bindparam("key"))
)
# One statement decides and takes: two who spend at once cannot both have the last credit.
_spend = Statement(
    budgets.update()
    .where(budgets.c.id == sa.bindparam("budget"), budgets.c.spent + sa.bindparam("price") <= budgets.c.cap)
    .values(spent=budgets.c.spent + sa.bindparam("price"))
)
_of_task = (
    sa.select(keys.c.budget_id)
    .join(tasks, tasks.c.key_id == keys.c.id)
    .where(tasks.c.id == sa.bindparam("task"))
    .scalar_subquery()
)
_unspend = Statement(
    budgets.update().where(budgets.c.id == _of_task).values(spent=budgets.c.spent - sa.bindparam("price"))
)


class SqlKeys:
    """``KeyBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add_key(self, key: KeyRecord) -> None:
        """Insert a key, and its budget where that is new."""
        if key.budget is not None and self._budget(key.budget.id) is None:
            self._connection.execute(
                budgets.insert().values(id=key.budget.id, cap=key.budget.cap, spent=key.budget.spent)
            )
        self._connection.execute(
            keys.insert().values(
                id=key.id,
                account_id=key.account_id,
                name=key.name,
                digest=key.digest,
                last4=key.last4,
                created_at_ms=to_ms(key.created_at),
                revoked_at_ms=None,
                scopes=" ".join(scope.value for scope in in_order(key.scopes)),
                expires_at_ms=None if key.expires_at is None else to_ms(key.expires_at),
                budget_id=None if key.budget is None else key.budget.id,
            )
        )

    def key(self, key_id: str) -> KeyRecord | None:
        """Return one key by its public id."""
        row = self._connection.execute(_all.where(keys.c.id == key_id)).first()
        return None if row is None else _key(row)

    def keys(self) -> Sequence[KeyRecord]:
        """Return all keys, oldest first."""
        return [_key(row) for row in self._connection.execute(_all.order_by(keys.c.created_at_ms, keys.c.id))]

    def principal(self, key_id: str) -> Principal | None:
        """Return who a key acts for, in one look-up."""
        row = _principal(self._connection, {"key": key_id}).first()
        if row is None:
            return None
        limits = Limits(tasks_per_day=row.tasks_per_day, storage_bytes=row.storage_bytes)
        return Principal(key=_key(row), limits=limits)

    def revoke_key(self, key_id: str) -> bool:
        """Revoke; False where there is no such key that was not revoked before."""
        done = self._connection.execute(
            keys.update()
            .where(keys.c.id == key_id, keys.c.revoked_at_ms.is_(None))
            .values(revoked_at_ms=to_ms(self._clock.now()))
        )
        return done.rowcount == 1

    def expire_key(self, key_id: str, *, at: datetime) -> None:
        """Let a key expire at a moment, unless it does so earlier."""
        later = sa.or_(keys.c.expires_at_ms.is_(None), keys.c.expires_at_ms > to_ms(at))
        self._connection.execute(
            keys.update().where(keys.c.id == key_id, later).values(expires_at_ms=to_ms(at))
        )

    def spend(self, budget_id: str, credits: int) -> None:
        """Take credits from a budget. Raises ``SpendCapReached``."""
        if _spend(self._connection, {"budget": budget_id, "price": credits}).rowcount != 1:
            budget = self._budget(budget_id)
            assert budget is not None, "budgets are never deleted"
            raise SpendCapReached(needed=credits, available=budget.cap - budget.spent)

    def unspend(self, task_id: str, credits: int) -> None:
        """Give credits back to the budget that a task was paid from, where there is one."""
        _unspend(self._connection, {"task": task_id, "price": credits})

    def _budget(self, budget_id: str) -> Budget | None:
        row = self._connection.execute(budgets.select().where(budgets.c.id == budget_id)).first()
        return None if row is None else Budget(id=row.id, cap=row.cap, spent=row.spent)


def _key(row: sa.Row[Any]) -> KeyRecord:
    is_capped = row.budget_id is not None
    return KeyRecord(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        digest=row.digest,
        last4=row.last4,
        created_at=from_ms(row.created_at_ms),
        revoked_at=from_ms_or_none(row.revoked_at_ms),
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        expires_at=from_ms_or_none(row.expires_at_ms),
        budget=Budget(id=row.budget_id, cap=row.cap, spent=row.spent) if is_capped else None,
    )
