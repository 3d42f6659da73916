"""What operators do from the command line: keys, credits and callbacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from cadenza.domain.credits import EntryKind, LedgerEntry
from cadenza.domain.errors import NotFound
from cadenza.intake.keyring import Keyring, NewKey, Terms
from cadenza.notify.delivery import AttemptRecord
from cadenza.notify.rotation import rotate_secret
from cadenza.notify.trial import Trial, is_delivered
from cadenza.settings import Settings
from cadenza.tasks.keys import KeyRecord, Limits
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account, CallbackAttempt, CallbackRecord
from cadenza.wiring.backroom import Backroom, backroom, keyring, prepare
from cadenza.worker.lanes import lane_of


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

    def create_key(self, name: str, *, credits: int = 0, terms: Terms | None = None) -> NewKey:
        """Make a key; the account is the one of this name, or a new one. Credits are granted on top."""
        ring = self._keyring
        return self.room.store.write(
            lambda books: ring.create(books, name, terms or Terms(), credits=credits)
        )

    def rotate_key(self, key_id: str, *, overlap: timedelta) -> NewKey:
        """Make a key that may do what another may, which expires then. Raises ``NotFound``, ``Conflict``."""
        ring = self._keyring
        return self.room.store.write(lambda books: ring.rotate(books, key_id, overlap=overlap))

    def all_keys(self) -> Sequence[KeyRecord]:
        """Return all keys, oldest first."""
        return self.room.store.read(lambda books: books.accounts.keys())

    def revoke(self, key_id: str) -> None:
        """Revoke a key. Raises ``NotFound`` where there is no live key of this id."""
        ring = self._keyring
        self.room.store.write(lambda books: ring.revoke(books, key_id))

    @property
    def _keyring(self) -> Keyring:
        return keyring(self.room.settings, self.room.clock)

    def accounts(self) -> Sequence[tuple[Account, int, int]]:
        """Return all accounts, oldest first, each with its credits and the bytes that it keeps."""

        def look(books: Books) -> Sequence[tuple[Account, int, int]]:
            return [
                (one, books.ledger.balance(one.id), books.tasks.stored_bytes(one.id))
                for one in books.accounts.all()
            ]

        return self.room.store.read(look)

    def limit(self, name: str, limits: Limits) -> None:
        """Replace what an account may have. Raises ``NotFound``."""
        self.room.store.write(lambda books: books.accounts.set_limits(_account(books, name).id, limits))

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
