"""The routes of the crun.ai dialect, for its API description."""

from __future__ import annotations

from cadenza.dialects import samples
from cadenza.dialects.crun.decode import decode_create_task, envelopes
from cadenza.dialects.crun.encode import balance, callback_body, created, estimate, task_info
from cadenza.dialects.crun.errors import refusal_body
from cadenza.dialects.describing import IDEMPOTENCY_KEY, Callback, Parameter, Route
from cadenza.dialects.fields import openapi_schema
from cadenza.dialects.telling import Json
from cadenza.domain.task import CallbackStage, Dialect, TaskState, TaskView

CODES = (
    "Errors have HTTP 200 too, with `code`: 401 unauthorized, 402 insufficient credits, 404 not found, "
    "422 validation error, 429 rate limited, 455 service unavailable, 500 server error, "
    "501 generation failed, 505 feature disabled. A setting makes the HTTP status equal the code."
)
_JOB = "/api/v1/client/job"


def routes() -> tuple[Route, ...]:
    """Return all routes of the dialect."""
    return (_create(), _task_info(), _estimate(), _balance())


def _sample(state: TaskState) -> TaskView:
    return samples.task(decode_create_task(samples.REQUESTS[Dialect.CRUN]["extend custom"]), state)


def _replies(**examples: Json) -> dict[int, dict[str, Json]]:
    refused = {name: refusal_body(error)[1] for name, error in samples.ERRORS.items()}
    return {200: {**examples, **refused}}


def _body() -> Json:
    return {"oneOf": [openapi_schema(table) for table in envelopes().values()]}


def _create() -> Route:
    finished = callback_body(_sample(TaskState.COMPLETE), CallbackStage.COMPLETE)
    failed = callback_body(_sample(TaskState.FAILED), CallbackStage.ERROR)
    assert finished is not None
    assert failed is not None
    return Route(
        method="post",
        path=f"{_JOB}/CreateTask",
        name="createTask",
        summary="Make a song, or continue a recording",
        codes=CODES,
        parameters=(IDEMPOTENCY_KEY,),
        request=_body(),
        requests=samples.REQUESTS[Dialect.CRUN],
        replies=_replies(created=created(_sample(TaskState.QUEUED))),
        callback=Callback(url_field="callback_url", examples={"success": finished, "failed": failed}),
    )


def _task_info() -> Route:
    states = (TaskState.QUEUED, TaskState.RUNNING, TaskState.COMPLETE, TaskState.FAILED)
    return Route(
        method="get",
        path=f"{_JOB}/TaskInfo",
        name="taskInfo",
        summary="Status and result of a task",
        codes=CODES,
        parameters=(Parameter(name="task_id", doc="The task, as CreateTask named it."),),
        replies=_replies(**{state.value: task_info(_sample(state)) for state in states}),
    )


def _estimate() -> Route:
    return Route(
        method="post",
        path=f"{_JOB}/estimate-credits",
        name="estimateCredits",
        summary="The price of a CreateTask body; nothing is created or charged",
        codes=CODES,
        request=_body(),
        requests=samples.REQUESTS[Dialect.CRUN],
        replies=_replies(estimate=estimate(10)),
    )


def _balance() -> Route:
    return Route(
        method="get",
        path="/api/v1/client/account/balance",
        name="balance",
        summary="Credits that can be spent",
        codes=CODES,
        replies=_replies(balance=balance(412)),
    )
