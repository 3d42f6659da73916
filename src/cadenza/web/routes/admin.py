"""The routes for operators, apart from the callers' and behind a gate of their own."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from cadenza.dialects.native import admin
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Fault, Malformed, NotFound, RateLimited, Refused
from cadenza.domain.scopes import Scope
from cadenza.intake.keyring import NewKey, Terms
from cadenza.intake.once import HEADER, once, stamp_of
from cadenza.tasks.keys import Limits
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account
from cadenza.web.door.auth import Doorkeeper
from cadenza.web.endpoint import Call, Endpoint, Frontage, Handler, reply
from cadenza.web.lookup import may_be_id

_DEFAULT_ENTRIES, _MOST_ENTRIES = 50, 1000
_log = structlog.get_logger()


class Gate:
    """Lets nobody but keys of the scope admin further, whatever the path, the method or the headers say.

    To everybody else there is nothing here: without an admin key the routes do not exist.
    """

    def __init__(self, router: Router, doorkeeper: Doorkeeper) -> None:
        self._router = router
        self._doorkeeper = doorkeeper

    @property
    def routes(self) -> list[BaseRoute]:
        """What is behind it."""
        return self._router.routes

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._doorkeeper.admit(Request(scope), Scope.ADMIN)
        except RateLimited as error:
            raise HTTPException(429, str(error), {"Retry-After": str(error.retry_after_s)}) from None
        except Refused:
            raise HTTPException(404) from None
        await self._router(scope, receive, send)


def mount(front: Frontage) -> Mount:
    """Return the routes under their prefix; what is not here is not found there."""

    def endpoint(handler: Handler) -> Endpoint:
        return front(handler, Scope.ADMIN)

    routes = [
        Route("/accounts", endpoint(list_accounts), methods=["GET"]),
        Route("/accounts", endpoint(open_account), methods=["POST"]),
        Route("/accounts/{account_id}", endpoint(read_account), methods=["GET"]),
        Route("/accounts/{account_id}/limits", endpoint(limit_account), methods=["PUT"]),
        Route("/accounts/{account_id}/grants", endpoint(grant), methods=["POST"]),
        Route("/accounts/{account_id}/ledger", endpoint(read_ledger), methods=["GET"]),
        Route("/keys", endpoint(list_keys), methods=["GET"]),
        Route("/keys", endpoint(create_key), methods=["POST"]),
        Route("/keys/{key_id}/rotate", endpoint(rotate_key), methods=["POST"]),
        Route("/keys/{key_id}", endpoint(revoke_key), methods=["DELETE"]),
    ]
    gate = Gate(Router(routes, redirect_slashes=False), front.doorkeeper)
    return Mount("/admin/v1", app=gate, name="admin")


async def list_accounts(call: Call) -> Response:
    """GET accounts."""
    found = await call.services.read(lambda books: books.accounts.all())
    return reply(admin.listed([admin.account(one) for one in found]))


async def open_account(call: Call) -> Response:
    """POST accounts."""
    name = admin.decode_account(await call.json())
    account = await call.services.write(lambda books: call.services.keyring.account(books, name))
    _note(call, "account_opened", account_id=account.id)
    return reply(admin.account(account), status=201)


async def read_account(call: Call) -> Response:
    """GET accounts/{id}."""
    account_id = _id(call, "account")

    def look(books: Books) -> dict[str, Any]:
        account = _found(books, account_id)
        credits, stored_bytes = books.ledger.balance(account_id), books.tasks.stored_bytes(account_id)
        return {**admin.account(account), "credits": credits, "stored_bytes": stored_bytes}

    return reply(await call.services.read(look))


async def limit_account(call: Call) -> Response:
    """PUT accounts/{id}/limits."""
    account_id = _id(call, "account")
    tasks_per_day, storage_bytes = admin.decode_limits(await call.json())
    limits = Limits(tasks_per_day=tasks_per_day, storage_bytes=storage_bytes)

    def work(books: Books) -> Account:
        _found(books, account_id)
        books.accounts.set_limits(account_id, limits)
        return _found(books, account_id)

    account = await call.services.write(work)
    _note(call, "account_limited", account_id=account_id)
    return reply(admin.account(account))


async def grant(call: Call) -> Response:
    """POST accounts/{id}/grants; under an Idempotency-Key only once."""
    account_id, body = _id(call, "account"), await call.json()
    credits, note = admin.decode_grant(body)
    stamp = stamp_of(call.request.headers.getlist(HEADER), call.request.url.path, body)

    def work(books: Books) -> tuple[int, bytes]:
        _found(books, account_id)
        books.ledger.append(account_id, EntryKind.GRANT, credits, task_id=None, note=note)
        balance = books.ledger.balance(account_id)
        told = {"object": "grant", "account_id": account_id, "credits": credits, "balance": balance}
        return 201, orjson.dumps(told)

    if stamp is None:
        status, told = await call.services.write(work)
    else:
        now = call.services.clock.now()
        kept, _ = await call.services.write(
            lambda books: once(books, call.account_id, stamp, lambda: work(books), now=now)
        )
        status, told = kept.status, kept.body
    _note(call, "credits_granted", account_id=account_id, credits=credits)
    return Response(told, status_code=status, media_type="application/json")


async def read_ledger(call: Call) -> Response:
    """GET accounts/{id}/ledger: the newest entries first."""
    account_id, limit = _id(call, "account"), _limit(call.request.query_params.get("limit"))

    def look(books: Books) -> list[dict[str, Any]]:
        _found(books, account_id)
        return [admin.entry(one) for one in books.ledger.history(account_id, limit=limit)]

    return reply(admin.listed(await call.services.read(look)))


async def list_keys(call: Call) -> Response:
    """GET keys."""
    found = await call.services.read(lambda books: books.accounts.keys())
    return reply(admin.listed([admin.key(one) for one in found]))


async def create_key(call: Call) -> Response:
    """POST keys. The reply holds the key, so it is never kept for a repeated request."""
    order = admin.decode_key(await call.json())
    terms = Terms(scopes=order.scopes, lasts=order.lasts, cap=order.cap)
    ring = call.services.keyring
    made = await call.services.write(lambda books: ring.create(books, order.account, terms))
    _note(call, "key_created", key_id=made.record.id)
    return _new_key(made)


async def rotate_key(call: Call) -> Response:
    """POST keys/{id}/rotate."""
    key_id, overlap = _id(call, "key"), admin.decode_rotation(await call.json())
    ring = call.services.keyring
    made = await call.services.write(lambda books: ring.rotate(books, key_id, overlap=overlap))
    _note(call, "key_rotated", key_id=key_id, new_key_id=made.record.id)
    return _new_key(made)


async def revoke_key(call: Call) -> Response:
    """DELETE keys/{id}."""
    key_id = _id(call, "key")
    await call.services.write(lambda books: call.services.keyring.revoke(books, key_id))
    _note(call, "key_revoked", key_id=key_id)
    return reply({"object": "key", "id": key_id, "revoked": True})


def _note(call: Call, event: str, **told: object) -> None:
    """Write down what was done, and by which key."""
    _log.info(event, by_key_id=call.principal.key_id, **told)


def _found(books: Books, account_id: str) -> Account:
    account = books.accounts.find(account_id)
    if account is None:
        raise NotFound("account")
    return account


def _new_key(made: NewKey) -> Response:
    return reply(
        {**admin.key(made.record), "key": made.key}, status=201, headers={"Cache-Control": "no-store"}
    )


def _limit(text: str | None) -> int:
    if not text:
        return _DEFAULT_ENTRIES
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise Malformed(Fault("limit", "must be a whole number of at least 1", limit=1))
    return min(int(text), _MOST_ENTRIES)


def _id(call: Call, what: str) -> str:
    found: str = call.request.path_params[f"{what}_id"]
    if not may_be_id(found):
        raise NotFound(what)
    return found
