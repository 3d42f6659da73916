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

from cadenza.tasks.records import KeyRecord

PREFIX = "cad"
_ID_BYTES = 8
_SECRET_BYTES = 24
_CHECKSUM_DIGITS = 8
_LONGEST_KEY = 200


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


def make_key(pepper: Pepper, *, account_id: str, name: str, now: datetime) -> tuple[KeyRecord, str]:
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
        revoked_at=None,
    )
    return record, key


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
