"""How often a key may create: a moving window, kept in the memory of this process."""

from __future__ import annotations

import math
from collections import deque

from cadenza.domain.clock import Clock
from cadenza.domain.errors import RateLimited

WINDOW_S = 10
_MOST_KEYS = 10_000


class Pace:
    """Admits at most ``limit`` creating requests per key in any ten seconds; 0: as many as come.

    Requests that are refused do not count, so that a program which asks too often is still served at the
    pace it may have.
    """

    def __init__(self, *, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._seen: dict[str, deque[float]] = {}

    def admit(self, key_id: str) -> None:
        """Count one request. Raises ``RateLimited`` with the seconds until there is room."""
        if not self._limit:
            return
        seen, now_s = self._window(key_id)
        if len(seen) >= self._limit:
            raise RateLimited(retry_after_s=_left_s(seen, now_s))
        seen.append(now_s)

    def headers(self, key_id: str) -> dict[str, str]:
        """Return the fields of the IETF draft: the policy, what is left now, and when there is more."""
        if not self._limit:
            return {}
        seen, now_s = self._window(key_id)
        left = self._limit - len(seen)
        return {
            "RateLimit-Policy": f'"creating";q={self._limit};w={WINDOW_S}',
            "RateLimit": f'"creating";r={left};t={_left_s(seen, now_s) if seen else 0}',
        }

    def _window(self, key_id: str) -> tuple[deque[float], float]:
        now_s = self._clock.now().timestamp()
        if key_id not in self._seen and len(self._seen) >= _MOST_KEYS:
            self._forget(now_s)
        seen = self._seen.setdefault(key_id, deque())
        # A clock that was set back must not shut anybody out for longer than the window.
        while seen and not 0 <= now_s - seen[0] < WINDOW_S:
            seen.popleft()
        return seen, now_s

    def _forget(self, now_s: float) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if seen and now_s - seen[-1] < WINDOW_S}


def _left_s(seen: deque[float], now_s: float) -> int:
    return max(1, math.ceil(seen[0] + WINDOW_S - now_s))
