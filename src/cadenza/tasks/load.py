"""What admission needs from a store: how much is unfinished already."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class LoadBook(Protocol):
    """Tasks, counted."""

    def unfinished_count(self, account_id: str) -> int:
        """Return how many tasks of the account have not ended."""
        ...

    def queue(self) -> tuple[int, datetime | None]:
        """Return how many tasks wait for a worker, and since when the oldest of them does."""
        ...
