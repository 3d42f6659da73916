"""The routes around callbacks: the delivery log, redelivery, test events, and the signing secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.native import webhooks
from cadenza.domain.errors import Conflict, NotFound
from cadenza.domain.scopes import Scope
from cadenza.notify.rotation import rotate_secret
from cadenza.notify.trial import Trial, is_delivered
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account, CallbackAttempt, CallbackRecord
from cadenza.web.endpoint import Call, Frontage, reply
from cadenza.web.lookup import find_task, may_be_id


def routes(native: Frontage) -> list[Route]:
    """Return the routes."""
    return [
        Route("/v1/tasks/{task_id}/callbacks", native(log, Scope.READ), methods=["GET"]),
        Route("/v1/callbacks/test", native(Tester().test, Scope.MANAGE), methods=["POST"]),
        Route("/v1/callbacks/{callback_id}/redeliver", native(redeliver, Scope.MANAGE), methods=["POST"]),
        Route("/v1/account/webhook-secret/rotate", native(rotate, Scope.MANAGE), methods=["POST"]),
    ]


async def log(call: Call) -> Response:
    """GET /v1/tasks/{id}/callbacks: what was told to the callback URL, and how each attempt went."""
    task = await find_task(call, call.request.path_params["task_id"])

    def look(books: Books) -> list[dict[str, Any]]:
        records = books.callbacks.for_task(task.id, account_id=call.account_id)
        attempts = books.callbacks.attempts([record.id for record in records])
        return [_callback(record, attempts[record.id]) for record in records]

    return reply({"object": "list", "data": await call.services.read(look)})


async def redeliver(call: Call) -> Response:
    """POST /v1/callbacks/{id}/redeliver."""
    callback_id = call.request.path_params["callback_id"]
    if not may_be_id(callback_id):
        raise NotFound("callback")

    def again(books: Books) -> dict[str, Any]:
        record = call.services.life.redeliver(books, callback_id, account_id=call.account_id)
        return _callback(record, books.callbacks.attempts([callback_id])[callback_id])

    return reply(await call.services.write(again), status=202)


class Tester:
    """Sends test events, one at a time for an account: each may hold a thread for fifteen seconds."""

    def __init__(self) -> None:
        self._busy: set[str] = set()

    async def test(self, call: Call) -> Response:
        """POST /v1/callbacks/test."""
        url = webhooks.decode_test(await call.json())
        call.services.reach.admit(call.account_id, [url])
        if call.account_id in self._busy:
            raise Conflict("A test event of this account is still under way.")
        self._busy.add(call.account_id)
        try:
            return await self._send(call, url)
        finally:
            self._busy.discard(call.account_id)

    @staticmethod
    async def _send(call: Call, url: str) -> Response:
        services = call.services
        account = await fresh_account(call)
        trial = Trial(store=services.store, outbound=services.outbound, clock=services.clock)
        made = await services.aside(lambda: trial.send(account, url))
        told = webhooks.tested(
            event_id=made.event_id,
            is_delivered=is_delivered(made),
            status=made.status,
            reason=made.reason,
            elapsed_ms=made.elapsed_ms,
        )
        return reply(told)


async def rotate(call: Call) -> Response:
    """POST /v1/account/webhook-secret/rotate: the body may be left out."""
    headers = call.request.headers
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    overlap_h = webhooks.decode_rotation({} if is_empty else await call.json())
    now = call.services.clock.now()
    secret, until = await call.services.write(
        lambda books: rotate_secret(books, call.account_id, now=now, overlap_h=overlap_h)
    )
    return reply(webhooks.rotated(secret, until))


async def fresh_account(call: Call) -> Account:
    """Return the caller's account as it is now: the door remembers one for a second."""
    account = await call.services.read(lambda books: books.accounts.find(call.account_id))
    assert account is not None, "accounts are never deleted"
    return account


def _callback(record: CallbackRecord, attempts: Sequence[CallbackAttempt]) -> dict[str, Any]:
    return {
        "id": record.id,
        "stage": record.stage.value,
        "state": record.state,
        "attempts": record.attempt,
        "last_status": record.last_status,
        "last_reason": record.last_reason,
        "created_at": record.created_at.isoformat(),
        "log": [_attempt(one) for one in attempts],
    }


def _attempt(one: CallbackAttempt) -> dict[str, Any]:
    return {
        "attempt": one.attempt,
        "started_at": one.started_at.isoformat(),
        "elapsed_ms": one.elapsed_ms,
        "status": one.status,
        "reason": one.reason,
    }
