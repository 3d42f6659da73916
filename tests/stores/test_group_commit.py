"""Many writes in one commit: each stands alone."""

from __future__ import annotations

import threading

import pytest

from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import InsufficientCredits
from cadenza.stores.store import GroupCommit
from cadenza.tasks.records import Account


@pytest.fixture
def committers(store):
    """Two batchers on one database, as two API processes have."""
    pair = [GroupCommit(store), GroupCommit(store)]
    yield pair
    for committer in pair:
        committer.close()


def hold(account_id, task_id, credits=10):
    return lambda books: books.ledger.append(
        account_id, EntryKind.HOLD, credits, task_id=task_id, note="test"
    )


def balance(store, account_id):
    return store.read(lambda books: books.ledger.balance(account_id))


def in_one_batch(committer, *works):
    """Submit writes that are sure to wait together, behind one that lets go when all are there."""
    gate = threading.Event()
    first = committer.submit(lambda _books: gate.wait(10))
    futures = [committer.submit(work) for work in works]
    gate.set()
    first.result(20)
    return futures


def test_a_write_that_is_refused_is_undone_alone(store, account, committers):
    futures = in_one_batch(
        committers[0], hold(account.id, "t1"), hold(account.id, "t2", 1000), hold(account.id, "t3")
    )
    assert futures[0].result(20)
    with pytest.raises(InsufficientCredits):
        futures[1].result(20)
    assert futures[2].result(20)
    assert balance(store, account.id) == 80


def test_two_processes_that_lock_accounts_in_different_orders_both_get_their_writes(
    store, account, committers, database_url
):
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time: there is no order to differ in")
    other = Account(id="acc_other", name="other", webhook_secret="whsec_")
    store.write(lambda books: books.accounts.add(other))
    store.write(lambda books: books.ledger.append(other.id, EntryKind.GRANT, 100, task_id=None, note="start"))
    both_hold_one = threading.Barrier(2)

    def meet(_books):
        try:
            both_hold_one.wait(5)
        except threading.BrokenBarrierError:
            return  # the second time each write runs alone

    futures = [
        *in_one_batch(committers[0], hold(account.id, "t1"), meet, hold(other.id, "t2")),
        *in_one_batch(committers[1], hold(other.id, "t3"), meet, hold(account.id, "t4")),
    ]
    for future in futures:
        future.result(60)
    assert (balance(store, account.id), balance(store, other.id)) == (80, 80)
