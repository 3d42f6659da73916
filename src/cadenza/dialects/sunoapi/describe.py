"""The routes of the sunoapi.org and kie.ai dialect, for its API description."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from cadenza.dialects import samples
from cadenza.dialects.describing import IDEMPOTENCY_KEY, Callback, Parameter, Route, multipart
from cadenza.dialects.fields import Table, openapi_schema
from cadenza.dialects.sunoapi import words
from cadenza.dialects.sunoapi.decode import (
    decode_extend,
    decode_generate,
    decode_lyrics,
    decode_upload_extend,
)
from cadenza.dialects.sunoapi.decode_overlay import decode_add_instrumental, decode_add_vocals
from cadenza.dialects.sunoapi.encode import balance, callback_body, created, record_info, uploaded
from cadenza.dialects.sunoapi.errors import file_refusal_body, refusal_body
from cadenza.dialects.sunoapi.tables import (
    ADD_INSTRUMENTAL,
    ADD_VOCALS,
    BASE64_UPLOAD,
    EXTEND,
    GENERATE,
    STREAM_FILE_FIELDS,
    STREAM_UPLOAD,
    TIMESTAMPED,
    UPLOAD_EXTEND,
    URL_UPLOAD,
    WORDS_ALONE,
)
from cadenza.dialects.sunoapi.timestamps import timestamped
from cadenza.dialects.telling import Json
from cadenza.domain.task import Accepted, CallbackStage, Dialect, TaskState, TaskView

CODES = (
    "Errors have HTTP 200 too, with `code`: 400 invalid parameters, 401 unauthorized access, 404 not "
    "found, 413 theme or prompt too long, 429 insufficient credits, 430 call frequency too high, "
    "455 system maintenance, 500 server error. A setting makes the HTTP status equal the code."
)
_REQUESTS = samples.REQUESTS[Dialect.SUNOAPI]
_STAGE_STATES = {
    CallbackStage.TEXT: TaskState.TEXT_READY,
    CallbackStage.FIRST: TaskState.FIRST_READY,
    CallbackStage.COMPLETE: TaskState.COMPLETE,
    CallbackStage.ERROR: TaskState.FAILED,
}


def routes() -> tuple[Route, ...]:
    """Return all routes of the dialect."""
    return (
        _create("/api/v1/generate", "generate", "Make a song", GENERATE, decode_generate),
        _create("/api/v1/generate/extend", "extend", "Continue a track", EXTEND, decode_extend),
        _create(
            "/api/v1/generate/upload-extend",
            "upload-extend",
            "Continue a recording",
            UPLOAD_EXTEND,
            decode_upload_extend,
        ),
        *_overlay_routes(),
        _record_info(),
        _timestamped(),
        _create("/api/v1/lyrics", "lyrics", "Write lyrics", WORDS_ALONE, decode_lyrics),
        _lyrics_record_info(),
        _credit("/api/v1/generate/credit", "credit"),
        _credit("/api/v1/chat/credit", "chatCredit"),
        *_file_routes(),
    )


def _overlay_routes() -> tuple[Route, ...]:
    return (
        _create(
            "/api/v1/generate/add-vocals",
            "add-vocals",
            "Sing over a recording",
            ADD_VOCALS,
            decode_add_vocals,
        ),
        _create(
            "/api/v1/generate/add-instrumental",
            "add-instrumental",
            "Accompany a recording",
            ADD_INSTRUMENTAL,
            decode_add_instrumental,
        ),
    )


def _sample(state: TaskState) -> TaskView:
    return samples.task(decode_upload_extend(_REQUESTS["upload-extend"]), state)


def _replies(**examples: Json) -> dict[int, dict[str, Json]]:
    refused = {name: refusal_body(error)[1] for name, error in samples.ERRORS.items()}
    return {200: {**examples, **refused}}


def _create(path: str, name: str, summary: str, table: Table, decode: Callable[[object], Accepted]) -> Route:
    requests = {title: body for title, body in _REQUESTS.items() if title.split()[0] == name}
    accepted = decode(requests[name])
    stages = {
        stage.value: callback_body(samples.task(accepted, state), stage)
        for stage, state in _STAGE_STATES.items()
    }
    return Route(
        method="post",
        path=path,
        name=name,
        summary=summary,
        codes=CODES,
        parameters=(IDEMPOTENCY_KEY,),
        request=openapi_schema(table),
        requests=requests,
        replies=_replies(created=created(samples.task(accepted, TaskState.QUEUED))),
        callback=Callback(
            url_field="callBackUrl",
            examples={stage: body for stage, body in stages.items() if body is not None},
        ),
    )


def _record_info() -> Route:
    return Route(
        method="get",
        path="/api/v1/generate/record-info",
        name="recordInfo",
        summary="Status and result of a task",
        codes=CODES,
        parameters=(Parameter(name="taskId", doc="The task, as the creating route named it."),),
        replies=_replies(**{state.value: record_info(_sample(state)) for state in TaskState}),
    )


def _timestamped() -> Route:
    (take, *_) = _sample(TaskState.COMPLETE).takes
    return Route(
        method="post",
        path="/api/v1/generate/get-timestamped-lyrics",
        name="timestampedLyrics",
        summary="When each word of a track is sung; free, and answered at once",
        codes=CODES,
        request=openapi_schema(TIMESTAMPED),
        requests={"by audio id": {"taskId": samples.TASK_ID, "audioId": take.id}},
        replies=_replies(aligned=timestamped(take, [0.02, 0.31, 0.27])),
    )


def _lyrics_record_info() -> Route:
    accepted = decode_lyrics(_REQUESTS["lyrics"])
    states = (TaskState.QUEUED, TaskState.COMPLETE, TaskState.FAILED)
    return Route(
        method="get",
        path="/api/v1/lyrics/record-info",
        name="lyricsRecordInfo",
        summary="Status and result of a task of lyrics",
        codes=CODES,
        parameters=(Parameter(name="taskId", doc="The task, as the creating route named it."),),
        replies=_replies(
            **{state.value: words.record_info(samples.task(accepted, state)) for state in states}
        ),
    )


def _credit(path: str, name: str) -> Route:
    return Route(
        method="get",
        path=path,
        name=name,
        summary="Credits that can be spent",
        codes=CODES,
        replies=_replies(credit=balance(412)),
    )


def _file_routes() -> tuple[Route, ...]:
    stream = multipart(openapi_schema(STREAM_UPLOAD), STREAM_FILE_FIELDS)
    return (
        _file_route("base64", "Keep a file sent as base64", request=openapi_schema(BASE64_UPLOAD)),
        _file_route("url", "Keep a file fetched from a URL", request=openapi_schema(URL_UPLOAD)),
        _file_route("stream", "Keep a file sent as a form", form=stream),
    )


def _file_route(name: str, summary: str, *, request: Json | None = None, form: Json | None = None) -> Route:
    done = uploaded(
        file_name="in.wav",
        file_path="audio/in.wav",
        url="https://files.example.com/audio/in.wav",
        size_bytes=1_048_576,
        mime_type="audio/wav",
        uploaded_at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    )
    refused: dict[int, dict[str, Json]] = {}
    for title, error in samples.ERRORS.items():
        status, body, _ = file_refusal_body(error)
        refused.setdefault(status, {})[title] = body
    examples: dict[str, Json] = {
        "base64": {"base64Data": "UklGRiQAAABXQVZF", "uploadPath": "audio", "fileName": "in.wav"},
        "url": {"fileUrl": "https://example.com/in.wav", "uploadPath": "audio"},
    }
    return Route(
        method="post",
        path=f"/api/file-{name}-upload",
        name=f"{name}Upload",
        summary=summary,
        request=request,
        requests={name: examples[name]} if request else {},
        other_requests={"multipart/form-data": form} if form else {},
        replies={200: {"uploaded": done}, **refused},
    )
