"""How many tasks may be unfinished at once: per account, and waiting in all.

Asked in the accepting transaction, before anything is held. On PostgreSQL two transactions do not see each
other's new tasks, so the length of the queue, unlike an account's share, is exact only to a few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from cadenza.domain.clock import Clock
from cadenza.domain.errors import RateLimited, Unavailable
from cadenza.tasks.ports import Books

# When a task of the account ends is not known; a program that waits for one asks about as often.
_ASK_AGAIN_S = 5
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 5, 600
# Counting a long queue takes longer than accepting a task. After a count, this part of the room that was
# left is given away without another: sixteen processes together cannot give away more than there was.
_PART_UNCOUNTED = 16
_COUNT_HOLDS_S = 1.0
_FULL_HOLDS_S = 0.1


@dataclass(slots=True, kw_only=True)
class Admission:
    """The limits, 0 for none, and what is known of the queue. One per process, asked by one thread."""

    clock: Clock
    tasks_per_account: int = 0
    queue_limit: int = 0
    _free: int = field(default=0, init=False)
    _counted_at: datetime | None = field(default=None, init=False)
    _full: Unavailable | None = field(default=None, init=False)

    def admit(self, books: Books, account_id: str) -> None:
        """Return where one more task is within the limits.

        Raises
        ------
        RateLimited
            The account has as many unfinished tasks as it may have.
        Unavailable
            The queue is full; the text and ``retry_after_s`` estimate the wait.
        """
        if self.tasks_per_account:
            self._check_account(books, account_id)
        if self.queue_limit:
            self._check_queue(books)

    def _check_account(self, books: Books, account_id: str) -> None:
        books.accounts.lock(account_id)
        if books.tasks.unfinished_count(account_id) >= self.tasks_per_account:
            raise RateLimited(
                f"The account has {self.tasks_per_account} unfinished tasks, as many as it may have.",
                retry_after_s=_ASK_AGAIN_S,
            )

    def _check_queue(self, books: Books) -> None:
        now = self.clock.now()
        age_s = self._age_s(now)
        if self._free > 0 and age_s < _COUNT_HOLDS_S:
            self._free -= 1
            return
        if self._full is None or age_s >= _FULL_HOLDS_S:
            self._count(books, now)
        if self._full is not None:
            raise Unavailable(str(self._full), retry_after_s=self._full.retry_after_s)

    def _count(self, books: Books, now: datetime) -> None:
        count, oldest_at = books.tasks.queue()
        room = self.queue_limit - count
        self._free, self._counted_at = max(room, 0) // _PART_UNCOUNTED, now
        oldest_s = 0.0 if oldest_at is None else (now - oldest_at).total_seconds()
        self._full = None if room > 0 else _full(count, oldest_s)

    def _age_s(self, now: datetime) -> float:
        return math.inf if self._counted_at is None else abs((now - self._counted_at).total_seconds())


def _full(count: int, oldest_s: float) -> Unavailable:
    # The first task has waited for as long as the whole queue takes; a tenth of that makes room for many.
    wait_s = math.ceil(min(max(oldest_s / 10, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
    return Unavailable(
        f"The queue is full: {count} tasks wait, the first of them for {oldest_s:.0f} s. "
        f"Try again in {wait_s} s.",
        retry_after_s=wait_s,
    )
