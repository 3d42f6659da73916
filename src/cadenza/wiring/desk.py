"""What operators do from the command line: keys, credits and callbacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cadenza.domain.clock import SystemClock
from cadenza.domain.credits import EntryKind, LedgerEntry
from cadenza.domain.errors import NotFound
from cadenza.domain.ids import new_id
from cadenza.intake.keys import make_key
from cadenza.notify.delivery import AttemptRecord
from cadenza.notify.rotation import rotate_secret
from cadenza.notify.signing import new_secret
from cadenza.notify.trial import Trial, is_delivered
from cadenza.settings import Settings
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account, CallbackAttempt, CallbackRecord, KeyRecord
from cadenza.wiring.service import Backroom, backroom, pepper, prepare
from cadenza.worker.lanes import lane_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made; ``key`` is shown once."""

    id: str
    name: str
    key: str
    credits: int


@dataclass(frozen=True, slots=True)
class LoggedCallback:
    """A callback, the host and port it goes to, and its attempts."""

    record: CallbackRecord
    receiver: str
    attempts: Sequence[CallbackAttempt]


@dataclass(frozen=True, slots=True)
class Desk:
    """Keys, credits and callbacks of one installation."""

    room: Backroom

    def create_key(self, name: str, *, credits: int) -> NewKey:
        """Make a key; the account is the one of this name, or a new one. Credits are granted on top."""
        clock = SystemClock()

        def work(books: Books) -> NewKey:
            account = books.accounts.by_name(name)
            if account is None:
                account = Account(id=new_id("acc"), name=name, webhook_secret=new_secret())
                books.accounts.add(account)
            record, key = make_key(
                pepper(self.room.settings), account_id=account.id, name=name, now=clock.now()
            )
            books.accounts.add_key(record)
            if credits:
                books.ledger.append(account.id, EntryKind.GRANT, credits, task_id=None, note="with key")
            return NewKey(id=record.id, name=name, key=key, credits=books.ledger.balance(account.id))

        return self.room.store.write(work)

    def all_keys(self) -> Sequence[KeyRecord]:
        """Return all keys, oldest first."""
        return self.room.store.read(lambda books: books.accounts.keys())

    def revoke(self, key_id: str) -> None:
        """Revoke a key. Raises ``NotFound`` where there is no live key of this id."""
        if not self.room.store.write(lambda books: books.accounts.revoke_key(key_id)):
            raise NotFound("key")

    def rotate_webhook_secret(self, name: str, *, overlap_h: float) -> tuple[str, datetime]:
        """Give an account a new signing secret; return it and when the old one ends. Raises ``NotFound``."""
        now = self.room.clock.now()
        return self.room.store.write(
            lambda books: rotate_secret(books, _account(books, name).id, now=now, overlap_h=overlap_h)
        )

    def callbacks(self, *, task_id: str | None, is_failed: bool, limit: int) -> Sequence[LoggedCallback]:
        """Return the newest callbacks first, with every attempt."""

        def look(books: Books) -> Sequence[LoggedCallback]:
            found = books.callbacks.recent(task_id=task_id, is_failed=is_failed, limit=limit)
            attempts = books.callbacks.attempts([one.id for one in found])
            return [LoggedCallback(one, lane_of(one.url), attempts[one.id]) for one in found]

        return self.room.store.read(look)

    def redeliver(self, callback_ids: Sequence[str]) -> None:
        """Deliver callbacks once more: all, or none where one raises ``NotFound`` or ``Conflict``."""

        def work(books: Books) -> None:
            for callback_id in dict.fromkeys(callback_ids):
                self.room.life.redeliver(books, callback_id)

        self.room.store.write(work)

    def test_callback(self, name: str, url: str) -> tuple[AttemptRecord, bool]:
        """Send one test event signed by an account; return what came of it, and whether it was delivered.

        Raises ``NotFound``, and ``Malformed`` where the URL is odd.
        """
        account = self.room.store.read(lambda books: _account(books, name))
        trial = Trial(store=self.room.store, outbound=self.room.outbound, clock=self.room.clock)
        made = trial.send(account, url)
        return made, is_delivered(made)

    def grant(self, name: str, credits: int, *, note: str) -> int:
        """Grant credits to an account by its name and return the balance. Raises ``NotFound``."""

        def work(books: Books) -> int:
            account = _account(books, name)
            books.ledger.append(account.id, EntryKind.GRANT, credits, task_id=None, note=note)
            return books.ledger.balance(account.id)

        return self.room.store.write(work)

    def history(self, name: str, *, limit: int) -> Sequence[LedgerEntry]:
        """Return an account's newest ledger entries first. Raises ``NotFound``."""
        return self.room.store.read(lambda books: books.ledger.history(_account(books, name).id, limit=limit))


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """Open the installation of these settings, creating what is missing."""
    prepare(settings)
    room = backroom(settings)
    try:
        yield Desk(room)
    finally:
        room.close()


def _account(books: Books, name: str) -> Account:
    account = books.accounts.by_name(name)
    if account is None:
        raise NotFound("account")
    return account
