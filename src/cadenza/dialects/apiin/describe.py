"""The routes of the apiin.one dialect, for its API description."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cadenza.dialects import samples
from cadenza.dialects.apiin.decode import MUSIC, MUSIC_EXTEND, decode_music, decode_music_extend
from cadenza.dialects.apiin.encode import callback_body, created, feed, task_status
from cadenza.dialects.apiin.errors import refusal_body
from cadenza.dialects.describing import IDEMPOTENCY_KEY, Callback, Parameter, Route
from cadenza.dialects.fields import Table, openapi_schema
from cadenza.dialects.telling import Json
from cadenza.domain.task import Accepted, CallbackStage, Dialect, TaskState, TaskView

_REQUESTS = samples.REQUESTS[Dialect.APIIN]
_STAGE_STATES = {
    CallbackStage.TEXT: TaskState.TEXT_READY,
    CallbackStage.FIRST: TaskState.FIRST_READY,
    CallbackStage.COMPLETE: TaskState.COMPLETE,
    CallbackStage.ERROR: TaskState.FAILED,
}


def routes() -> tuple[Route, ...]:
    """Return all routes of the dialect."""
    return (
        _create("/api/v1/audio/music", "music", "Make a song", MUSIC, decode_music),
        _create(
            "/api/v1/audio/music/extend", "extend", "Continue a track", MUSIC_EXTEND, decode_music_extend
        ),
        _feed(),
        _task_status(),
    )


def _sample(state: TaskState) -> TaskView:
    return samples.task(decode_music(_REQUESTS["music custom"]), state)


def _replies(examples: Mapping[str, Json], *, creating: bool = False) -> dict[int, dict[str, Json]]:
    replies: dict[int, dict[str, Json]] = {200: dict(examples)}
    for name, error in samples.ERRORS.items():
        status, body, _ = refusal_body(error, creating=creating)
        replies.setdefault(status, {})[name] = body
    return replies


def _create(path: str, name: str, summary: str, table: Table, decode: Callable[[object], Accepted]) -> Route:
    requests = {title: body for title, body in _REQUESTS.items() if title.split()[0] == name}
    accepted = decode(next(iter(requests.values())))
    stages = {
        stage.value: callback_body(samples.task(accepted, state), stage)
        for stage, state in _STAGE_STATES.items()
    }
    return Route(
        method="post",
        path=path,
        name=name,
        summary=summary,
        parameters=(IDEMPOTENCY_KEY,),
        request=openapi_schema(table),
        requests=requests,
        replies=_replies({"created": created(samples.task(accepted, TaskState.QUEUED))}, creating=True),
        callback=Callback(
            url_field="callback_url",
            examples={stage: body for stage, body in stages.items() if body is not None},
        ),
    )


def _feed() -> Route:
    return Route(
        method="get",
        path="/api/v1/audio/music/feed",
        name="feed",
        summary="The tracks of a task as they become ready",
        parameters=(Parameter(name="task_id", doc="The task, as the creating route named it."),),
        replies=_replies({state.value: feed(_sample(state)) for state in TaskState}),
    )


def _task_status() -> Route:
    return Route(
        method="get",
        path="/api/v1/tasks/{task_id}",
        name="taskStatus",
        summary="The status of a task",
        parameters=(Parameter(name="task_id", doc="The task.", place="path"),),
        replies=_replies({state.value: task_status(_sample(state)) for state in TaskState}),
    )
