"""API keys: how one is made, recognised and kept.

A key reads ``cad_<id>_<secret><checksum>``. The id is public and names the row; the checksum lets a
mistyped key be refused without looking anything up; what is kept is an HMAC of the whole key under a
pepper that is not in the database.
"""

from __future__ import annotations

import hmac
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime

from cadenza.domain.errors import Unauthenticated
from cadenza.domain.scopes import USUAL, Scope
from cadenza.tasks.keys import Budget, KeyRecord, Principal

PREFIX = "cad"
_ID_BYTES = 8
_SECRET_BYTES = 24
_CHECKSUM_DIGITS = 8
_LONGEST_KEY = 200
_NOBODYS = "0" * 64  # compared with where there is no such key; no digest is likely to be this


@dataclass(frozen=True, slots=True)
class Pepper:
    """The secret that digests are mixed with."""

    value: bytes

    def __repr__(self) -> str:
        """Hide the secret."""
        return "Pepper(...)"

    def digest(self, key: str) -> str:
        """Return what is kept of a key: 64 hex digits."""
        return hmac.new(self.value, key.encode(), "sha256").hexdigest()

    def matches(self, key: str, digest: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest(key), digest)


def make_key(
    pepper: Pepper,
    *,
    account_id: str,
    name: str,
    now: datetime,
    scopes: frozenset[Scope] = USUAL,
    expires_at: datetime | None = None,
    budget: Budget | None = None,
) -> tuple[KeyRecord, str]:
    """Return a new key as it is kept, and the key itself, which is shown once."""
    key_id = secrets.token_hex(_ID_BYTES)
    body = f"{PREFIX}_{key_id}_{secrets.token_hex(_SECRET_BYTES)}"
    key = body + _checksum(body)
    record = KeyRecord(
        id=key_id,
        account_id=account_id,
        name=name,
        digest=pepper.digest(key),
        last4=key[-4:],
        created_at=now,
        scopes=scopes,
        expires_at=expires_at,
        budget=budget,
    )
    return record, key


def recognise(pepper: Pepper, key: str, found: Principal | None) -> Principal | None:
    """Return who a well-formed key acts for, of what was ``found`` under its public id; None: nobody.

    An id that nobody has takes as long as a wrong secret under a good one: one digest, one comparison.
    """
    is_genuine = pepper.matches(key, _NOBODYS if found is None else found.key.digest)
    return found if is_genuine else None


def refuse_ended(key: KeyRecord, *, now: datetime) -> None:
    """Raise ``Unauthenticated`` where a genuine key is good no more: its owner is told why."""
    if key.revoked_at is not None:
        raise Unauthenticated("The API key was revoked.")
    if key.has_expired(now):
        raise Unauthenticated("The API key has expired.")


def key_id_of(key: str) -> str | None:
    """Return the public id in a well-formed key, None for anything else; nothing is looked up."""
    if len(key) > _LONGEST_KEY or not key.isascii():
        return None
    body, checksum = key[:-_CHECKSUM_DIGITS], key[-_CHECKSUM_DIGITS:]
    if not hmac.compare_digest(_checksum(body), checksum):
        return None
    prefix, _, rest = body.partition("_")
    key_id, _, secret = rest.partition("_")
    return key_id if prefix == PREFIX and key_id and secret else None


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
