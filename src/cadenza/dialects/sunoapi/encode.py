"""Replies and callbacks as sunoapi.org and kie.ai write them: ``code``, ``msg``, ``data``.

Replies are in camelCase, callbacks in snake_case with ``createTime`` between them.
"""

from __future__ import annotations

import datetime as dt
import json

from cadenza.dialects.sunoapi import quirks, words
from cadenza.dialects.telling import (
    Json,
    extras,
    failure_reason,
    in_order,
    iso_ms_z,
    lyric_of,
    prompt_of,
    ready_takes,
    spaced,
    take_extras,
)
from cadenza.domain.task import CallbackStage, FailureKind, Operation, TakeView, TaskState, TaskView
from cadenza.domain.tiers import TIERS

_STATUS = {
    TaskState.QUEUED: "PENDING",
    TaskState.RUNNING: "PENDING",
    TaskState.TEXT_READY: "TEXT_SUCCESS",
    TaskState.FIRST_READY: "FIRST_SUCCESS",
    TaskState.COMPLETE: "SUCCESS",
    # Programs wait until their own time-out unless a failure's name holds FAIL or ERROR.
    TaskState.CANCELLED: "GENERATE_AUDIO_FAILED",
}
_FAILED_STATUS = {
    FailureKind.SOURCE_UNUSABLE: "CREATE_TASK_FAILED",
    FailureKind.GENERATION_FAILED: "GENERATE_AUDIO_FAILED",
    FailureKind.WORKER_LOST: "GENERATE_AUDIO_FAILED",
}

# Of the callback codes: 451 file could not be fetched, 501 audio failed, 500 server error,
# 531 failed and credits refunded.
_FAILURE_CODES = {
    FailureKind.SOURCE_UNUSABLE: 451,
    FailureKind.GENERATION_FAILED: 501,
    FailureKind.WORKER_LOST: 500,
}
_CANCELLED_CODE = 531

_STAGE_STATUS = {
    CallbackStage.TEXT: "TEXT_SUCCESS",
    CallbackStage.FIRST: "FIRST_SUCCESS",
    CallbackStage.COMPLETE: "SUCCESS",
}
_STAGE_MESSAGES = {
    CallbackStage.TEXT: "Text generated successfully.",
    CallbackStage.FIRST: "First track generated successfully.",
    CallbackStage.COMPLETE: "All generated successfully.",
}


def created(task: TaskView) -> Json:
    """Return the reply to the three creating routes."""
    return _success({"taskId": task.id})


def record_info(task: TaskView) -> Json:
    """Return the reply to record-info; a task of words alone is told as its own route tells it."""
    if task.operation is Operation.LYRICS:
        return words.record_info(task)
    return _success(
        {
            "taskId": task.id,
            "parentMusicId": task.parent_take_id or "",
            "param": json.dumps(task.wire_body, ensure_ascii=False, separators=(",", ":")),
            "response": _response(task, _shown(task)),
            "status": status(task),
            "type": TIERS[task.request.tier].upstream_name if quirks.TYPE_IS_UPSTREAM_NAME else "GENERATE",
            "operationType": task.operation.value,
            "errorCode": failure_code(task),
            "errorMessage": failure_reason(task),
            "createTime": spaced(task.accepted_at),
            "cadenza": extras(task),
        }
    )


def callback_body(task: TaskView, stage: CallbackStage) -> Json | None:
    """Return the callback of a stage; None where the task's kind has no such stage.

    Readers of either spelling of the task id, of ``status`` or of ``response`` find theirs too.
    """
    if task.operation is Operation.LYRICS:
        return words.callback_body(task, stage)
    if stage is CallbackStage.ERROR:
        code, message = failure_code(task), failure_reason(task)
        return _callback(task, stage, code=code or 500, message=message or "The task failed.", takes=None)
    takes = () if stage is CallbackStage.TEXT else ready_takes(task)
    return _callback(task, stage, code=200, message=_STAGE_MESSAGES[stage], takes=takes)


def balance(amount: int) -> Json:
    """Return the reply to both credit routes: a bare number."""
    return {"code": 200, "msg": "success", "data": amount}


def uploaded(
    *, file_name: str, file_path: str, url: str, size_bytes: int, mime_type: str, uploaded_at: dt.datetime
) -> Json:
    """Return the reply to the three file routes."""
    data = {
        "fileName": file_name,
        "filePath": file_path,
        "downloadUrl": url,
        "fileSize": size_bytes,
        "mimeType": mime_type,
        "uploadedAt": iso_ms_z(uploaded_at),
        "url": url,  # read by programs of other families
        "fileUrl": url,
    }
    return {"success": True, "code": 200, "msg": "success", "data": data}


def status(task: TaskView) -> str:
    """Return the documented name of a task's state."""
    if task.state is TaskState.FAILED and task.failure is not None:
        return _FAILED_STATUS[task.failure.kind]
    return _STATUS.get(task.state, "GENERATE_AUDIO_FAILED")


def failure_code(task: TaskView) -> int | None:
    """Return the number of a failure, None where there is none."""
    if task.state is TaskState.CANCELLED:
        return _CANCELLED_CODE
    return _FAILURE_CODES[task.failure.kind] if task.failure is not None else None


def _callback(
    task: TaskView, stage: CallbackStage, *, code: int, message: str, takes: tuple[TakeView, ...] | None
) -> Json:
    data = {
        "callbackType": stage.value,
        "task_id": task.id,
        "taskId": task.id,
        "status": _STAGE_STATUS.get(stage) or status(task),
        "data": None if takes is None else [_track(take) for take in takes],
        "response": _response(task, takes or ()),
    }
    return {"code": code, "msg": message, "taskId": task.id, "task_id": task.id, "data": data}


def _shown(task: TaskView) -> tuple[TakeView, ...]:
    """Return the tracks of a reply: all from the text stage on, since their streams play already."""
    return () if task.state in {TaskState.FAILED, TaskState.CANCELLED} else in_order(task)


def _response(task: TaskView, takes: tuple[TakeView, ...]) -> Json | None:
    if not takes:
        return None
    return {"taskId": task.id, "sunoData": [_camel(_track(take)) for take in takes]}


def _track(take: TakeView) -> Json:
    """Return one track in the callbacks' spelling; ``audio_url`` is "" until it can be fetched."""
    audio_url, image_url = take.audio_url or "", take.image_url or ""
    return {
        "id": take.id,
        "audio_url": audio_url,
        "source_audio_url": audio_url,
        "stream_audio_url": take.stream_url,
        "source_stream_audio_url": take.stream_url,
        "image_url": image_url,
        "source_image_url": image_url,
        "image_large_url": take.image_large_url,
        "prompt": prompt_of(take),
        "lyric": lyric_of(take),
        "model_name": take.model_name,
        "title": take.title,
        "tags": take.style,
        "createTime": spaced(take.created_at),
        "duration": take.duration_s,
        "error_message": None,
        **take_extras(take),
    }


def _camel(track: Json) -> Json:
    return {_camel_name(name): value for name, value in track.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[0].upper() + part[1:] for part in rest)


def _success(data: Json) -> Json:
    return {"code": 200, "msg": "success", "data": data}
