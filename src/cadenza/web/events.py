"""Server-sent events of a task: what happened, from any point on, until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import orjson
from starlette.responses import Response, StreamingResponse

from cadenza.dialects.native import encode
from cadenza.domain.task import TaskView
from cadenza.tasks.ports import Books
from cadenza.tasks.records import EventRecord
from cadenza.web.endpoint import Call
from cadenza.web.lookup import find_task
from cadenza.web.services import Services

_LOOK_S = 0.25
_HEARTBEAT_S = 15.0
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def stream_events(call: Call) -> Response:
    """GET /v1/tasks/{id}/events.

    Each event has the number of the record as its id, the kind of the record as its name, and the task as
    its data (of "progress": stage and fraction only). With ``Last-Event-ID`` the stream goes on after that
    number. It ends with the task; who has heard all of it is told so by a 204, which ends the asking.
    """
    task = await find_task(call, call.request.path_params["task_id"])
    told = call.request.headers.get("last-event-id") or call.request.query_params.get("last_event_id", "")
    after = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
    if task.state.is_final and after and not await _is_more(call.services, task.id, after):
        return Response(status_code=204)
    if call.request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=_HEADERS)
    events = _events(call.services, task.id, after)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def _is_more(services: Services, task_id: str, after: int) -> bool:
    return bool(await services.read(lambda books: books.tasks.events(task_id, after=after)))


async def _events(services: Services, task_id: str, after: int) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    quiet_s, seen = 0.0, -1
    while True:
        view, records = await services.read(partial(_since, task_id, after))
        if view is None:
            return
        if not records and seen < 0:
            yield _message(None, "snapshot", encode.task(view))
        for record in records:
            yield _message(record.seq, record.kind, _data(record, view))
            after = record.seq
        seen = view.state_changed_seq
        if view.state.is_final:
            return
        quiet_s = 0.0 if records else quiet_s + _LOOK_S
        if quiet_s >= _HEARTBEAT_S:
            quiet_s = 0.0
            yield b": still here\n\n"
        await asyncio.sleep(_LOOK_S)


def _since(task_id: str, after: int, books: Books) -> tuple[TaskView | None, Sequence[EventRecord]]:
    return books.tasks.view(task_id), books.tasks.events(task_id, after=after)


def _data(record: EventRecord, view: TaskView) -> object:
    return dict(record.data) if record.kind == "progress" else encode.task(view)


def _message(number: int | None, kind: str, data: object) -> bytes:
    head = b"" if number is None else b"id: %d\n" % number
    return head + b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
