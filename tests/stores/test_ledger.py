from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import InsufficientCredits
from cadenza.stores.schema import ledger


def append(store, account, kind, credits, task_id=None):
    return store.write(
        lambda books: books.ledger.append(account.id, kind, credits, task_id=task_id, note="test")
    )


def balance(store, account):
    return store.read(lambda books: books.ledger.balance(account.id))


def test_a_hold_takes_credits_away_and_a_release_brings_them_back(store, account):
    append(store, account, EntryKind.HOLD, 12, "t1")
    assert balance(store, account) == 88
    append(store, account, EntryKind.RELEASE, 12, "t1")
    assert balance(store, account) == 100


def test_a_captured_hold_stays_away(store, account):
    append(store, account, EntryKind.HOLD, 12, "t1")
    assert append(store, account, EntryKind.CAPTURE, 12, "t1")
    assert balance(store, account) == 88


@pytest.mark.parametrize("first", [EntryKind.CAPTURE, EntryKind.RELEASE])
@pytest.mark.parametrize("second", [EntryKind.CAPTURE, EntryKind.RELEASE])
def test_a_hold_is_settled_once(store, account, first, second):
    append(store, account, EntryKind.HOLD, 12, "t1")
    append(store, account, first, 12, "t1")
    settled = balance(store, account)
    assert append(store, account, second, 12, "t1") is False
    assert balance(store, account) == settled


def test_what_was_never_held_cannot_be_released(store, account):
    assert append(store, account, EntryKind.RELEASE, 12, "t1") is False
    assert balance(store, account) == 100


def test_an_account_cannot_spend_more_than_it_has(store, account):
    append(store, account, EntryKind.HOLD, 90, "t1")
    with pytest.raises(InsufficientCredits) as refusal:
        append(store, account, EntryKind.HOLD, 12, "t2")
    assert (refusal.value.needed, refusal.value.available) == (12, 10)
    assert balance(store, account) == 10


def test_64_concurrent_spenders_get_exactly_what_the_balance_allows(store, account):
    granted = []

    def spend(number):
        try:
            append(store, account, EntryKind.HOLD, 7, f"t{number}")
        except InsufficientCredits:
            return
        granted.append(number)

    spenders = [threading.Thread(target=spend, args=(number,)) for number in range(64)]
    for spender in spenders:
        spender.start()
    for spender in spenders:
        spender.join()
    assert len(granted) == 100 // 7
    assert balance(store, account) == 100 - 7 * (100 // 7)


def test_the_balance_is_the_sum_of_all_entries(store, account):
    append(store, account, EntryKind.HOLD, 12, "t1")
    append(store, account, EntryKind.HOLD, 5, "t2")
    append(store, account, EntryKind.RELEASE, 5, "t2")
    append(store, account, EntryKind.GRANT, 3)
    history = store.read(lambda books: books.ledger.history(account.id, limit=100))
    assert sum(entry.delta for entry in history) == balance(store, account) == 91
    assert [entry.seq for entry in history] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("statement", ["UPDATE ledger SET credits = 1", "DELETE FROM ledger"])
def test_the_database_itself_refuses_to_change_an_entry(db_engine, store, account, statement):
    with pytest.raises(sa.exc.DBAPIError, match="immutable"), db_engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_the_database_itself_refuses_a_negative_balance(db_engine, store, account):
    row = {
        "account_id": account.id,
        "seq": 2,
        "kind": "hold",
        "credits": 101,
        "delta": -101,
        "balance": -1,
        "task_id": "t1",
        "note": "",
        "recorded_at_ms": 0,
    }
    with pytest.raises(sa.exc.IntegrityError), db_engine.begin() as connection:
        connection.execute(ledger.insert(), row)
