"""How long each request took, for ``/metrics`` and for a collector of traces."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cadenza.domain.clock import Clock
from cadenza.telemetry import Place, Span, Tracer, anywhere, in_task, told_by, within
from cadenza.web.routes.metrics import count_request

_DIALECT, _TASK = "cadenza.dialect", "cadenza.task"


def note_dialect(scope: Scope, dialect: str) -> None:
    """Remember which dialect a request speaks."""
    scope[_DIALECT] = dialect


def note_task(scope: Scope, task_id: str, *, began_at: datetime) -> None:
    """Remember that a request made a task, and when its accepting began."""
    scope[_TASK] = (task_id, began_at)


class Measured:
    """Counts every answer, and tells of it where somebody listens."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer, clock: Clock) -> None:
        self._app = app
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"], seconds=time.perf_counter() - began_s)
            await send(message)

        await self._app(scope, receive, send_measured)

    def _note(self, scope: Scope, status: int, *, seconds: float) -> None:
        known = getattr(scope.get("route"), "path", None)
        route = "none" if known is None else f"{scope.get('root_path', '')}{known}"
        dialect = scope.get(_DIALECT, "none")
        count_request(scope["method"], route, dialect, status, seconds=seconds)
        if self._tracer.is_on:
            self._tell(scope, f"{scope['method']} {route}", status, seconds)

    def _tell(self, scope: Scope, name: str, status: int, seconds: float) -> None:
        """Tell of the request, and of the accepting of the task that it made.

        A caller who sends ``traceparent`` finds the request in its own trace, and the task linked to it;
        otherwise the request is where the trace of its task begins.
        """
        ended_at = self._clock.now()
        caller = told_by(Headers(scope=scope).get("traceparent", ""))
        task_id, accepting_at = scope.get(_TASK, (None, ended_at))
        place = _place(caller, task_id)
        self._tracer.tell(
            Span(
                name=name,
                place=place,
                parent=caller,
                began_at=ended_at - timedelta(seconds=seconds),
                ended_at=ended_at,
                attributes={"http.response.status_code": status},
                is_failed=status >= 500,
                is_request=True,
            )
        )
        if task_id is not None:
            self._tracer.tell(
                Span(
                    name="accept",
                    place=in_task(task_id, "accept"),
                    parent=None if caller else place,
                    link=place if caller else None,
                    began_at=accepting_at,
                    ended_at=ended_at,
                    attributes={"task_id": task_id},
                )
            )


def _place(caller: Place | None, task_id: str | None) -> Place:
    if caller is not None:
        return within(caller)
    return anywhere() if task_id is None else in_task(task_id, "request")
