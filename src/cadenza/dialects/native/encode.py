"""Replies, events and callbacks of our own dialect: one task object everywhere, snake_case, ISO times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cadenza.dialects.telling import (
    CANCELLED_REASON,
    Json,
    honoured,
    in_order,
    iso_ms_z,
    progress,
    take_extras,
    wire_model,
)
from cadenza.domain.task import CallbackStage, Dialect, Operation, TakeView, TaskState, TaskView


def created(task_view: TaskView) -> Json:
    """Return the reply to POST /v1/tasks: the task."""
    return task(task_view)


def task(task: TaskView) -> Json:
    """Return one task, whichever dialect it was created in."""
    return {
        "id": task.id,
        "object": "task",
        "status": task.state.value,
        "operation": task.operation.value,
        "dialect": task.dialect.value,
        "model": wire_model(task, Dialect.NATIVE),
        "tier": task.request.tier,
        "engine": task.engine,
        "seed": task.request.seed,
        "credits": task.credits,
        "created_at": iso_ms_z(task.accepted_at),
        "started_at": _maybe(task.started_at),
        "finished_at": _maybe(task.finished_at),
        "pinned": task.is_pinned,
        "expires_at": _maybe(task.expires_at),
        "files_deleted": task.are_files_deleted,
        "progress": progress(task),
        "takes": [
            _words(view) if task.operation is Operation.LYRICS else take(view) for view in in_order(task)
        ],
        "parent_take_id": task.parent_take_id,
        "error": _error(task),
        "request": dict(task.wire_body),
        "honoured": honoured(task),
        "unknown_fields": list(task.unknown_fields),
        "callback_url": task.callback_url,
        "links": {
            "self": f"/v1/tasks/{task.id}",
            "events": f"/v1/tasks/{task.id}/events",
            "cancel": f"/v1/tasks/{task.id}/cancel",
        },
    }


def take(take: TakeView) -> Json:
    """Return one take; addresses are null until there is something behind them."""
    return {
        "id": take.id,
        "index": take.index,
        "status": "ready" if take.is_ready else "rendering",
        "title": take.title,
        "style": take.style,
        "prompt": take.prompt,
        "lyrics": take.lyrics,
        "model_name": take.model_name,
        "created_at": iso_ms_z(take.created_at),
        "duration_s": take.duration_s,
        "audio_url": take.audio_url,
        "stream_url": take.stream_url,
        "image_url": take.image_url,
        "image_large_url": take.image_large_url,
        "files": dict(take.more_urls),
        **take_extras(take),
    }


def _words(take: TakeView) -> Json:
    """Return one text of a task of words alone: nothing of it sounds."""
    return {
        "id": take.id,
        "index": take.index,
        "status": "ready" if take.is_ready else "writing",
        "title": take.title,
        "style": take.style,
        "prompt": take.prompt,
        "lyrics": take.lyrics,
        "created_at": iso_ms_z(take.created_at),
        "seed": take.seed,
    }


def task_list(tasks: Sequence[TaskView], *, next_cursor: str | None) -> Json:
    """Return one page of tasks; ``next_cursor`` is null on the last one."""
    return {"object": "list", "data": [task(one) for one in tasks], "next_cursor": next_cursor}


def callback_body(task_view: TaskView, stage: CallbackStage) -> Json | None:
    """Return the callback of a stage: its name and the whole task."""
    return {
        "type": f"task.{stage.value}",
        "task_id": task_view.id,
        "sequence": task_view.state_changed_seq,
        "task": task(task_view),
    }


def balance(amount: int) -> Json:
    """Return the account's credits."""
    return {"credits": amount}


def estimate(amount: int) -> Json:
    """Return the price of a request."""
    return {"credits": amount}


def uploaded(
    *,
    upload_id: str,
    file_name: str,
    url: str,
    size_bytes: int,
    mime_type: str,
    duration_s: float | None,
    uploaded_at: dt.datetime,
    expires_at: dt.datetime,
) -> Json:
    """Return the reply to the upload routes; ``id`` goes into ``source.upload_id``."""
    return {
        "id": upload_id,
        "object": "upload",
        "file_name": file_name,
        "url": url,
        "size_bytes": size_bytes,
        "mime_type": mime_type,
        "duration_s": duration_s,
        "created_at": iso_ms_z(uploaded_at),
        "expires_at": iso_ms_z(expires_at),
    }


def _error(task: TaskView) -> Json | None:
    if task.state is TaskState.CANCELLED:
        return {"kind": "cancelled", "reason": CANCELLED_REASON}
    if task.failure is None:
        return None
    return {"kind": task.failure.kind.value, "reason": task.failure.reason}


def _maybe(moment: dt.datetime | None) -> str | None:
    return None if moment is None else iso_ms_z(moment)
