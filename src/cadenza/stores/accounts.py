"""Accounts on SQL; their keys are in ``keys``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.stores.keys import SqlKeys
from cadenza.stores.schema import accounts, webhook_overlaps
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms_or_none, to_ms
from cadenza.tasks.keys import Limits
from cadenza.tasks.records import Account

_accounts = sa.select(accounts, webhook_overlaps.c.secret, webhook_overlaps.c.until_ms).select_from(
    accounts.outerjoin(webhook_overlaps, webhook_overlaps.c.account_id == accounts.c.id)
)
_lock = Statement(sa.select(accounts.c.id).where(accounts.c.id == sa.bindparam("account")).with_for_update())


class SqlAccounts(SqlKeys):
    """``AccountBook`` on one connection."""

    def add(self, account: Account) -> None:
        """Insert an account."""
        self._connection.execute(
            accounts.insert().values(
                id=account.id,
                name=account.name,
                webhook_secret=account.webhook_secret,
                created_at_ms=to_ms(self._clock.now()),
                tasks_per_day=account.limits.tasks_per_day,
                storage_bytes=account.limits.storage_bytes,
            )
        )

    def find(self, account_id: str) -> Account | None:
        """Return one account."""
        return self._one(accounts.c.id == account_id)

    def by_name(self, name: str) -> Account | None:
        """Return the account of this name."""
        return self._one(accounts.c.name == name)

    def all(self) -> Sequence[Account]:
        """Return all accounts, oldest first."""
        query = _accounts.order_by(accounts.c.created_at_ms, accounts.c.id)
        return [_account(row) for row in self._connection.execute(query)]

    def lock_names(self) -> None:
        """Let nobody else add an account until this transaction ends; who spends does not wait."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")

    def set_limits(self, account_id: str, limits: Limits) -> None:
        """Replace what an account may have."""
        self._connection.execute(
            accounts.update()
            .where(accounts.c.id == account_id)
            .values(tasks_per_day=limits.tasks_per_day, storage_bytes=limits.storage_bytes)
        )

    def rotate_secret(self, account_id: str, secret: str, *, until: datetime) -> None:
        """Replace the signing secret; the present one stays valid until ``until``."""
        row = self._connection.execute(
            sa.select(accounts.c.webhook_secret).where(accounts.c.id == account_id).with_for_update()
        ).one()
        mine = webhook_overlaps.c.account_id == account_id
        self._connection.execute(webhook_overlaps.delete().where(mine))
        self._connection.execute(
            webhook_overlaps.insert().values(
                account_id=account_id, secret=row.webhook_secret, until_ms=to_ms(until)
            )
        )
        self._connection.execute(
            accounts.update().where(accounts.c.id == account_id).values(webhook_secret=secret)
        )

    def lock(self, account_id: str) -> None:
        """Let no other transaction write for the account; SQLite has one writer at a time anyhow."""
        if self._connection.dialect.name == "postgresql":
            _lock(self._connection, {"account": account_id})

    def _one(self, condition: sa.ColumnElement[bool]) -> Account | None:
        row = self._connection.execute(_accounts.where(condition)).first()
        return None if row is None else _account(row)


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        webhook_secret=row.webhook_secret,
        previous_secret=row.secret,
        previous_until=from_ms_or_none(row.until_ms),
        limits=Limits(tasks_per_day=row.tasks_per_day, storage_bytes=row.storage_bytes),
    )
