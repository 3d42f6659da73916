"""Which receivers keep a worker waiting, so that they wait among themselves.

A worker makes a bounded number of deliveries at once. A receiver that swallows connections holds one of
these slots for the whole limit of a request; a handful of them would hold all, again and again. So whoever
once kept this worker waiting is served from slots of its own until it answers quickly again.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_SLOW_S: Final = 2.0
_MOST_REMEMBERED: Final = 10_000


def lane_of(url: str) -> str:
    """Return the lane of a receiver: its host and port."""
    try:
        return (urlsplit(url).netloc.rpartition("@")[2] or "nowhere").lower()[:255]
    except ValueError:
        return "nowhere"


class SlowLanes:
    """The lanes whose last answer, or its absence, took longer than two seconds.

    Each worker learns for itself: what is forgotten with it costs one wait.
    """

    def __init__(self) -> None:
        self._slow: dict[str, None] = {}

    def __contains__(self, lane: str) -> bool:
        return lane in self._slow

    def note(self, lane: str, *, elapsed_s: float) -> None:
        """Remember how long the last request to a lane took."""
        self._slow.pop(lane, None)
        if elapsed_s > _SLOW_S:
            self._slow[lane] = None
            while len(self._slow) > _MOST_REMEMBERED:  # the one that was not heard of for longest
                self._slow.pop(next(iter(self._slow)), None)
