"""The rows of takes and their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.serial import lines_to_json
from cadenza.stores.schema import artefacts, takes
from cadenza.stores.statement import Statement
from cadenza.stores.values import from_ms, row_values, to_json, to_ms
from cadenza.tasks.records import StoredFile, TakeResult, TakeText


@dataclass(frozen=True, slots=True)
class FilesOfTake:
    """What files a take has, when the first of them goes or went, and whether they are deleted."""

    kinds: frozenset[ArtefactKind] = frozenset()
    expires_at_ms: int | None = None
    is_deleted: bool = False


TakeRow = tuple[Mapping[str, Any], FilesOfTake]
_NO_FILES = FilesOfTake()
_file_columns = (artefacts.c.take_id, artefacts.c.kind, artefacts.c.expires_at_ms, artefacts.c.sha256)

_of_task = Statement(
    takes.select().where(takes.c.task_id == sa.bindparam("task")).order_by(takes.c.take_index)
)
_files_of_task = Statement(
    sa.select(*_file_columns)
    .join(takes, takes.c.id == artefacts.c.take_id)
    .where(takes.c.task_id == sa.bindparam("task"))
)


def of_task(connection: sa.Connection, task_id: str) -> tuple[TakeRow, ...]:
    """Return a task's takes in their order, with the kinds of files there are."""
    rows = _of_task(connection, {"task": task_id}).all()
    if not rows:
        return ()
    files = _grouped(_files_of_task(connection, {"task": task_id}).all())
    return tuple((row_values(row), files.get(row.id, _NO_FILES)) for row in rows)


def of_tasks(connection: sa.Connection, task_ids: Sequence[str]) -> dict[str, tuple[TakeRow, ...]]:
    """Return each task's takes in their order, with the kinds of files there are."""
    if not task_ids:
        return {}
    rows = connection.execute(
        takes.select().where(takes.c.task_id.in_(task_ids)).order_by(takes.c.take_index)
    ).all()
    files = _files_of(connection, [row.id for row in rows])
    found: dict[str, list[TakeRow]] = defaultdict(list)
    for row in rows:
        found[row.task_id].append((row_values(row), files.get(row.id, _NO_FILES)))
    return {task_id: tuple(listed) for task_id, listed in found.items()}


def _files_of(connection: sa.Connection, take_ids: Sequence[str]) -> dict[str, FilesOfTake]:
    if not take_ids:
        return {}
    rows = connection.execute(sa.select(*_file_columns).where(artefacts.c.take_id.in_(take_ids)))
    return _grouped(rows.all())


def _grouped(rows: Sequence[Any]) -> dict[str, FilesOfTake]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.take_id].append(row)
    return {
        take_id: FilesOfTake(
            kinds=frozenset(ArtefactKind(row.kind) for row in mine),
            expires_at_ms=min(row.expires_at_ms for row in mine),
            is_deleted=not any(row.sha256 for row in mine),
        )
        for take_id, mine in found.items()
    }


def add(connection: sa.Connection, task: Mapping[str, Any] | None, text: TakeText, *, now: datetime) -> None:
    """Insert a take that is not ready; nothing where the task has one of this index."""
    assert task is not None, "a take belongs to a task"
    known = sa.select(takes.c.id).where(takes.c.task_id == task["id"], takes.c.take_index == text.take_index)
    if connection.execute(known).first() is not None:
        return
    connection.execute(
        takes.insert().values(
            id=text.take_id,
            task_id=task["id"],
            account_id=task["account_id"],
            take_index=text.take_index,
            title=text.title,
            style=text.style,
            prompt=text.prompt,
            lyrics=text.lyrics,
            model_name=text.model_name,
            is_ready=False,
            lines="[]",
            created_at_ms=to_ms(now),
        )
    )


def finish(connection: sa.Connection, task_id: str, result: TakeResult, *, expires_at: datetime) -> int:
    """Mark a take ready with its files; return how many of the task's takes are ready now."""
    lines = [{"text": line.text, "start_s": line.start_s, "end_s": line.end_s} for line in result.lines]
    done = connection.execute(
        takes.update()
        .where(takes.c.id == result.take_id, takes.c.is_ready.is_(False))
        .values(
            is_ready=True,
            duration_s=result.duration_s,
            joined_at_s=result.joined_at_s,
            seed=result.seed,
            bpm=result.bpm,
            musical_key=result.key,
            loudness_lufs=result.loudness_lufs,
            lines=to_json(lines),
            words=to_json([words for *_, words in lines_to_json(result.lines)]),
        )
    )
    if done.rowcount == 1 and result.artefacts:
        connection.execute(
            artefacts.insert(), [_artefact_row(result.take_id, one, expires_at) for one in result.artefacts]
        )
    ready = connection.scalar(
        sa.select(sa.func.count())
        .select_from(takes)
        .where(takes.c.task_id == task_id, takes.c.is_ready.is_(True))
    )
    return int(ready or 0)


def _artefact_row(take_id: str, artefact: Artefact, expires_at: datetime) -> dict[str, Any]:
    return {
        "take_id": take_id,
        "kind": artefact.kind.value,
        "sha256": artefact.sha256,
        "size_bytes": artefact.size_bytes,
        "expires_at_ms": to_ms(expires_at),
    }


def stored_file(connection: sa.Connection, take_id: str, kind: str) -> StoredFile | None:
    """Return a take's file by kind, named for people by its title."""
    row = connection.execute(
        sa.select(artefacts, takes.c.title, takes.c.take_index)
        .join(takes, takes.c.id == artefacts.c.take_id)
        .where(artefacts.c.take_id == take_id, artefacts.c.kind == kind)
    ).first()
    if row is None:
        return None
    artefact = Artefact(kind=ArtefactKind(row.kind), sha256=row.sha256, size_bytes=row.size_bytes)
    return StoredFile(
        artefact=artefact,
        media_type=artefact.media_type,
        expires_at=from_ms(row.expires_at_ms),
        file_name=f"{row.title} {row.take_index + 1}{artefact.suffix}",
    )


def owner(connection: sa.Connection, take_id: str, *, account_id: str) -> tuple[str, int] | None:
    """Return (task id, take index) of the account's take."""
    row = connection.execute(
        sa.select(takes.c.task_id, takes.c.take_index).where(
            takes.c.id == take_id, takes.c.account_id == account_id
        )
    ).first()
    return None if row is None else (row.task_id, row.take_index)
