"""What operators do from the command line: keys and credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cadenza.domain.clock import SystemClock
from cadenza.domain.credits import EntryKind, LedgerEntry
from cadenza.domain.errors import NotFound
from cadenza.domain.ids import new_id
from cadenza.intake.keys import make_key
from cadenza.notify.signing import new_secret
from cadenza.settings import Settings
from cadenza.tasks.ports import Account, Books, KeyRecord
from cadenza.wiring.service import Backroom, backroom, pepper, prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made; ``key`` is shown once."""

    id: str
    name: str
    key: str
    credits: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Keys and credits of one installation."""

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
