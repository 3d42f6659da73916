"""What the encoders of all dialects share: times, the honest extras, reasons of failure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cadenza.domain.task import Dialect, TakeView, TaskState, TaskView
from cadenza.domain.tiers import name_in

Json = dict[str, Any]

CANCELLED_REASON = "The task was cancelled."
INSTRUMENTAL_MARK = "[Instrumental]"  # what the lyric field says where nobody sings


def unix_s(moment: dt.datetime | None) -> int | None:
    """Return whole Unix seconds."""
    return None if moment is None else int(moment.timestamp())


def iso_z(moment: dt.datetime | None) -> str | None:
    """Return "2026-02-24T12:00:00Z"."""
    return None if moment is None else f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_ms_z(moment: dt.datetime) -> str:
    """Return "2026-01-02T03:04:05.000Z"."""
    utc = moment.astimezone(dt.UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def spaced(moment: dt.datetime) -> str:
    """Return "2026-01-02 03:04:05", in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def wire_model(task: TaskView, dialect: Dialect) -> str:
    """Return the model as the caller wrote it, or as the dialect spells the tier."""
    return task.wire_model or name_in(dialect, task.request.tier)


def ready_takes(task: TaskView) -> tuple[TakeView, ...]:
    """Return the takes that can be fetched, in their order."""
    return tuple(take for take in in_order(task) if take.is_ready)


def in_order(task: TaskView) -> tuple[TakeView, ...]:
    """Return all takes known so far by their index."""
    return tuple(sorted(task.takes, key=lambda take: take.index))


def failure_reason(task: TaskView) -> str | None:
    """Return why there will be no music, or None."""
    if task.state is TaskState.CANCELLED:
        return CANCELLED_REASON
    return task.failure.reason if task.failure is not None else None


def prompt_of(take: TakeView) -> str:
    """Return what a track's prompt says; never empty, because programs show it."""
    return take.prompt or take.lyrics or take.style or take.title


def lyric_of(take: TakeView) -> str:
    """Return a track's words, or the mark of an instrumental."""
    return take.lyrics or INSTRUMENTAL_MARK


def progress(task: TaskView) -> Json:
    """Return how far a task is."""
    return {
        "stage": task.progress.stage,
        "fraction": task.progress.fraction,
        "queue_place": task.progress.queue_place,
        "left_s": task.progress.left_s,
    }


def honoured(task: TaskView) -> Json:
    """Return what became of each request field, and why."""
    return {
        name: {"fidelity": what.fidelity.value, "reason": what.reason}
        for name, what in sorted(task.honoured.items())
    }


def extras(task: TaskView) -> Json:
    """Return the object ``cadenza``: what no hosted dialect has a place for."""
    return {
        "engine": task.engine,
        "seed": task.request.seed,
        "progress": progress(task),
        "honoured": honoured(task),
        "unknown_fields": list(task.unknown_fields),
    }


def take_extras(take: TakeView) -> Json:
    """Return what no hosted dialect tells of a take: the new part alone, and what can be measured."""
    return {
        "new_part_url": take.new_part_url,
        "joined_at_s": take.joined_at_s,
        "flac_url": take.flac_url,
        "seed": take.seed,
        "bpm": take.bpm,
        "key": take.key,
        "loudness_lufs": take.loudness_lufs,
        "lines": [{"text": line.text, "start_s": line.start_s, "end_s": line.end_s} for line in take.lines],
    }
