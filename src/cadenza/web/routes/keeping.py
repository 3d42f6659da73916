"""The routes by which owners delete or pin their files."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.native import encode, keeping
from cadenza.domain.errors import NotFound
from cadenza.domain.scopes import Scope
from cadenza.publish.unused import delete_unused
from cadenza.tasks.retention import Keeping
from cadenza.web.endpoint import Call, Frontage, reply
from cadenza.web.lookup import may_be_id


def routes(native: Frontage) -> list[Route]:
    """Return the routes."""
    return [
        Route("/v1/tasks/{task_id}", native(delete_task, Scope.MANAGE), methods=["DELETE"]),
        Route("/v1/tasks/{task_id}/pin", native(pin, Scope.MANAGE), methods=["POST"]),
        Route("/v1/uploads/{upload_id}", native(delete_upload, Scope.MANAGE), methods=["DELETE"]),
    ]


async def delete_task(call: Call) -> Response:
    """DELETE /v1/tasks/{id}: the files go, the record stays."""
    task_id = _id(call, "task")
    services = call.services
    keep = _keeping(call)
    view, digests = await services.write(
        lambda books: keep.delete_task(books, task_id, account_id=call.account_id)
    )
    await _unlink(call, digests)
    return reply(encode.task(view))


async def delete_upload(call: Call) -> Response:
    """DELETE /v1/uploads/{id}."""
    upload_id = _id(call, "upload")
    keep = _keeping(call)
    digests = await call.services.write(
        lambda books: keep.delete_upload(books, upload_id, account_id=call.account_id)
    )
    await _unlink(call, digests)
    return reply(keeping.deleted_upload(upload_id))


async def pin(call: Call) -> Response:
    """POST /v1/tasks/{id}/pin."""
    task_id = _id(call, "task")
    is_pinned = keeping.decode_pin(await call.json())
    keep = _keeping(call)
    view = await call.services.write(
        lambda books: keep.pin(books, task_id, account_id=call.account_id, is_pinned=is_pinned)
    )
    return reply(encode.task(view))


async def _unlink(call: Call, digests: Sequence[str]) -> None:
    """Remove the bytes, except of files that are so new that somebody may be about to refer to them too.

    Those go with the next sweep; nobody is served them meanwhile.
    """
    services = call.services

    def unlink() -> None:
        services.portraits.forget(digests)
        delete_unused(services.media, services.store, digests, now=services.clock.now())

    await services.aside(unlink)


def _keeping(call: Call) -> Keeping:
    return Keeping(clock=call.services.clock, retention=call.services.life.retention)


def _id(call: Call, what: str) -> str:
    found: str = call.request.path_params[f"{what}_id"]
    if not may_be_id(found):
        raise NotFound(what)
    return found
