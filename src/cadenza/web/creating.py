"""Creating a task, in every dialect: decode, accept, answer; under an Idempotency-Key only once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.responses import Response

from cadenza.domain.task import Accepted, TaskView
from cadenza.intake.once import HEADER, once, stamp_of
from cadenza.tasks.ports import Books
from cadenza.web.around.envelope import request_id
from cadenza.web.around.measure import note_task
from cadenza.web.door.reach import urls_of
from cadenza.web.endpoint import Call


async def create(
    call: Call,
    decode: Callable[[Any], Accepted],
    created: Callable[[TaskView], object],
    *,
    status: int = 200,
) -> Response:
    """Create the task that the body asks for, in the next shared commit; return the dialect's reply.

    Raises any ``Refused``, and ``Unavailable`` where the queue is full: then nothing is created or charged.
    """
    call.services.pace.admit(call.principal.key_id)
    body = await call.json()
    stamp = stamp_of(call.request.headers.getlist(HEADER), call.request.url.path, body)
    accepted = decode(body)
    call.services.reach.admit(call.account_id, urls_of(accepted))
    services = call.services
    told = request_id()  # the write runs on another thread

    def accept(books: Books) -> bytes:
        began_at = services.clock.now()
        view = services.intake.accept(books, call.principal, accepted, request_id=told)
        note_task(call.request.scope, view.id, began_at=began_at)
        return orjson.dumps(created(view))

    if stamp is None:
        return _told(status, await services.write(accept))
    kept, is_repeat = await services.write(
        lambda books: once(
            books, call.account_id, stamp, lambda: (status, accept(books)), now=services.clock.now()
        )
    )
    response = _told(kept.status, kept.body)
    if is_repeat:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _told(status: int, body: bytes) -> Response:
    return Response(body, status_code=status, media_type="application/json")
