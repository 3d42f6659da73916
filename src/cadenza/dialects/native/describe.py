"""The routes of our own dialect, for its API description."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from cadenza.dialects import samples
from cadenza.dialects.describing import IDEMPOTENCY_KEY, Callback, Parameter, Route, multipart
from cadenza.dialects.fields import openapi_schema
from cadenza.dialects.native import keeping, lyrics, portraits, webhooks
from cadenza.dialects.native.decode import TASK, WORDS_ALONE, decode_lyrics, decode_task
from cadenza.dialects.native.encode import (
    balance,
    callback_body,
    created,
    estimate,
    task,
    task_list,
    uploaded,
)
from cadenza.dialects.native.errors import MEDIA_TYPE, refusal_body
from cadenza.dialects.native.uploads import FILE_NAME, MULTIPART_FILE_FIELD, UPLOAD
from cadenza.dialects.telling import Json
from cadenza.domain.scopes import USUAL, in_order
from cadenza.domain.task import CallbackStage, Dialect, TaskState, TaskView

_REQUESTS = samples.REQUESTS[Dialect.NATIVE]
_LYRICS: Json = {
    "prompt": "a song about a lonely robot on Mars",
    "style": "folk",
    "duration_s": 120,
    "seed": 7,
}
_TASK_ID = Parameter(name="task_id", doc="The task.", place="path")
_STAGE_STATES = {
    CallbackStage.TEXT: TaskState.TEXT_READY,
    CallbackStage.FIRST: TaskState.FIRST_READY,
    CallbackStage.COMPLETE: TaskState.COMPLETE,
    CallbackStage.ERROR: TaskState.FAILED,
}


def routes() -> tuple[Route, ...]:
    """Return all routes of the dialect."""
    return (
        _create(),
        _lyrics(),
        _list(),
        _read(),
        _cancel(),
        keeping.describe_delete(_sample(TaskState.COMPLETE), _replies),
        keeping.describe_pin(_sample(TaskState.COMPLETE), _replies),
        _events(),
        *_timed_lyrics(),
        webhooks.describe_log(_TASK_ID, _replies),
        webhooks.describe_redeliver(_replies),
        webhooks.describe_test(_replies),
        webhooks.describe_rotation(_replies),
        _estimate(),
        _upload(),
        _read_upload(),
        portraits.describe(str(_sample_upload()["id"]), _replies),
        keeping.describe_delete_upload(str(_sample_upload()["id"]), _replies),
        _account(),
    )


def _sample(state: TaskState) -> TaskView:
    return samples.task(decode_task(_REQUESTS["continue"]), state)


def _replies(
    status: int, examples: Mapping[str, Json], *, creating: bool = False
) -> dict[int, dict[str, Json]]:
    replies: dict[int, dict[str, Json]] = {status: dict(examples)}
    for name, error in samples.ERRORS.items():
        refused, body, _ = refusal_body(error, creating=creating)
        replies.setdefault(refused, {})[name] = body
    return replies


def _create() -> Route:
    stages = {stage.value: callback_body(_sample(state), stage) for stage, state in _STAGE_STATES.items()}
    return Route(
        method="post",
        path="/v1/tasks",
        name="createTask",
        summary="Make a song, or continue a recording",
        error_media=MEDIA_TYPE,
        parameters=(IDEMPOTENCY_KEY,),
        request=openapi_schema(TASK),
        requests=_REQUESTS,
        replies=_replies(201, {"created": created(_sample(TaskState.QUEUED))}, creating=True),
        callback=Callback(
            url_field="callback_url",
            examples={stage: body for stage, body in stages.items() if body is not None},
        ),
    )


def _lyrics() -> Route:
    accepted = decode_lyrics(_LYRICS)
    stages = {
        stage.value: callback_body(samples.task(accepted, state), stage)
        for stage, state in _STAGE_STATES.items()
    }
    return Route(
        method="post",
        path="/v1/lyrics",
        name="createLyrics",
        summary="Write lyrics: a task whose takes are words alone",
        error_media=MEDIA_TYPE,
        parameters=(IDEMPOTENCY_KEY,),
        request=openapi_schema(WORDS_ALONE),
        requests={"write": _LYRICS},
        replies=_replies(201, {"created": created(samples.task(accepted, TaskState.QUEUED))}, creating=True),
        callback=Callback(
            url_field="callback_url",
            examples={stage: body for stage, body in stages.items() if body is not None},
        ),
    )


def _list() -> Route:
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    return Route(
        method="get",
        path="/v1/tasks",
        name="listTasks",
        summary="The account's tasks, newest first, page by page",
        error_media=MEDIA_TYPE,
        parameters=(
            Parameter(name="limit", doc="Tasks on a page.", required=False, schema=limit),
            Parameter(name="cursor", doc="next_cursor of the page before.", required=False),
            Parameter(
                name="state",
                doc="Only tasks in this state.",
                required=False,
                schema={"type": "string", "enum": [state.value for state in TaskState]},
            ),
        ),
        replies=_replies(200, {"page": task_list([_sample(TaskState.COMPLETE)], next_cursor=None)}),
    )


def _read() -> Route:
    return Route(
        method="get",
        path="/v1/tasks/{task_id}",
        name="readTask",
        summary="One task",
        error_media=MEDIA_TYPE,
        parameters=(_TASK_ID,),
        replies=_replies(200, {state.value: task(_sample(state)) for state in TaskState}),
    )


def _cancel() -> Route:
    return Route(
        method="post",
        path="/v1/tasks/{task_id}/cancel",
        name="cancelTask",
        summary="Stop a task; its credits come back",
        error_media=MEDIA_TYPE,
        parameters=(_TASK_ID,),
        replies=_replies(200, {"cancelled": task(_sample(TaskState.CANCELLED))}),
    )


def _events() -> Route:
    return Route(
        method="get",
        path="/v1/tasks/{task_id}/events",
        name="taskEvents",
        summary="The task as server-sent events, until its end",
        reply_media="text/event-stream",
        error_media=MEDIA_TYPE,
        parameters=(
            _TASK_ID,
            Parameter(name="Last-Event-ID", doc="Go on after this event.", place="header", required=False),
        ),
        replies=_replies(200, {"events": {}}),
    )


def _timed_lyrics() -> tuple[Route, Route]:
    (take, *_) = _sample(TaskState.COMPLETE).takes
    file_replies = _replies(200, {"file": {}})
    return lyrics.describe(take, _replies(200, {}), file_replies, _TASK_ID, MEDIA_TYPE)


def _estimate() -> Route:
    return Route(
        method="post",
        path="/v1/estimate",
        name="estimate",
        summary="The price of a task body; nothing is created or charged",
        error_media=MEDIA_TYPE,
        request=openapi_schema(TASK),
        requests=_REQUESTS,
        replies=_replies(200, {"estimate": estimate(12)}, creating=True),
    )


def _sample_upload() -> Json:
    return uploaded(
        upload_id="upload_53c2e19b7d4fa3f0c2e19b7d4f6e8a10",
        file_name="in.wav",
        url="https://music.example.com/files/upload_53c2e19b7d4fa3f0c2e19b7d4f6e8a10/in.wav",
        size_bytes=1_048_576,
        mime_type="audio/wav",
        duration_s=63.5,
        uploaded_at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        expires_at=dt.datetime(2026, 1, 5, 3, 4, 5, tzinfo=dt.UTC),
    )


def _upload() -> Route:
    form = multipart(openapi_schema((FILE_NAME,)), (MULTIPART_FILE_FIELD,))
    return Route(
        method="post",
        path="/v1/uploads",
        name="upload",
        summary="Leave a recording here to be continued",
        error_media=MEDIA_TYPE,
        request=openapi_schema(UPLOAD),
        requests={"from a url": {"url": "https://example.com/in.wav", "file_name": "in.wav"}},
        other_requests={"multipart/form-data": form},
        replies=_replies(201, {"uploaded": _sample_upload()}),
    )


def _read_upload() -> Route:
    return Route(
        method="get",
        path="/v1/uploads/{upload_id}",
        name="readUpload",
        summary="One recording that was left here",
        error_media=MEDIA_TYPE,
        parameters=(Parameter(name="upload_id", doc="The upload.", place="path"),),
        replies=_replies(200, {"upload": _sample_upload()}),
    )


def _account() -> Route:
    account = {
        "object": "account",
        "id": "account_1",
        "name": "me",
        "key_id": "key_1",
        "scopes": [scope.value for scope in in_order(USUAL)],
        "key_expires_at": "2026-12-31T00:00:00+00:00",
        "webhook_secret": "whsec_...",
        **balance(412),
    }
    return Route(
        method="get",
        path="/v1/account",
        name="account",
        summary="Whose key this is, what it may do, its credits, and the secret that signs its callbacks",
        error_media=MEDIA_TYPE,
        replies=_replies(200, {"account": account}),
    )
