"""Replies and callbacks as crun.ai writes them: ``code``, ``message``, ``data``; Unix seconds."""

from __future__ import annotations

from cadenza.dialects.crun import quirks
from cadenza.dialects.telling import (
    Json,
    extras,
    failure_reason,
    in_order,
    lyric_of,
    prompt_of,
    take_extras,
    unix_s,
)
from cadenza.domain.task import CallbackStage, FailureKind, TakeView, TaskState, TaskView

_STATUS = {
    TaskState.QUEUED: "pending",
    TaskState.RUNNING: "running",
    TaskState.TEXT_READY: "running",
    TaskState.FIRST_READY: "running",
    TaskState.COMPLETE: "success",
    TaskState.FAILED: "failed",
    TaskState.CANCELLED: "failed",
}

# "501: Generation Failed"; the other codes are those a creating request would get for the reason.
_FAILURE_CODES = {
    FailureKind.SOURCE_UNUSABLE: 422,
    FailureKind.GENERATION_FAILED: 501,
    FailureKind.WORKER_LOST: 500,
}
_CANCELLED_CODE = 501


def created(task: TaskView) -> Json:
    """Return the reply to CreateTask."""
    return _success({"task_id": task.id})


def task_info(task: TaskView) -> Json:
    """Return the reply to TaskInfo."""
    return _success(task_data(task))


def callback_body(task: TaskView, stage: CallbackStage) -> Json | None:
    """Return the bare data object at the end of a task; crun tells nothing before."""
    if stage in {CallbackStage.TEXT, CallbackStage.FIRST}:
        return None
    return task_data(task) if quirks.CALLBACK_IS_BARE_DATA else task_info(task)


def balance(amount: int) -> Json:
    """Return the reply to account/balance."""
    return _success({"balance": amount})


def estimate(amount: int) -> Json:
    """Return the reply to estimate-credits. Prices are fixed, so it is no estimate."""
    return _success({"credits": amount, "estimated": False})


def task_data(task: TaskView) -> Json:
    """Return the data object of TaskInfo. Result, duration and end are null until the end."""
    data: Json = {
        "task_id": task.id,
        "provider": "Suno",
        "model_version": f"suno{task.request.tier}",
        "status": _STATUS[task.state],
        "param": {**task.wire_body, "callback_url": task.wire_body.get("callback_url") or None},
        "create_at": unix_s(task.accepted_at),
        "complete_at": None,
        "duration_s": None,
        "source": "api",
        "result": None,
        "cadenza": extras(task),
    }
    return data | _ending(task) if task.state.is_final else data


def _ending(task: TaskView) -> Json:
    created_at, completed_at = unix_s(task.accepted_at), unix_s(task.finished_at)
    assert created_at is not None
    assert completed_at is not None, "a final task has its end"
    succeeded = task.state is TaskState.COMPLETE
    return {
        "complete_at": completed_at,
        "duration_s": completed_at - created_at,
        "credits": task.credits if succeeded else 0,
        "result": _result(task) if succeeded else _failed_result(task),
    }


def _result(task: TaskView) -> Json:
    takes = in_order(task)
    return {
        "code": 200,
        "message": "success",
        "media_urls": [take.audio_url for take in takes],
        "suno_data": [_suno_data(take) for take in takes],
    }


def _failed_result(task: TaskView) -> Json:
    code = _FAILURE_CODES[task.failure.kind] if task.failure else _CANCELLED_CODE
    return {"code": code, "message": failure_reason(task), "media_urls": [], "suno_data": []}


def _suno_data(take: TakeView) -> Json:
    """Return one track: the four documented members, the id, and what the family has besides."""
    return {
        "suno_id": take.id,
        "title": take.title,
        "suno_audio_url": take.audio_url,
        "suno_stream_audio_url": take.stream_url,
        "suno_image_url": take.image_url,
        "suno_image_large_url": take.image_large_url,
        "duration": take.duration_s,
        "tags": take.style,
        "prompt": prompt_of(take),
        "lyrics": lyric_of(take),
        "model_name": take.model_name,
        **take_extras(take),
    }


def _success(data: Json) -> Json:
    return {"code": 200, "message": "success", "data": data}
