"""How much an account may have: tasks unfinished at once and a day, files; and how many tasks wait in all.

Asked in the accepting transaction, before anything is held; a limit that is not set asks nothing. On
PostgreSQL two transactions do not see each other's new tasks, so the length of the queue, unlike what an
account has, is exact only to a few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cadenza.domain.clock import Clock
from cadenza.domain.errors import RateLimited, StorageFull, Unavailable
from cadenza.tasks.keys import Limits, Principal
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
    """The limits, 0 for none, and what is known of the queue. One per process, asked by one thread.

    ``tasks_per_day`` and ``storage_bytes`` hold for accounts that have no such limits of their own.
    """

    clock: Clock
    tasks_per_account: int = 0
    tasks_per_day: int = 0
    storage_bytes: int = 0
    queue_limit: int = 0
    _free: int = field(default=0, init=False)
    _counted_at: datetime | None = field(default=None, init=False)
    _full: Unavailable | None = field(default=None, init=False)

    def admit(self, books: Books, principal: Principal) -> None:
        """Return where one more task is within the limits.

        Raises
        ------
        RateLimited
            The account has as many unfinished tasks, or tasks of this day, as it may have.
        StorageFull
            The account's files leave no room for more.
        Unavailable
            The queue is full; the text and ``retry_after_s`` estimate the wait.
        """
        account_id, limits = principal.account_id, principal.limits
        if self.tasks_per_account:
            self._check_account(books, account_id)
        if per_day := self._tasks_per_day(limits):
            self._check_day(books, account_id, per_day)
        if self._storage_bytes(limits):
            self.admit_file(books, principal, size_bytes=1)
        if self.queue_limit:
            self._check_queue(books)

    def admit_file(
        self, books: Books, principal: Principal, *, size_bytes: int, replaces: tuple[str, str] = ("", "")
    ) -> None:
        """Return where one more file is within the account's storage, however many come at once.

        ``replaces`` is the folder and the name of an upload that it takes the place of. Raises
        ``StorageFull``.
        """
        limit = self._storage_bytes(principal.limits)
        if not limit:
            return
        books.accounts.lock(principal.account_id)
        total = books.tasks.stored_bytes(principal.account_id, besides=replaces) + size_bytes
        if total > limit:
            raise StorageFull(limit=limit, actual=total)

    def _tasks_per_day(self, limits: Limits) -> int:
        return self.tasks_per_day if limits.tasks_per_day is None else limits.tasks_per_day

    def _storage_bytes(self, limits: Limits) -> int:
        return self.storage_bytes if limits.storage_bytes is None else limits.storage_bytes

    def _check_day(self, books: Books, account_id: str, per_day: int) -> None:
        now = self.clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        books.accounts.lock(account_id)
        if books.tasks.accepted_since(account_id, midnight) >= per_day:
            raise RateLimited(
                f"The account has {per_day} tasks of this day (UTC), as many as it may have.",
                retry_after_s=math.ceil((midnight + timedelta(days=1) - now).total_seconds()),
            )

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
