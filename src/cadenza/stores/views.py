"""Rows to what readers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.links import MORE_NAMES, Links
from cadenza.domain.serial import honoured_from_json, request_from_json, words_from_json
from cadenza.domain.task import (
    Dialect,
    Failure,
    FailureKind,
    LyricLine,
    Operation,
    Progress,
    TakeView,
    TaskState,
    TaskView,
)
from cadenza.stores.takes import FilesOfTake, TakeRow
from cadenza.stores.values import from_json, from_ms, from_ms_or_none

# Below this share of the work an estimate of the time left would be a guess.
_LEAST_FRACTION_TO_ESTIMATE = 0.05


def task_view(
    row: Mapping[str, Any],
    takes: Sequence[TakeRow],
    links: Links,
    *,
    now: datetime,
    queue_place: int | None,
) -> TaskView:
    """Return what readers see of a task row and its takes."""
    state = TaskState(row["state"])
    return TaskView(
        id=row["id"],
        account_id=row["account_id"],
        dialect=Dialect(row["dialect"]),
        operation=Operation(row["operation"]),
        request=request_from_json(from_json(row["request"])),
        wire_model=row["wire_model"],
        wire_body=from_json(row["wire_body"]),
        unknown_fields=tuple(from_json(row["unknown_fields"])),
        callback_url=row["callback_url"],
        parent_take_id=row["parent_take_id"],
        state=state,
        failure=_failure(row),
        progress=_progress(row, state, now=now, queue_place=queue_place),
        credits=row["credits"],
        accepted_at=from_ms(row["accepted_at_ms"]),
        started_at=from_ms_or_none(row["started_at_ms"]),
        finished_at=from_ms_or_none(row["finished_at_ms"]),
        engine=row["engine"],
        takes=tuple(_take_view(take, files, links) for take, files in takes),
        honoured=honoured_from_json(from_json(row["honoured"])),
        state_changed_seq=row["change_seq"],
        request_id=row["request_id"],
    )


def _failure(row: Mapping[str, Any]) -> Failure | None:
    if row["failure_kind"] is None:
        return None
    return Failure(kind=FailureKind(row["failure_kind"]), reason=row["failure_reason"])


def _progress(
    row: Mapping[str, Any], state: TaskState, *, now: datetime, queue_place: int | None
) -> Progress:
    fraction = float(row["fraction"])
    left_s = None
    if row["started_at_ms"] and fraction >= _LEAST_FRACTION_TO_ESTIMATE and not state.is_final:
        elapsed_s = now.timestamp() - row["started_at_ms"] / 1000
        left_s = round(elapsed_s * (1 - fraction) / fraction, 1)
    return Progress(stage=row["stage"], fraction=fraction, queue_place=queue_place, left_s=left_s)


def _take_view(row: Mapping[str, Any], files: FilesOfTake, links: Links) -> TakeView:
    def url(kind: ArtefactKind) -> str | None:
        return links.media(row["id"], kind) if kind in files.kinds else None

    return TakeView(
        id=row["id"],
        index=row["take_index"],
        title=row["title"],
        style=row["style"],
        prompt=row["prompt"],
        lyrics=row["lyrics"],
        model_name=row["model_name"],
        created_at=from_ms(row["created_at_ms"]),
        is_ready=bool(row["is_ready"]),
        stream_url=links.stream(row["id"]),
        audio_url=url(ArtefactKind.AUDIO_MP3),
        image_url=url(ArtefactKind.COVER),
        image_large_url=url(ArtefactKind.COVER_LARGE),
        new_part_url=url(ArtefactKind.NEW_PART_MP3),
        flac_url=url(ArtefactKind.AUDIO_FLAC),
        more_urls={
            name: links.media(row["id"], kind) for kind, name in MORE_NAMES.items() if kind in files.kinds
        },
        duration_s=row["duration_s"],
        joined_at_s=row["joined_at_s"],
        seed=row["seed"],
        bpm=row["bpm"],
        key=row["musical_key"],
        loudness_lufs=row["loudness_lufs"],
        lines=_lines(row),
        expires_at=from_ms_or_none(files.expires_at_ms),
        is_deleted=files.is_deleted,
    )


def _lines(row: Mapping[str, Any]) -> tuple[LyricLine, ...]:
    lines = from_json(row["lines"])
    words = from_json(row["words"]) if row["words"] else [[]] * len(lines)
    return tuple(
        LyricLine(**line, words=words_from_json(own)) for line, own in zip(lines, words, strict=True)
    )
