"""Tasks of words alone as sunoapi.org and kie.ai write them: two texts, ``complete`` or ``error``, no music.

The stages of music (text, first) are not told: the page of these callbacks has complete and error only.
"""

from __future__ import annotations

import json

from cadenza.dialects.telling import Json, extras, failure_reason, ready_takes, spaced
from cadenza.domain.task import CallbackStage, TakeView, TaskState, TaskView

# Of the callback codes 200, 400, 451 and 500: nothing is fetched, and a prompt that was accepted is no fault.
_FAILURE_CODE = 500
_FAILED = "GENERATE_LYRICS_FAILED"


def record_info(task: TaskView) -> Json:
    """Return the reply to lyrics/record-info."""
    is_done = task.state is TaskState.COMPLETE
    is_failed = task.state.is_final and not is_done
    data = {
        "taskId": task.id,
        "param": json.dumps(task.wire_body, ensure_ascii=False, separators=(",", ":")),
        "response": {"taskId": task.id, "data": _texts(task)} if is_done else None,
        "status": status(task),
        "type": "LYRICS",
        "errorCode": _FAILURE_CODE if is_failed else None,
        "errorMessage": failure_reason(task),
        "createTime": spaced(task.accepted_at),
        "cadenza": extras(task),
    }
    return {"code": 200, "msg": "success", "data": data}


def callback_body(task: TaskView, stage: CallbackStage) -> Json | None:
    """Return the callback of a stage, None for the stages of music."""
    if stage not in (CallbackStage.COMPLETE, CallbackStage.ERROR):
        return None
    is_done = stage is CallbackStage.COMPLETE
    data = {
        "callbackType": stage.value,
        "taskId": task.id,
        "task_id": task.id,
        "status": status(task),
        "data": _texts(task) if is_done else None,
    }
    message = "All generated successfully." if is_done else failure_reason(task) or "The task failed."
    return {"code": 200 if is_done else _FAILURE_CODE, "msg": message, "taskId": task.id, "data": data}


def status(task: TaskView) -> str:
    """Return the documented name of the task's state: these tasks have no stages between."""
    if task.state is TaskState.COMPLETE:
        return "SUCCESS"
    return _FAILED if task.state.is_final else "PENDING"


def _texts(task: TaskView) -> list[Json]:
    return [_text(take) for take in ready_takes(task)]


def _text(take: TakeView) -> Json:
    return {"text": take.lyrics, "title": take.title, "status": "complete", "errorMessage": ""}
