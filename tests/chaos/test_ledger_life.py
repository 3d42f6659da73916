"""LE-02: a random life of several accounts against a model that fits on one page, after every step."""

from __future__ import annotations

import contextlib
import itertools

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import InsufficientCredits, Malformed
from cadenza.stores.accounts import SqlAccounts
from cadenza.stores.database import take_write_lock
from cadenza.stores.ledger import SqlLedger
from cadenza.tasks.records import Account

STEPS = 100
LIVES = 4
# So often in the long run, times --scale: with the usual 50 a million steps in about an hour.
LONG_LIVES = {"sqlite": 180, "postgresql": 40}
_names = itertools.count()
_who = st.integers(0, 2)
_which = st.integers(0, 10**6)
_settlement = st.sampled_from([EntryKind.CAPTURE, EntryKind.RELEASE])
_no_money = st.sampled_from([0, -1, 0.5, float("nan"), True, "1", None, 2**53])


class Died(Exception):
    """The process is gone before its commit."""


class LedgerLife(RuleBasedStateMachine):
    """One life: each step in a savepoint of its own, as requests that share a commit have it."""

    engine: sa.Engine
    clock: object
    steps: itertools.count

    def __init__(self):
        super().__init__()
        self.connection = self.engine.connect()
        take_write_lock(self.connection)
        self.ledger = SqlLedger(self.connection, self.clock)

    def teardown(self):
        self.connection.commit()
        self.the_entries_themselves_agree()
        self.connection.close()

    @initialize(count=st.integers(1, 3))
    def open_accounts(self, count):
        self.accounts = [f"acc{next(_names)}" for _ in range(count)]
        self.granted = dict.fromkeys(self.accounts, 0)
        self.captured = dict.fromkeys(self.accounts, 0)
        self.holds = {}  # of tasks that are not settled: account and credits
        self.settled = {}
        for account in self.accounts:
            SqlAccounts(self.connection, self.clock).add(
                Account(id=account, name=account, webhook_secret="whsec_")
            )

    def account(self, who):
        return self.accounts[who % len(self.accounts)]

    def append(self, account, kind, credits, task=None):
        with self.connection.begin_nested():
            return self.ledger.append(account, kind, credits, task_id=task, note="machine")

    def balance(self, account):
        """Return what the model says: what was granted, less what was captured and what is held."""
        held = sum(credits for owner, credits in self.holds.values() if owner == account)
        return self.granted[account] - self.captured[account] - held

    @rule(who=_who, credits=st.integers(1, 50))
    def grant(self, who, credits):
        account = self.account(who)
        assert self.append(account, EntryKind.GRANT, credits)
        self.granted[account] += credits

    @rule(who=_who, credits=st.integers(1, 40))
    def hold(self, who, credits):
        account, task = self.account(who), f"task{next(_names)}"
        if credits > self.balance(account):
            with pytest.raises(InsufficientCredits):
                self.append(account, EntryKind.HOLD, credits, task)
            return
        assert self.append(account, EntryKind.HOLD, credits, task)
        self.holds[task] = (account, credits)

    @rule(which=_which, kind=_settlement)
    def settle(self, which, kind):
        if not self.holds:
            return
        task = sorted(self.holds)[which % len(self.holds)]
        account, credits = self.settled[task] = self.holds.pop(task)
        assert self.append(account, kind, credits, task)
        if kind is EntryKind.CAPTURE:
            self.captured[account] += credits

    @rule(which=_which, kind=_settlement)
    def settle_again(self, which, kind):
        if self.settled:
            task = sorted(self.settled)[which % len(self.settled)]
            assert not self.append(self.settled[task][0], kind, self.settled[task][1], task)

    @rule(which=_which)
    def hold_again(self, which):
        tasks = {**self.holds, **self.settled}
        if tasks:
            task = sorted(tasks)[which % len(tasks)]
            self.grant(which, 1)
            account = tasks[task][0]
            if self.balance(account):
                with pytest.raises(sa.exc.IntegrityError):
                    self.append(account, EntryKind.HOLD, 1, task)

    @rule(who=_who, kind=_settlement)
    def settle_what_was_never_held(self, who, kind):
        assert not self.append(self.account(who), kind, 5, f"task{next(_names)}")

    @rule(who=_who, credits=st.integers(1, 50))
    def die_before_the_commit(self, who, credits):
        with contextlib.suppress(Died), self.connection.begin_nested():
            self.ledger.append(self.account(who), EntryKind.GRANT, credits, task_id=None, note="lost")
            raise Died

    @rule(who=_who, kind=st.sampled_from(EntryKind), credits=_no_money)
    def bring_what_is_no_money(self, who, kind, credits):
        with pytest.raises(Malformed):
            self.append(self.account(who), kind, credits, f"task{next(_names)}")

    @invariant()
    def every_balance_is_what_the_model_says_and_never_negative(self):
        next(self.steps)
        for account in getattr(self, "accounts", ()):
            assert self.ledger.balance(account) == self.balance(account) >= 0

    def the_entries_themselves_agree(self):
        """Sum up what is stored: deltas make the balance, and a hold is settled at most once."""
        for account in getattr(self, "accounts", ()):
            entries = self.ledger.history(account, limit=10**6)
            assert sum(entry.delta for entry in entries) == self.balance(account)
            assert [entry.seq for entry in entries] == list(range(len(entries), 0, -1))
            settled = [
                entry.task_id for entry in entries if entry.kind in {EntryKind.CAPTURE, EntryKind.RELEASE}
            ]
            assert len(settled) == len(set(settled))


@pytest.mark.timeout(7200)
def test_le_02_a_random_life_keeps_the_books_right_after_every_step(db_engine, clock, scale, tried):
    steps = itertools.count()
    machine = type("LedgerLife", (LedgerLife,), {"engine": db_engine, "clock": clock, "steps": steps})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LIVES if scale == 1 else LONG_LIVES[db_engine.dialect.name] * scale,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tried(next(steps))
