"""Taking turns: one account's long work leaves room for that of the others."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

# Of the eight threads that fetch, decode and store what callers bring.
_AT_ONCE = 2


class Turns:
    """Gives each account ``at_once`` turns at a time; who wants more waits for one to end."""

    def __init__(self, *, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._by_account: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, account_id: str) -> asyncio.Semaphore:
        """Return the account's turns, to be entered with ``async with``; forgotten when nobody waits."""
        turns = self._by_account.get(account_id)
        if turns is None:
            turns = self._by_account[account_id] = asyncio.Semaphore(self._at_once)
        return turns
