from __future__ import annotations

import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa

from cadenza.domain.credits import MOST_CREDITS, EntryKind
from cadenza.domain.errors import InsufficientCredits, Malformed
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
def test_le_03_a_hold_is_settled_once_and_settling_it_again_changes_nothing(store, account, first, second):
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


def at_once(work, count):
    """Run ``work(number)`` in so many threads and return the answers."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_le_01_64_spenders_at_once_get_exactly_what_the_balance_allows(store, account, tried):

    def spend(number):
        try:
            return append(store, account, EntryKind.HOLD, 7, f"t{number}")
        except InsufficientCredits:
            return False

    assert sum(at_once(spend, 64)) == 100 // 7
    assert balance(store, account) == 100 - 7 * (100 // 7)
    tried(64)


def test_le_03_two_who_settle_one_hold_at_once_settle_it_once(store, account, tried):
    kinds = (EntryKind.CAPTURE, EntryKind.RELEASE)
    for number in range(10):
        task = f"t{number}"
        append(store, account, EntryKind.HOLD, 5, task)
        before = balance(store, account)
        wins = at_once(lambda which, task=task: append(store, account, kinds[which % 2], 5, task), 4)
        assert sum(wins) == 1
        is_released = wins[1] or wins[3]
        assert balance(store, account) == before + (5 if is_released else 0)
    tried(10)


NO_MONEY = (0.1, 10 * 0.1, float("nan"), float("inf"), "5", True, None, Decimal(5), 0, -5, 2**53, 2**70)


def test_le_07_only_whole_positive_numbers_are_credits(store, account, tried):
    append(store, account, EntryKind.HOLD, 5, "t1")
    attempts = list(itertools.product(EntryKind, NO_MONEY))
    for kind, amount in attempts:
        with pytest.raises(Malformed, match="credits: must be a whole number"):
            append(store, account, kind, amount, "t1")
    assert balance(store, account) == 95
    tried(len(attempts))


def test_le_07_no_account_holds_more_than_every_reader_can_count(store, account):
    assert append(store, account, EntryKind.GRANT, MOST_CREDITS - 100)
    with pytest.raises(Malformed, match="more than an account can hold"):
        append(store, account, EntryKind.GRANT, 1)
    assert balance(store, account) == MOST_CREDITS


def test_le_09_a_balance_read_during_a_storm_is_never_negative_and_never_above_what_was_granted(
    store, account, tried
):
    granted, is_over, seen = [100], threading.Event(), []

    def spend(number):
        for step in range(12):
            task = f"t{number}-{step}"
            with contextlib.suppress(InsufficientCredits):
                append(store, account, EntryKind.HOLD, 30, task)
                append(store, account, EntryKind.RELEASE if step % 2 else EntryKind.CAPTURE, 30, task)
            if step % 3 == 0:
                granted.append(10)  # told before it is there: what is read meanwhile may only be less
                append(store, account, EntryKind.GRANT, 10)

    def read():
        while not is_over.is_set():
            found = balance(store, account)
            seen.append(0 <= found <= sum(granted))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        at_once(spend, 4)
    finally:
        is_over.set()
        reader.join()
    assert seen
    assert all(seen)
    tried(len(seen))


def test_the_balance_is_the_sum_of_all_entries(store, account):
    append(store, account, EntryKind.HOLD, 12, "t1")
    append(store, account, EntryKind.HOLD, 5, "t2")
    append(store, account, EntryKind.RELEASE, 5, "t2")
    append(store, account, EntryKind.GRANT, 3)
    history = store.read(lambda books: books.ledger.history(account.id, limit=100))
    assert sum(entry.delta for entry in history) == balance(store, account) == 91
    assert [entry.seq for entry in history] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("statement", ["UPDATE ledger SET credits = 1", "DELETE FROM ledger"])
def test_le_08_the_database_itself_refuses_to_change_or_delete_an_entry(db_engine, store, account, statement):
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
