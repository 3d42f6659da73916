"""Reading request bodies: every one has a size limit and a deadline before anything parses it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from cadenza.domain.errors import Fault, Malformed, TooLarge

# No document of any dialect nests deeper than 3; what is deeper is not a request.
_DEEPEST = 32
# Possessive: a text of many megabytes is passed over without a step back being remembered for each byte.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class TooSlow(Malformed):
    """The body did not arrive in time; the rest of it may still be on its way."""

    def __init__(self) -> None:
        super().__init__(Fault("body", "did not arrive in time"))


class GuardedReceive:
    """An ASGI ``receive`` that counts bytes and keeps one deadline over the whole body."""

    def __init__(self, receive: Receive, *, limit_bytes: int, deadline_s: float) -> None:
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._seen_bytes = 0
        self._ends_at_s = asyncio.get_running_loop().time() + deadline_s

    async def __call__(self) -> Message:
        """Return the next message. Raises ``TooLarge``, or ``TooSlow`` at the deadline."""
        try:
            async with asyncio.timeout_at(self._ends_at_s):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._seen_bytes += len(message.get("body", b""))
        if self._seen_bytes > self._limit_bytes:
            raise TooLarge("The body", limit=self._limit_bytes)
        return message


def guarded(request: Request, *, limit_bytes: int, deadline_s: float) -> Request:
    """Return the request with a guarded body. Raises ``TooLarge`` by its Content-Length alone."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and (len(told) > 18 or int(told) > limit_bytes):
        raise TooLarge("The body", limit=limit_bytes)
    receive = GuardedReceive(request.receive, limit_bytes=limit_bytes, deadline_s=deadline_s)
    return Request(request.scope, receive)


async def json_body(request: Request, *, limit_bytes: int, deadline_s: float) -> Any:
    """Return the JSON value of the body.

    Raises
    ------
    TooLarge, Malformed
        Too many bytes, too deep, too slow, or no JSON. The text never repeats the body.
    """
    try:
        body = await guarded(request, limit_bytes=limit_bytes, deadline_s=deadline_s).body()
    except ClientDisconnect:
        raise Malformed(Fault("body", "ended early")) from None
    if _depth(body) > _DEEPEST:
        raise Malformed(Fault("body", f"is nested deeper than {_DEEPEST}", limit=_DEEPEST))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed(Fault("body", "is not valid JSON")) from None


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
