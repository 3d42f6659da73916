"""What operators say and are told over HTTP: accounts, keys, credits. Names as in our own dialect."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cadenza.dialects.fields import Field, Table, read
from cadenza.dialects.kinds import Schema, Text, Unfit, Whole
from cadenza.dialects.telling import Json
from cadenza.domain.credits import LedgerEntry
from cadenza.domain.scopes import USUAL, Scope, in_order
from cadenza.tasks.keys import KeyRecord
from cadenza.tasks.records import Account

_LONGEST_NAME, _MOST_CREDITS, _MOST_BYTES = 200, 10**12, 2**53
_LONGEST_H = 24 * 366 * 10
DEFAULT_OVERLAP_H = 24


@dataclass(frozen=True, slots=True)
class Scopes:
    """A list of scopes, each by its word."""

    def read(self, value: object) -> frozenset[Scope]:
        """Return the scopes."""
        words = [scope.value for scope in Scope]
        if not isinstance(value, list) or not value or not all(one in words for one in value):
            raise Unfit(f"must be a list of one or more of: {', '.join(words)}")
        return frozenset(Scope(one) for one in value)

    def schema(self) -> Schema:
        """Return an array of the words."""
        words = [scope.value for scope in Scope]
        return {"type": "array", "minItems": 1, "items": {"type": "string", "enum": words}}


NAME = Field("name", Text(_LONGEST_NAME), "What the account is called.", required=True)
ACCOUNT: Table = (NAME,)

OF_ACCOUNT = Field(
    "account", Text(_LONGEST_NAME), "Name of the account; a new one where there is none.", required=True
)
SCOPES = Field("scopes", Scopes(), "What the key may do; left out: all but admin.")
EXPIRES_IN = Field("expires_in_hours", Whole(1, _LONGEST_H), "How long the key is good; left out: for ever.")
SPEND_CAP = Field("spend_cap", Whole(1, _MOST_CREDITS), "Credits the key may spend in all.")
KEY: Table = (OF_ACCOUNT, SCOPES, EXPIRES_IN, SPEND_CAP)

OVERLAP = Field(
    "overlap_hours",
    Whole(0, _LONGEST_H),
    "How long the old key stays good beside the new one.",
    default=DEFAULT_OVERLAP_H,
)
ROTATION: Table = (OVERLAP,)

PER_DAY = Field(
    "tasks_per_day",
    Whole(0, _MOST_BYTES),
    "Tasks in a day (UTC); 0: no limit; left out: as the settings say.",
)
STORAGE = Field(
    "storage_bytes", Whole(0, _MOST_BYTES), "Size of all files; 0: no limit; left out: as the settings say."
)
LIMITS: Table = (PER_DAY, STORAGE)

CREDITS = Field("credits", Whole(1, _MOST_CREDITS), "How many are granted.", required=True)
NOTE = Field("note", Text(_LONGEST_NAME), "Why, for the ledger.")
GRANT: Table = (CREDITS, NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """A key to be made. Credits are granted by a route of their own."""

    account: str
    scopes: frozenset[Scope]
    lasts: dt.timedelta | None
    cap: int | None


def decode_account(body: object) -> str:
    """Return the name of an account to be opened. Raises ``Malformed``."""
    reading = read(ACCOUNT, body)
    reading.settle()
    return reading.text(NAME).strip()


def decode_key(body: object) -> KeyOrder:
    """Return the key to be made. Raises ``Malformed``."""
    reading = read(KEY, body)
    reading.settle()
    hours = reading.get(EXPIRES_IN)
    return KeyOrder(
        account=reading.text(OF_ACCOUNT).strip(),
        scopes=reading.get(SCOPES) or USUAL,
        lasts=None if hours is None else dt.timedelta(hours=hours),
        cap=reading.get(SPEND_CAP),
    )


def decode_rotation(body: object) -> dt.timedelta:
    """Return how long an old key stays good. Raises ``Malformed``."""
    reading = read(ROTATION, body)
    reading.settle()
    hours = reading.get(OVERLAP)
    return dt.timedelta(hours=DEFAULT_OVERLAP_H if hours is None else hours)


def decode_limits(body: object) -> tuple[int | None, int | None]:
    """Return tasks a day and bytes of storage. Raises ``Malformed``."""
    reading = read(LIMITS, body)
    reading.settle()
    return reading.get(PER_DAY), reading.get(STORAGE)


def decode_grant(body: object) -> tuple[int, str]:
    """Return the credits and the note of a grant. Raises ``Malformed``."""
    reading = read(GRANT, body)
    reading.settle()
    credits = reading.get(CREDITS)
    assert credits is not None, "a required field that was settled is there"
    return credits, reading.text(NOTE)


def account(found: Account) -> Json:
    """Return an account and its own limits; null is what the settings say."""
    return {
        "object": "account",
        "id": found.id,
        "name": found.name,
        "limits": {
            "tasks_per_day": found.limits.tasks_per_day,
            "storage_bytes": found.limits.storage_bytes,
        },
    }


def key(found: KeyRecord) -> Json:
    """Return a key as it may be seen."""
    return {
        "object": "key",
        "id": found.id,
        "account_id": found.account_id,
        "account": found.name,
        "ends_in": found.last4,
        "scopes": [scope.value for scope in in_order(found.scopes)],
        "spend_cap": found.budget and found.budget.cap,
        "spent": found.budget and found.budget.spent,
        "created_at": _moment(found.created_at),
        "expires_at": _moment(found.expires_at),
        "revoked_at": _moment(found.revoked_at),
    }


def entry(found: LedgerEntry) -> Json:
    """Return one line of an account's history."""
    return {
        "seq": found.seq,
        "kind": found.kind.value,
        "credits": found.credits,
        "balance": found.balance,
        "task_id": found.task_id,
        "note": found.note,
        "at": _moment(found.recorded_at),
    }


def listed(things: list[Json]) -> Json:
    """Return a whole list."""
    return {"object": "list", "data": things}


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
