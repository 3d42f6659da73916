"""How many places one account may make this server knock at, so that nobody scans others with it.

Source URLs and callbacks name a host and a port each, and what becomes of a knock is told, if only as a class
of reason. A program of a customer has a handful of places; who names hundreds is looking for open doors.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from cadenza.domain.clock import Clock
from cadenza.domain.errors import RateLimited
from cadenza.domain.request import GenerationRequest, SourceUrl
from cadenza.domain.task import Accepted

WINDOW_S = 600
_MOST_ACCOUNTS = 10_000


class Reach:
    """Admits at most ``limit`` different places per account in any ten minutes; 0: as many as come.

    A place counts from its last use, and again only when ten minutes have passed without one. Kept in the
    memory of this process.
    """

    def __init__(self, *, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._used: dict[str, dict[str, float]] = {}

    def admit(self, account_id: str, urls: Iterable[str]) -> None:
        """Count the places of these URLs. Raises ``RateLimited``; then none of them counts."""
        places = {_place(url) for url in urls}
        if not self._limit or not places:
            return
        now_s = self._clock.now().timestamp()
        used = self._recent(account_id, now_s)
        if len(used.keys() | places) > self._limit:
            left_s = WINDOW_S - (now_s - min(used.values(), default=now_s))
            raise RateLimited(
                f"The account named {self._limit} different hosts and ports within {WINDOW_S // 60} minutes, "
                "as many as it may.",
                retry_after_s=max(1, round(left_s)),
            )
        used.update(dict.fromkeys(places, now_s))

    def _recent(self, account_id: str, now_s: float) -> dict[str, float]:
        if account_id not in self._used and len(self._used) >= _MOST_ACCOUNTS:
            self._used.clear()
        kept = {
            place: at_s
            for place, at_s in self._used.get(account_id, {}).items()
            if 0 <= now_s - at_s < WINDOW_S
        }
        self._used[account_id] = kept
        return kept


def urls_of(accepted: Accepted) -> list[str]:
    """Return the URLs that a task will have this server ask."""
    source = _source_url(accepted.request)
    return [url for url in (source, accepted.callback_url) if url]


def _source_url(request: GenerationRequest) -> str | None:
    source = None if request.continuation is None else request.continuation.source
    return source.url if isinstance(source, SourceUrl) else None


def _place(url: str) -> str:
    """Return host and port; what cannot be read is one place, and is refused or fails elsewhere."""
    try:
        parts = urlsplit(url.strip())
        return f"{(parts.hostname or '').rstrip('.')}:{parts.port or parts.scheme.lower()}"
    except ValueError:
        return ""
