"""Idempotency keys: a request that comes twice under one key is one task, and is answered twice the same.

The reply is kept in the transaction that creates the task, so that a caller who never saw it can ask for it
again. What is refused is not kept: a request that was put right may use its key again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cadenza.domain.errors import Fault, KeyReused, Malformed
from cadenza.tasks.ports import Books
from cadenza.tasks.replies import KeptReply

HEADER = "Idempotency-Key"
KEPT_FOR = dt.timedelta(hours=24)
_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A request by the key that its caller gave it, and a digest of what it asks for."""

    key: str
    digest: str


def stamp_of(keys: Sequence[str], route: str, body: Any) -> Stamp | None:
    """Return the stamp of a JSON body sent to a route; None where no key came with it.

    The order of members means nothing; the route does.

    Raises
    ------
    Malformed
        The header came twice, or its value is not 1 to 255 printable ASCII characters.
    """
    if not keys:
        return None
    if len(keys) > 1:
        raise Malformed(Fault(HEADER, "must come once", limit=1, actual=len(keys)))
    key = keys[0]
    if not 0 < len(key) <= _LONGEST_KEY:
        reason = f"must have 1 to {_LONGEST_KEY} characters"
        raise Malformed(Fault(HEADER, reason, limit=_LONGEST_KEY, actual=len(key)))
    if not key.isascii() or not key.isprintable():
        raise Malformed(Fault(HEADER, "must be printable ASCII"))
    asked = route.encode() + b"\0" + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Stamp(key=key, digest=hashlib.sha256(asked).hexdigest())


def once(
    books: Books, account_id: str, stamp: Stamp, make: Callable[[], tuple[int, bytes]], *, now: dt.datetime
) -> tuple[KeptReply, bool]:
    """Return the reply to a stamped request, and whether it was given before.

    ``make`` runs in the same transaction, at most once per stamp; it returns HTTP status and body.
    Raises ``KeyReused``, and whatever ``make`` raises: then nothing is kept.
    """
    since = now - KEPT_FOR
    books.accounts.lock(account_id)
    known = books.replies.recall(account_id, stamp.key, since=since)
    if known is None:
        status, body = make()
        fresh = KeptReply(digest=stamp.digest, status=status, body=body)
        books.replies.keep(account_id, stamp.key, fresh, since=since)
        return fresh, False
    if known.digest != stamp.digest:
        raise KeyReused
    return known, True
