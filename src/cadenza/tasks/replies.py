"""What idempotency needs from a store: replies kept under the key that their request came with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReply:
    """What a creating request was answered; ``digest`` stands for the request."""

    digest: str
    status: int
    body: bytes


class ReplyBook(Protocol):
    """Replies kept under the Idempotency-Key of their request."""

    def recall(self, account_id: str, key: str, *, since: datetime) -> KeptReply | None:
        """Return what was kept later than ``since``; an older one is removed."""
        ...

    def keep(self, account_id: str, key: str, reply: KeptReply, *, since: datetime) -> None:
        """Insert a reply, and remove some of those that are not later than ``since``."""
        ...
