"""Replies kept under an Idempotency-Key, on SQL."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.stores.schema import replies
from cadenza.stores.statement import Statement
from cadenza.stores.values import to_ms
from cadenza.tasks.replies import KeptReply

# Each reply that is kept removes so many that nobody may ask for any more: the table cannot grow by neglect.
_PRUNED_AT_ONCE = 20

_insert = Statement(replies.insert())
_mine = sa.and_(replies.c.account_id == sa.bindparam("account"), replies.c.key == sa.bindparam("name"))
_find = Statement(replies.select().where(_mine))
_drop = Statement(replies.delete().where(_mine))
# Another process may prune at the same time: what it is at is left to it.
_oldest = (
    sa.select(replies.c.account_id, replies.c.key)
    .where(replies.c.created_at_ms <= sa.bindparam("until_ms"))
    .order_by(replies.c.created_at_ms)
    .limit(sa.literal_column(str(_PRUNED_AT_ONCE)))
    .with_for_update(skip_locked=True)
)
_prune = Statement(replies.delete().where(sa.tuple_(replies.c.account_id, replies.c.key).in_(_oldest)))


class SqlReplies:
    """``ReplyBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def recall(self, account_id: str, key: str, *, since: datetime) -> KeptReply | None:
        """Return what was kept later than ``since``; an older one is removed."""
        mine = {"account": account_id, "name": key}
        row = _find(self._connection, mine).first()
        if row is None:
            return None
        if row.created_at_ms <= to_ms(since):
            _drop(self._connection, mine)
            return None
        return KeptReply(digest=row.body_digest, status=row.status, body=bytes(row.body))

    def keep(self, account_id: str, key: str, reply: KeptReply, *, since: datetime) -> None:
        """Insert a reply, and remove some of those that are not later than ``since``."""
        _prune(self._connection, {"until_ms": to_ms(since)})
        row = {
            "account_id": account_id,
            "key": key,
            "body_digest": reply.digest,
            "status": reply.status,
            "body": reply.body,
            "created_at_ms": to_ms(self._clock.now()),
        }
        _insert(self._connection, row)
