"""The ledger on SQL: one row per entry, numbered per account, with the sum so far.

The newest entry carries the balance, so that asking for it costs one indexed row; that it equals
the sum of all deltas is a law under test. The table refuses a negative balance, a second number
and a second settlement by itself; what is decided here is decided under the write lock.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.domain.credits import MOST_CREDITS, EntryKind, LedgerEntry
from cadenza.domain.errors import Fault, InsufficientCredits, Malformed
from cadenza.stores.schema import accounts, ledger
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms, to_ms

_SIGNS = {EntryKind.GRANT: 1, EntryKind.HOLD: -1, EntryKind.CAPTURE: 0, EntryKind.RELEASE: 1}
_SETTLEMENTS = (EntryKind.CAPTURE, EntryKind.RELEASE)

_insert = Statement(ledger.insert())
_newest = Statement(
    sa.select(ledger.c.seq, ledger.c.balance)
    .where(ledger.c.account_id == sa.bindparam("account"))
    .order_by(ledger.c.seq.desc())
    .limit(1)
)
_lock_account = Statement(
    sa.select(accounts.c.id).where(accounts.c.id == sa.bindparam("account")).with_for_update()
)
_of_task = Statement(sa.select(ledger.c.kind).where(ledger.c.task_id == sa.bindparam("task")))


class SqlLedger:
    """``LedgerBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def balance(self, account_id: str) -> int:
        """Return the account's credits that can be spent."""
        newest = _newest(self._connection, {"account": account_id}).first()
        return 0 if newest is None else int(newest.balance)

    def append(
        self, account_id: str, kind: EntryKind, credits: int, *, task_id: str | None, note: str
    ) -> bool:
        """Append an entry; False where the task has it or is settled; see ``LedgerBook``."""
        _check_whole(credits)
        self._lock(account_id)
        if task_id is not None and kind is not EntryKind.HOLD and not self._may_settle(task_id, kind):
            return False
        newest = _newest(self._connection, {"account": account_id}).first()
        seq, balance = (0, 0) if newest is None else (newest.seq, newest.balance)
        delta = _SIGNS[kind] * credits
        if balance + delta < 0:
            raise InsufficientCredits(needed=credits, available=balance)
        if balance + delta > MOST_CREDITS:
            raise Malformed(Fault("credits", "are more than an account can hold", limit=MOST_CREDITS))
        entry = {
            "account_id": account_id,
            "seq": seq + 1,
            "kind": kind.value,
            "credits": credits,
            "delta": delta,
            "balance": balance + delta,
            "task_id": task_id,
            "note": note,
            "recorded_at_ms": to_ms(self._clock.now()),
        }
        _insert(self._connection, entry)
        return True

    def history(self, account_id: str, *, limit: int) -> Sequence[LedgerEntry]:
        """Return the newest entries first."""
        rows = self._connection.execute(
            ledger.select()
            .where(ledger.c.account_id == account_id)
            .order_by(ledger.c.seq.desc())
            .limit(limit)
        )
        return [_entry(row) for row in rows]

    def _lock(self, account_id: str) -> None:
        if self._connection.dialect.name == "postgresql":
            _lock_account(self._connection, {"account": account_id})

    def _may_settle(self, task_id: str, kind: EntryKind) -> bool:
        kinds = {row.kind for row in _of_task(self._connection, {"task": task_id})}
        settled = any(settlement.value in kinds for settlement in _SETTLEMENTS)
        return kind not in _SETTLEMENTS or (EntryKind.HOLD.value in kinds and not settled)


def _check_whole(credits: object) -> None:
    """Refuse what is no whole number of credits: SQLite would keep a fraction, PostgreSQL round it."""
    if type(credits) is not int or not 0 < credits <= MOST_CREDITS:
        raise Malformed(Fault("credits", "must be a whole number of at least 1", limit=MOST_CREDITS))


def _entry(row: sa.Row[tuple[object, ...]]) -> LedgerEntry:
    return LedgerEntry(
        account_id=row.account_id,
        seq=row.seq,
        kind=EntryKind(row.kind),
        credits=row.credits,
        delta=row.delta,
        balance=row.balance,
        task_id=row.task_id,
        note=row.note,
        recorded_at=from_ms(row.recorded_at_ms),
    )
