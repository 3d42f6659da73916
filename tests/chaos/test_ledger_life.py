"""LE-02: a random life of several accounts against a model that fits on one page, after every step."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import InsufficientCredits
from cadenza.tasks.records import Account

STEPS = 40
_names = itertools.count()


def machine_on(store):  # noqa: C901 - a class in a function: its rules close over the store
    """Return a state machine whose ledger is a real database."""

    class LedgerLife(RuleBasedStateMachine):
        @initialize(count=st.integers(1, 3))
        def open_accounts(self, count):
            self.accounts = [f"acc{next(_names)}" for _ in range(count)]
            self.deltas = {account: [] for account in self.accounts}
            self.holds = {}  # task -> (account, credits, settled)
            for account in self.accounts:
                record = Account(id=account, name=account, webhook_secret="whsec_")
                store.write(lambda books, record=record: books.accounts.add(record))

        def append(self, account, kind, credits, task=None):
            return store.write(
                lambda books: books.ledger.append(account, kind, credits, task_id=task, note="machine")
            )

        def balance(self, account):
            return sum(self.deltas[account])

        @rule(who=st.integers(0, 2), credits=st.integers(1, 50))
        def grant(self, who, credits):
            account = self.accounts[who % len(self.accounts)]
            assert self.append(account, EntryKind.GRANT, credits)
            self.deltas[account].append(credits)

        @rule(who=st.integers(0, 2), credits=st.integers(1, 40))
        def hold(self, who, credits):
            account, task = self.accounts[who % len(self.accounts)], f"task{next(_names)}"
            if credits > self.balance(account):
                with pytest.raises(InsufficientCredits):
                    self.append(account, EntryKind.HOLD, credits, task)
                return
            assert self.append(account, EntryKind.HOLD, credits, task)
            self.deltas[account].append(-credits)
            self.holds[task] = (account, credits, False)

        @rule(which=st.integers(0, 10**6), kind=st.sampled_from([EntryKind.CAPTURE, EntryKind.RELEASE]))
        def settle(self, which, kind):
            if not self.holds:
                return
            task = sorted(self.holds)[which % len(self.holds)]
            account, credits, is_settled = self.holds[task]
            assert self.append(account, kind, credits, task) is not is_settled
            if not is_settled and kind is EntryKind.RELEASE:
                self.deltas[account].append(credits)
            self.holds[task] = (account, credits, True)

        @rule(who=st.integers(0, 2))
        def settle_what_was_never_held(self, who):
            account = self.accounts[who % len(self.accounts)]
            assert not self.append(account, EntryKind.RELEASE, 5, f"task{next(_names)}")

        @invariant()
        def every_balance_is_the_sum_of_its_entries_and_never_negative(self):
            for account in getattr(self, "accounts", ()):
                balance = store.read(lambda books, account=account: books.ledger.balance(account))
                assert balance == self.balance(account) >= 0

    return LedgerLife


@pytest.mark.timeout(3600)
def test_LE_02_a_random_life_keeps_the_books_right_after_every_step(store, scale):
    run_state_machine_as_test(
        machine_on(store),
        settings=settings(
            max_examples=8 * scale,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
