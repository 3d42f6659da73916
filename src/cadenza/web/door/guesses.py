"""Wrong keys, counted by the address they come from: whoever guesses is slowed, nobody else is."""

from __future__ import annotations

import math
from collections import OrderedDict

from cadenza.domain.clock import Clock
from cadenza.domain.errors import RateLimited

WINDOW_S = 60
_MOST_ADDRESSES = 10_000


class Guesses:
    """Admits unknown keys from an address until it has shown ``limit`` wrong ones in a minute; 0: always."""

    def __init__(self, *, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        # Of each address: when its minute began, and the wrong keys since; the longest known first.
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admit(self, address: str) -> None:
        """Raise ``RateLimited`` where the address has shown too many wrong keys."""
        began_s, count = self._seen.get(address, (0.0, 0))
        left_s = began_s + WINDOW_S - self._now_s()
        if self._limit and count >= self._limit and 0 < left_s <= WINDOW_S:
            raise RateLimited("Too many wrong API keys from this address.", retry_after_s=math.ceil(left_s))

    def count(self, address: str) -> None:
        """Count one wrong key."""
        now_s = self._now_s()
        began_s, count = self._seen.pop(address, (now_s, 0))
        if not 0 <= now_s - began_s < WINDOW_S:
            began_s, count = now_s, 0
        if len(self._seen) >= _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        self._seen[address] = (began_s, count + 1)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()
