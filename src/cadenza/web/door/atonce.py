"""How much of something one account may have at once, where each of it holds a place for long."""

from __future__ import annotations

from collections import Counter

from cadenza.domain.errors import RateLimited

_ASK_AGAIN_S = 5


class AtOnce:
    """Counts what each account holds; ``most`` 0: as many as come. ``what`` names them to the caller."""

    def __init__(self, *, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._held: Counter[str] = Counter()

    def take(self, account_id: str) -> None:
        """Count one more, to be given back. Raises ``RateLimited``."""
        if self._most and self._held[account_id] >= self._most:
            raise RateLimited(
                f"The account has {self._most} {self._what}, as many as it may have.",
                retry_after_s=_ASK_AGAIN_S,
            )
        self._held[account_id] += 1

    def give_back(self, account_id: str) -> None:
        """Count one less."""
        self._held[account_id] -= 1
        if not self._held[account_id]:
            del self._held[account_id]

    def held(self, account_id: str) -> int:
        """Return how many the account holds."""
        return self._held[account_id]
