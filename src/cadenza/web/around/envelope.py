"""What goes around every answer: the request's id, and an answer where nobody else gave one.

The id is the caller's ``X-Request-Id`` where that is a plain token, so that a proxy's or program's own id
can be followed through the logs; else a new one. It is in the header of every answer, in the body of every
refusal, and under the name ``request_id`` in every log line of the request.
"""

from __future__ import annotations

import re

import orjson
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cadenza.domain.errors import Unavailable
from cadenza.domain.ids import new_id
from cadenza.intake.keys import key_id_of

HEADER = "X-Request-Id"
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=/+-]{0,127}")

_log = structlog.get_logger()


def request_id() -> str:
    """Return the id of the request that is being answered; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def plain_refusal(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Return the refusal of a route that belongs to no dialect: code and text under every usual name."""
    body = {"code": status, "msg": text, "message": text, "request_id": request_id()}
    return Response(orjson.dumps(body), status, headers=headers, media_type="application/json")


class Envelope:
    """Gives every request its id, and an answer to those whose handler failed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = _chosen(Headers(scope=scope).getlist(HEADER))
        has_begun = False

        async def send_marked(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                MutableHeaders(scope=message)[HEADER] = chosen
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=chosen):
            try:
                await self._app(scope, receive, send_marked)
            except Exception as error:
                answer = _last_answer(error, scope["path"])
                if has_begun:  # the caller sees a broken answer, which is the truth
                    raise
                await answer(scope, receive, send_marked)


def _chosen(told: list[str]) -> str:
    """Return the caller's id if it is one token and no key, which must not get into a log; else a new one."""
    if len(told) == 1 and _TOKEN.fullmatch(told[0]) and key_id_of(told[0]) is None:
        return told[0]
    return new_id("req")


def _last_answer(error: Exception, path: str) -> Response:
    if isinstance(error, Unavailable):
        return plain_refusal(503, str(error), {"Retry-After": str(error.retry_after_s)})
    _log.error("request_failed", path=path, exc_info=error)
    return plain_refusal(500, "An unexpected error occurred while processing the request.")
