"""Keys and what stands behind them: scopes, budgets, the limits of an account; and the book they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cadenza.domain.scopes import USUAL, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a key may spend in all, in credits; a key and those it was rotated into share one.

    ``spent`` is what was held for tasks and not given back.
    """

    id: str
    cap: int
    spent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """An API key as it is kept: its public id, a digest of the whole, the last four characters."""

    id: str
    account_id: str
    name: str
    digest: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: frozenset[Scope] = USUAL
    expires_at: datetime | None = None
    budget: Budget | None = None

    def has_expired(self, now: datetime) -> bool:
        """Answer whether the key's time is over."""
        return self.expires_at is not None and now >= self.expires_at

    def is_live(self, now: datetime) -> bool:
        """Answer whether the key is neither revoked nor expired."""
        return self.revoked_at is None and not self.has_expired(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an account may have: 0 is without end, None is what the settings say."""

    tasks_per_day: int | None = None
    storage_bytes: int | None = None


AS_SET = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request acts for: the key it came with, and the limits of the key's account."""

    key: KeyRecord
    limits: Limits = AS_SET

    @property
    def account_id(self) -> str:
        """The account the request acts for."""
        return self.key.account_id

    @property
    def key_id(self) -> str:
        """The public id of the key."""
        return self.key.id


class KeyBook(Protocol):
    """Keys and their budgets."""

    def add_key(self, key: KeyRecord) -> None:
        """Insert a key, and its budget where that is new."""
        ...

    def key(self, key_id: str) -> KeyRecord | None:
        """Return one key by its public id."""
        ...

    def keys(self) -> Sequence[KeyRecord]:
        """Return all keys, oldest first."""
        ...

    def principal(self, key_id: str) -> Principal | None:
        """Return who a key acts for, in one look-up."""
        ...

    def revoke_key(self, key_id: str) -> bool:
        """Revoke; False where there is no such key that was not revoked before."""
        ...

    def expire_key(self, key_id: str, *, at: datetime) -> None:
        """Let a key expire at a moment, unless it does so earlier."""
        ...

    def spend(self, budget_id: str, credits: int) -> None:
        """Take credits from a budget. Raises ``SpendCapReached``."""
        ...

    def unspend(self, task_id: str, credits: int) -> None:
        """Give credits back to the budget that a task was paid from, where there is one."""
        ...
