"""What admission needs from a store: how much there is already."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class LoadBook(Protocol):
    """Tasks and files, counted."""

    def unfinished_count(self, account_id: str) -> int:
        """Return how many tasks of the account have not ended."""
        ...

    def queue(self) -> tuple[int, datetime | None]:
        """Return how many tasks wait for a worker, and since when the oldest of them does."""
        ...

    def accepted_since(self, account_id: str, moment: datetime) -> int:
        """Return how many tasks of the account were accepted at a moment or later."""
        ...

    def stored_bytes(self, account_id: str, *, besides: tuple[str, str] = ("", "")) -> int:
        """Return the size of all files that the account keeps, of takes and uploads.

        ``besides`` is the folder and the name of an upload that does not count, as it is replaced.
        """
        ...
