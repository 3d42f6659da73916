"""Server-sent events of a task: what happened, from any point on, until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cadenza.dialects.native import encode
from cadenza.domain.task import TaskView
from cadenza.tasks.ports import Books
from cadenza.tasks.records import EventRecord
from cadenza.web.door.atonce import AtOnce
from cadenza.web.endpoint import Call
from cadenza.web.lookup import find_task
from cadenza.web.services import Services
from cadenza.web.watching import Watch

# What is sent to a reader who has gone tells the server so, and the stream ends.
_HEARTBEAT_S = 15.0
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Events:
    """The streams of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watch = Watch(services)
        self._open = AtOnce(most=services.settings.streams_per_account, what="open event streams")

    async def stream(self, call: Call) -> Response:
        """GET /v1/tasks/{id}/events.

        Each event has the number of the record as its id, the kind of the record as its name, and the task
        as its data (of "progress": stage and fraction only). With ``Last-Event-ID`` the stream goes on after
        that number. It ends with the task; who has heard all of it is told so by a 204, which ends the
        asking. When the server is asked to stop, the last event is "closing"; a reader comes back with the
        number it has. Raises ``RateLimited`` where the account has as many streams as it may have.
        """
        task = await find_task(call, call.request.path_params["task_id"])
        after = _heard(call)
        if task.state.is_final and after and not await self._is_more(task.id, after):
            return Response(status_code=204)
        if call.request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=_HEADERS)
        self._open.take(call.account_id)
        return _Stream(self._events(task.id, after), self._open, call.account_id)

    async def _is_more(self, task_id: str, after: int) -> bool:
        return bool(await self._services.read(lambda books: books.tasks.events(task_id, after=after)))

    async def _events(self, task_id: str, after: int) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        is_first = True
        with self._watch.follow(task_id) as bell:
            while True:
                bell.clear()
                view, records = await self._services.read(partial(_since, task_id, after))
                if view is None:
                    return
                if is_first and not records:
                    yield _message(None, "snapshot", encode.task(view))
                is_first = False
                for record in records:
                    yield _message(record.seq, record.kind, _data(record, view))
                    after = record.seq
                if view.state.is_final:
                    return
                if self._services.closing.has_begun:
                    yield _message(None, "closing", {})
                    return
                while not await _is_rung(bell):
                    yield b": still here\n\n"


class _Stream(StreamingResponse):
    """A stream that gives its place back however it ends."""

    def __init__(self, events: AsyncIterator[bytes], places: AtOnce, account_id: str) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)
        self._places = places
        self._account_id = account_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._places.give_back(self._account_id)


def _heard(call: Call) -> int:
    """Return the number of the last event that the reader has; 0: none."""
    told = call.request.headers.get("last-event-id") or call.request.query_params.get("last_event_id", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


async def _is_rung(bell: asyncio.Event) -> bool:
    """Wait for the bell, at most until it is time for a heartbeat."""
    try:
        async with asyncio.timeout(_HEARTBEAT_S):
            return await bell.wait()
    except TimeoutError:
        return False


def _since(task_id: str, after: int, books: Books) -> tuple[TaskView | None, Sequence[EventRecord]]:
    return books.tasks.view(task_id), books.tasks.events(task_id, after=after)


def _data(record: EventRecord, view: TaskView) -> object:
    return dict(record.data) if record.kind == "progress" else encode.task(view)


def _message(number: int | None, kind: str, data: object) -> bytes:
    head = b"" if number is None else b"id: %d\n" % number
    return head + b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
