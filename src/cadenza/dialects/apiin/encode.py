"""Replies and callbacks as apiin.one writes them: flat when creating, enveloped in the feed."""

from __future__ import annotations

from cadenza.dialects.apiin import quirks
from cadenza.dialects.telling import (
    Json,
    extras,
    failure_reason,
    in_order,
    iso_z,
    lyric_of,
    prompt_of,
    ready_takes,
    take_extras,
    wire_model,
)
from cadenza.domain.task import CallbackStage, Dialect, TakeView, TaskState, TaskView

_TYPES = {
    TaskState.QUEUED: quirks.TYPE_BEFORE_TEXT,
    TaskState.RUNNING: quirks.TYPE_BEFORE_TEXT,
    TaskState.TEXT_READY: quirks.TYPE_WITH_TEXT,
    TaskState.FIRST_READY: quirks.TYPE_WITH_FIRST_TRACK,
    TaskState.COMPLETE: "SUCCESS",
    TaskState.FAILED: quirks.TYPE_OF_FAILURE,
    TaskState.CANCELLED: quirks.TYPE_OF_FAILURE,
}
_STATUS = {
    TaskState.QUEUED: "pending",
    TaskState.RUNNING: "processing",
    TaskState.TEXT_READY: "processing",
    TaskState.FIRST_READY: "processing",
    TaskState.COMPLETE: "completed",
    TaskState.FAILED: "failed",
    TaskState.CANCELLED: "failed",
}
_STAGE_TYPES = {
    CallbackStage.TEXT: quirks.TYPE_WITH_TEXT,
    CallbackStage.FIRST: quirks.TYPE_WITH_FIRST_TRACK,
    CallbackStage.COMPLETE: "SUCCESS",
    CallbackStage.ERROR: quirks.TYPE_OF_FAILURE,
}


def created(task: TaskView) -> Json:
    """Return the flat reply to both creating routes."""
    return {
        "task_id": task.id,
        "status": "pending",
        "model": wire_model(task, Dialect.APIIN),
        "created_at": iso_z(task.accepted_at),
    }


def feed(task: TaskView) -> Json:
    """Return the reply to the feed."""
    takes = () if _failed(task) else in_order(task)
    return {"code": 200, "message": "success", "data": _data(task, _TYPES[task.state], takes)}


def task_status(task: TaskView) -> Json:
    """Return the reply to /tasks/{id}: the flat fields, with the feed's data beside them."""
    return {
        **created(task),
        "status": _STATUS[task.state],
        "completed_at": iso_z(task.finished_at),
        "progress": round(100 * task.progress.fraction),
        "code": 200,
        "message": "success",
        "data": {**feed(task)["data"], "status": _STATUS[task.state]},
    }


def callback_body(task: TaskView, stage: CallbackStage) -> Json | None:
    """Return the callback of a stage. Its body is printed nowhere: the feed's reply with both task ids."""
    has_takes = stage in {CallbackStage.FIRST, CallbackStage.COMPLETE}
    kind = _STAGE_TYPES[stage]
    return {
        "code": 500 if stage is CallbackStage.ERROR else 200,
        "message": failure_reason(task) or "success",
        "callbackType": stage.value,
        "task_id": task.id,
        "taskId": task.id,
        "status": kind,
        "data": _data(task, kind, ready_takes(task) if has_takes else ()),
    }


def _failed(task: TaskView) -> bool:
    return task.state in {TaskState.FAILED, TaskState.CANCELLED}


def _data(task: TaskView, kind: str, takes: tuple[TakeView, ...]) -> Json:
    return {
        "type": kind,
        "task_id": task.id,
        "taskId": task.id,
        "status": kind,
        "error": failure_reason(task),
        "request_body": dict(task.wire_body),
        "response_data": [_song(task, take) for take in takes],
        "cadenza": extras(task),
    }


def _song(task: TaskView, take: TakeView) -> Json:
    return {
        "id": take.id,
        "audio_url": take.audio_url or "",
        "stream_audio_url": take.stream_url,
        "image_url": take.image_url or "",
        "image_large_url": take.image_large_url or "",
        "status": "complete" if take.is_ready else "streaming",
        "title": take.title,
        "tags": take.style,
        "prompt": prompt_of(take),
        "lyric": lyric_of(take),
        "duration": take.duration_s,
        "model_name": wire_model(task, Dialect.APIIN),
        "created_at": iso_z(take.created_at),
        "extra_message": "",
        "fail_message": "",
        "error_message": "",
        **take_extras(take),
    }
