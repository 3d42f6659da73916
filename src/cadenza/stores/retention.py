"""What is let go of on SQL: files whose time is over, and rows that nobody will ask for again.

A file's row stays when the file goes, with an empty digest: readers are told that it is gone, not that
it never was. Everything here comes in small batches, so that no transaction is long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from cadenza.domain.clock import Clock
from cadenza.domain.task import TaskState
from cadenza.stores.schema import artefacts, chores, events, takes, tasks, uploads, workers
from cadenza.stores.values import to_ms

NO_FILE = ""
_FINAL = [state.value for state in TaskState if state.is_final]
# The conditions of the partial indexes, as constants: a database must see them to use one.
_has_file = artefacts.c.sha256 != sa.literal_column("''")
_upload_has_file = uploads.c.sha256 != sa.literal_column("''")
_is_progress = events.c.kind == sa.literal_column("'progress'")


class SqlRetention:
    """``RetentionBook`` on one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def claim(self, chore: str, *, every: timedelta) -> bool:
        """Take a chore that nobody has taken within ``every``; True for one of those who ask at once."""
        now_ms = to_ms(self._clock.now())
        self._connection.execute(
            sa.text("INSERT INTO chores (name, taken_at_ms) VALUES (:name, 0) ON CONFLICT DO NOTHING"),
            {"name": chore},
        )
        done = self._connection.execute(
            chores.update()
            .where(
                chores.c.name == chore, chores.c.taken_at_ms <= now_ms - every // timedelta(milliseconds=1)
            )
            .values(taken_at_ms=now_ms)
        )
        return done.rowcount == 1

    def expire_files(self, *, limit: int) -> Sequence[str]:
        """Let go of files of takes and uploads whose time is over; return at most ``limit`` digests."""
        now_ms = to_ms(self._clock.now())
        rows = self._connection.execute(
            sa.select(artefacts.c.take_id, artefacts.c.kind, artefacts.c.sha256)
            .where(_has_file, artefacts.c.expires_at_ms <= now_ms)
            .order_by(artefacts.c.expires_at_ms)
            .limit(limit)
        ).all()
        for row in rows:
            mine = sa.and_(artefacts.c.take_id == row.take_id, artefacts.c.kind == row.kind)
            self._connection.execute(
                artefacts.update().where(mine, artefacts.c.expires_at_ms <= now_ms).values(sha256=NO_FILE)
            )
        self._note_change(takes.c.id.in_({row.take_id for row in rows}))
        left = limit - len(rows)
        old = self._connection.execute(
            sa.select(uploads.c.id, uploads.c.sha256)
            .where(_upload_has_file, uploads.c.expires_at_ms <= now_ms)
            .order_by(uploads.c.expires_at_ms)
            .limit(left)
        ).all()
        for upload in old:
            self._connection.execute(
                uploads.update()
                .where(uploads.c.id == upload.id, uploads.c.expires_at_ms <= now_ms)
                .values(sha256=NO_FILE)
            )
        return [row.sha256 for row in (*rows, *old)]

    def used(self, digests: Collection[str]) -> frozenset[str]:
        """Return those of the digests that some take or upload still refers to."""
        if not digests:
            return frozenset()
        found = sa.union(
            sa.select(artefacts.c.sha256).where(artefacts.c.sha256.in_(digests)),
            sa.select(uploads.c.sha256).where(uploads.c.sha256.in_(digests)),
        )
        return frozenset(self._connection.scalars(found))

    def delete_files(self, task_id: str) -> Sequence[str]:
        """Let go of all files of a task now; return their digests."""
        mine = artefacts.c.take_id.in_(sa.select(takes.c.id).where(takes.c.task_id == task_id))
        digests = list(self._connection.scalars(sa.select(artefacts.c.sha256).where(mine, _has_file)))
        self._connection.execute(
            artefacts.update()
            .where(mine, _has_file)
            .values(sha256=NO_FILE, expires_at_ms=to_ms(self._clock.now()))
        )
        self._note_change(takes.c.task_id == task_id)
        return digests

    def delete_upload(self, upload_id: str) -> str | None:
        """Let go of an upload's file now; return its digest, None where it is gone already."""
        mine = sa.and_(uploads.c.id == upload_id, _upload_has_file)
        digest: str | None = self._connection.scalar(sa.select(uploads.c.sha256).where(mine))
        self._connection.execute(
            uploads.update().where(mine).values(sha256=NO_FILE, expires_at_ms=to_ms(self._clock.now()))
        )
        return digest

    def keep_files(self, task_id: str, *, until: datetime) -> int:
        """Keep what a task still has until a moment; return how many files that are."""
        done = self._connection.execute(
            artefacts.update()
            .where(
                artefacts.c.take_id.in_(sa.select(takes.c.id).where(takes.c.task_id == task_id)),
                _has_file,
                artefacts.c.expires_at_ms > to_ms(self._clock.now()),
            )
            .values(expires_at_ms=to_ms(until))
        )
        self._note_change(takes.c.task_id == task_id)
        return done.rowcount

    def _note_change(self, which: sa.ColumnElement[bool]) -> None:
        """Count a change of the tasks that these takes belong to: readers see it."""
        self._connection.execute(
            tasks.update()
            .where(tasks.c.id.in_(sa.select(takes.c.task_id).where(which)))
            .values(change_seq=tasks.c.change_seq + 1)
        )

    def unfinished(self, task_ids: Collection[str]) -> frozenset[str]:
        """Return those of the tasks that have not ended."""
        query = sa.select(tasks.c.id).where(tasks.c.id.in_(task_ids), tasks.c.state.not_in(_FINAL))
        return frozenset(self._connection.scalars(query))

    def coming(self, take_ids: Collection[str]) -> frozenset[str]:
        """Return those of the takes whose task has not ended."""
        query = (
            sa.select(takes.c.id)
            .join(tasks, tasks.c.id == takes.c.task_id)
            .where(takes.c.id.in_(take_ids), tasks.c.state.not_in(_FINAL))
        )
        return frozenset(self._connection.scalars(query))

    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete steps of progress and workers that left, older than ``before``; return how many."""
        before_ms = to_ms(before)
        steps = self._connection.execute(
            sa.select(events.c.task_id, events.c.seq)
            .where(_is_progress, events.c.at_ms < before_ms)
            .limit(limit)
        ).all()
        for step in steps:
            self._connection.execute(
                events.delete().where(events.c.task_id == step.task_id, events.c.seq == step.seq)
            )
        gone = self._connection.execute(
            workers.delete().where(workers.c.is_live.is_(False), workers.c.seen_at_ms < before_ms)
        )
        return len(steps) + gone.rowcount
