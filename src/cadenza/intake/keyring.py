"""What operators do with keys: hand them out, take new ones for old ones, take them back.

Each is run inside ``Store.write``, from the command line and from the admin routes alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cadenza.domain.clock import Clock
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Conflict, NotFound
from cadenza.domain.ids import new_id
from cadenza.domain.scopes import USUAL, Scope
from cadenza.intake.keys import Pepper, make_key
from cadenza.tasks.keys import Budget, KeyRecord
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a new key is good for: its scopes, how long, and how many credits it may spend in all."""

    scopes: frozenset[Scope] = USUAL
    lasts: timedelta | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made; ``key`` is shown once. ``credits`` are those of its account."""

    record: KeyRecord
    key: str
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Makes keys under one pepper; ``new_secret`` makes what signs a new account's callbacks."""

    pepper: Pepper
    clock: Clock
    new_secret: Callable[[], str]

    def create(self, books: Books, name: str, terms: Terms, *, credits: int = 0) -> NewKey:
        """Make a key; the account is the one of this name, or a new one. Credits are granted on top."""
        account = self.account(books, name)
        now = self.clock.now()
        made = make_key(
            self.pepper,
            account_id=account.id,
            name=name,
            now=now,
            scopes=terms.scopes,
            expires_at=None if terms.lasts is None else now + terms.lasts,
            budget=None if terms.cap is None else Budget(id=new_id("budget"), cap=terms.cap),
        )
        if credits:
            books.ledger.append(account.id, EntryKind.GRANT, credits, task_id=None, note="with key")
        return _kept(books, *made)

    def account(self, books: Books, name: str) -> Account:
        """Return the account of this name; a new one where there is none."""
        books.accounts.lock_names()
        known = books.accounts.by_name(name)
        if known is not None:
            return known
        account = Account(id=new_id("acc"), name=name, webhook_secret=self.new_secret())
        books.accounts.add(account)
        return account

    def rotate(self, books: Books, key_id: str, *, overlap: timedelta) -> NewKey:
        """Make a key that may do and spend what another may; that one expires after the overlap.

        A key that was made for a time gives its successor as long a one.

        Raises
        ------
        NotFound
            There is no such key.
        Conflict
            It is revoked or has expired.
        """
        old = books.accounts.key(key_id)
        if old is None:
            raise NotFound("key")
        now = self.clock.now()
        if not old.is_live(now):
            raise Conflict("The key is revoked or has expired; create a new one.")
        made = make_key(
            self.pepper,
            account_id=old.account_id,
            name=old.name,
            now=now,
            scopes=old.scopes,
            expires_at=_as_long(old, now),
            budget=old.budget,
        )
        books.accounts.expire_key(key_id, at=now + overlap)
        return _kept(books, *made)

    def revoke(self, books: Books, key_id: str) -> None:
        """Revoke a key. Raises ``NotFound`` where there is none that was not revoked before."""
        if not books.accounts.revoke_key(key_id):
            raise NotFound("key")


def _as_long(old: KeyRecord, now: datetime) -> datetime | None:
    return None if old.expires_at is None else now + (old.expires_at - old.created_at)


def _kept(books: Books, record: KeyRecord, key: str) -> NewKey:
    books.accounts.add_key(record)
    return NewKey(record=record, key=key, credits=books.ledger.balance(record.account_id))
