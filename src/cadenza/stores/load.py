"""How much there is already, counted on SQL for those who decide whether there may be more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from cadenza.domain.task import TaskState
from cadenza.stores.schema import artefacts, takes, tasks, uploads
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms_or_none, to_ms

# States and empty digests are part of the text: a database uses a partial index only where it can see the
# condition.
_queue = Statement(
    sa.select(sa.func.count().label("waiting"), sa.func.min(tasks.c.accepted_at_ms).label("oldest_ms")).where(
        tasks.c.state == sa.literal_column(f"'{TaskState.QUEUED.value}'")
    )
)
_mine = tasks.c.account_id == sa.bindparam("account")
_unfinished = Statement(
    sa.select(sa.func.count()).select_from(tasks).where(_mine, tasks.c.finished_at_ms.is_(None))
)
_accepted_since = Statement(
    sa.select(sa.func.count())
    .select_from(tasks)
    .where(_mine, tasks.c.accepted_at_ms >= sa.bindparam("moment"))
)
_of_takes = (
    sa.select(sa.func.coalesce(sa.func.sum(artefacts.c.size_bytes), 0))
    .join(takes, takes.c.id == artefacts.c.take_id)
    .where(takes.c.account_id == sa.bindparam("account"), artefacts.c.sha256 != sa.literal_column("''"))
    .scalar_subquery()
)
_is_replaced = sa.and_(
    uploads.c.upload_path == sa.bindparam("folder"), uploads.c.file_name == sa.bindparam("file_name")
)
_of_uploads = (
    sa.select(sa.func.coalesce(sa.func.sum(uploads.c.size_bytes), 0))
    .where(
        uploads.c.account_id == sa.bindparam("account"),
        uploads.c.sha256 != sa.literal_column("''"),
        sa.not_(_is_replaced),
    )
    .scalar_subquery()
)
_stored = Statement(sa.select(_of_takes, _of_uploads))


class SqlLoad:
    """``LoadBook`` on one connection."""

    _connection: sa.Connection

    def unfinished_count(self, account_id: str) -> int:
        """Return how many tasks of the account have not ended."""
        return int(_unfinished(self._connection, {"account": account_id}).scalar() or 0)

    def queue(self) -> tuple[int, datetime | None]:
        """Return how many tasks wait for a worker, and since when the oldest of them does."""
        row = _queue(self._connection, {}).one()
        return row.waiting, from_ms_or_none(row.oldest_ms)

    def accepted_since(self, account_id: str, moment: datetime) -> int:
        """Return how many tasks of the account were accepted at a moment or later."""
        asked = {"account": account_id, "moment": to_ms(moment)}
        return int(_accepted_since(self._connection, asked).scalar() or 0)

    def stored_bytes(self, account_id: str, *, besides: tuple[str, str] = ("", "")) -> int:
        """Return the size of all files that the account keeps, of takes and uploads."""
        folder, file_name = besides
        asked = {"account": account_id, "folder": folder, "file_name": file_name}
        return sum(int(size) for size in _stored(self._connection, asked).one())
