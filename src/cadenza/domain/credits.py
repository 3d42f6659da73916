"""Money-like words: an append-only ledger of whole credits.

The balance of an account is the sum of its entries' ``delta`` and can never be negative.
A hold takes credits away when a task is accepted; exactly one of capture (the task succeeded,
delta 0: the credits stay away) or release (it did not: they come back) settles it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Amounts and balances: what every JSON reader, JavaScript's too, still tells apart from its neighbours.
MOST_CREDITS: Final = 2**53 - 1


class EntryKind(enum.Enum):
    """What a ledger entry records."""

    GRANT = "grant"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One immutable line of an account's history.

    ``credits`` is the positive amount spoken of, ``delta`` what it does to the balance
    (grant +, hold -, capture 0, release +), ``balance`` the sum up to and with this entry.
    """

    account_id: str
    seq: int
    kind: EntryKind
    credits: int
    delta: int
    balance: int
    task_id: str | None
    note: str
    recorded_at: datetime
