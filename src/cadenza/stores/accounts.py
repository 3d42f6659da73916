"""Accounts and keys on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.stores.schema import accounts, keys, webhook_overlaps
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms, from_ms_or_none, to_ms
from cadenza.tasks.records import Account, KeyRecord

_lock = Statement(sa.select(accounts.c.id).where(accounts.c.id == sa.bindparam("account")).with_for_update())


class SqlAccounts:
    """``AccountBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, account: Account) -> None:
        """Insert an account."""
        self._connection.execute(
            accounts.insert().values(
                id=account.id,
                name=account.name,
                webhook_secret=account.webhook_secret,
                created_at_ms=to_ms(self._clock.now()),
            )
        )

    def find(self, account_id: str) -> Account | None:
        """Return one account."""
        return self._one(accounts.c.id == account_id)

    def by_name(self, name: str) -> Account | None:
        """Return the account of this name."""
        return self._one(accounts.c.name == name)

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

    def add_key(self, key: KeyRecord) -> None:
        """Insert a key."""
        self._connection.execute(
            keys.insert().values(
                id=key.id,
                account_id=key.account_id,
                name=key.name,
                digest=key.digest,
                last4=key.last4,
                created_at_ms=to_ms(key.created_at),
                revoked_at_ms=None,
            )
        )

    def key(self, key_id: str) -> KeyRecord | None:
        """Return one key by its public id."""
        row = self._connection.execute(keys.select().where(keys.c.id == key_id)).first()
        return None if row is None else _key(row)

    def keys(self) -> Sequence[KeyRecord]:
        """Return all keys, oldest first."""
        return [_key(row) for row in self._connection.execute(keys.select().order_by(keys.c.created_at_ms))]

    def revoke_key(self, key_id: str) -> bool:
        """Revoke; False where there is no such live key."""
        done = self._connection.execute(
            keys.update()
            .where(keys.c.id == key_id, keys.c.revoked_at_ms.is_(None))
            .values(revoked_at_ms=to_ms(self._clock.now()))
        )
        return done.rowcount == 1

    def _one(self, condition: sa.ColumnElement[bool]) -> Account | None:
        both = accounts.outerjoin(webhook_overlaps, webhook_overlaps.c.account_id == accounts.c.id)
        columns = (accounts, webhook_overlaps.c.secret, webhook_overlaps.c.until_ms)
        row = self._connection.execute(sa.select(*columns).select_from(both).where(condition)).first()
        if row is None:
            return None
        return Account(
            id=row.id,
            name=row.name,
            webhook_secret=row.webhook_secret,
            previous_secret=row.secret,
            previous_until=from_ms_or_none(row.until_ms),
        )


def _key(row: sa.Row[Any]) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        digest=row.digest,
        last4=row.last4,
        created_at=from_ms(row.created_at_ms),
        revoked_at=from_ms_or_none(row.revoked_at_ms),
    )
