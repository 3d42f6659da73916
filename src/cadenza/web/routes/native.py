"""The routes of Cadenza's own dialect."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import orjson
from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.native import decode, encode, lyrics, uploads
from cadenza.domain.errors import Fault, Malformed, NotFound
from cadenza.domain.scopes import Scope, in_order
from cadenza.domain.task import Accepted, Dialect, TakeView, TaskState
from cadenza.domain.tiers import TIERS, price
from cadenza.tasks.records import Upload
from cadenza.web.creating import create
from cadenza.web.endpoint import Call, Frontage, reply
from cadenza.web.lookup import balance, find_task, may_be_id, told_task
from cadenza.web.receive import Label, json_with_file, keep_base64, keep_multipart, keep_url
from cadenza.web.routes import callbacks, keeping, portraits
from cadenza.web.routes.events import Events

_DEFAULT_PAGE, _LARGEST_PAGE = 20, 100


def routes(native: Frontage) -> list[Route]:
    """Return the routes."""
    return [
        Route("/v1/tasks", native(create_task, Scope.CREATE), methods=["POST"]),
        Route("/v1/tasks", native(list_tasks, Scope.READ), methods=["GET"]),
        Route("/v1/lyrics", native(create_lyrics, Scope.CREATE), methods=["POST"]),
        Route("/v1/estimate", native(estimate, Scope.CREATE), methods=["POST"]),
        Route("/v1/tasks/{task_id}", native(read, Scope.READ), methods=["GET"]),
        Route("/v1/tasks/{task_id}/cancel", native(cancel, Scope.MANAGE), methods=["POST"]),
        Route(
            "/v1/tasks/{task_id}/events", native(Events(native.services).stream, Scope.READ), methods=["GET"]
        ),
        Route("/v1/tasks/{task_id}/takes/{index}/lyrics", native(timed_lyrics, Scope.READ), methods=["GET"]),
        Route(
            "/v1/tasks/{task_id}/takes/{index}/lyrics.lrc", native(lyrics_file, Scope.READ), methods=["GET"]
        ),
        *callbacks.routes(native),
        *keeping.routes(native),
        *portraits.routes(native),
        Route("/v1/uploads", native(upload, Scope.UPLOAD), methods=["POST"]),
        Route("/v1/uploads/{upload_id}", native(read_upload, Scope.READ), methods=["GET"]),
        Route("/v1/account", native(account, Scope.READ), methods=["GET"]),
    ]


async def create_task(call: Call) -> Response:
    """POST /v1/tasks."""
    return await _created(call, decode.decode_task)


async def create_lyrics(call: Call) -> Response:
    """POST /v1/lyrics."""
    return await _created(call, decode.decode_lyrics)


async def _created(call: Call, decoded: Callable[[object], Accepted]) -> Response:
    response = await create(call, decoded, encode.created, status=201)
    response.headers["location"] = f"/v1/tasks/{orjson.loads(response.body)['id']}"
    response.headers.update(call.services.pace.headers(call.principal.key_id))
    return response


async def read(call: Call) -> Response:
    """GET /v1/tasks/{id}."""
    return await told_task(call, call.request.path_params["task_id"], encode.task)


async def timed_lyrics(call: Call) -> Response:
    """GET /v1/tasks/{id}/takes/{index}/lyrics."""
    return reply(lyrics.lyrics(await _sung_take(call)))


async def lyrics_file(call: Call) -> Response:
    """GET /v1/tasks/{id}/takes/{index}/lyrics.lrc."""
    return Response(lyrics.lrc(await _sung_take(call)), media_type=lyrics.LRC_MEDIA)


async def _sung_take(call: Call) -> TakeView:
    params = call.request.path_params
    return lyrics.sung_take(await find_task(call, params["task_id"]), params["index"])


async def cancel(call: Call) -> Response:
    """POST /v1/tasks/{id}/cancel."""
    task_id = call.request.path_params["task_id"]
    services = call.services
    if not may_be_id(task_id):
        raise NotFound("task")
    view = await services.write(
        lambda books: services.life.cancel(books, task_id, account_id=call.account_id)
    )
    return reply(encode.task(view))


async def list_tasks(call: Call) -> Response:
    """GET /v1/tasks: newest first; ``cursor`` is the ``next_cursor`` of the page before."""
    query = call.request.query_params
    limit = _page_size(query.get("limit"))
    before = _place_of(query["cursor"]) if query.get("cursor") else None
    state = _state(query.get("state"))
    found = await call.services.read(
        lambda books: books.tasks.list(call.account_id, limit=limit + 1, before=before, state=state)
    )
    page = found[:limit]
    more = len(found) > limit
    next_cursor = _cursor_at(round(page[-1].accepted_at.timestamp() * 1000), page[-1].id) if more else None
    return reply(encode.task_list(page, next_cursor=next_cursor))


async def estimate(call: Call) -> Response:
    """POST /v1/estimate: the price of a task body."""
    request = decode.decode_task(await call.json()).request
    tier, count = TIERS[request.tier], request.take_count
    credits = price(tier, Dialect.NATIVE, take_count=count, seam_only=request.seam_only)
    return reply(encode.estimate(credits))


async def upload(call: Call) -> Response:
    """POST /v1/uploads: a multipart file, or JSON with ``url`` or ``data_base64``."""
    media_type = call.request.headers.get("content-type", "")
    if media_type.startswith("multipart/form-data"):
        return _uploaded(
            call, await keep_multipart(call, lambda texts: Label("", texts.get("file_name", "")))
        )
    order = uploads.decode_upload(await json_with_file(call))
    label = Label("", order.file_name)
    if order.url:
        return _uploaded(call, await keep_url(call, order.url, label))
    return _uploaded(call, await keep_base64(call, order.data_base64 or "", label))


async def read_upload(call: Call) -> Response:
    """GET /v1/uploads/{id}."""
    upload_id = call.request.path_params["upload_id"]
    if not may_be_id(upload_id):
        raise NotFound("upload")
    found = await call.services.read(lambda books: books.uploads.find(upload_id, account_id=call.account_id))
    if found is None:
        raise NotFound("upload")
    return _uploaded(call, found, status=200)


async def account(call: Call) -> Response:
    """GET /v1/account."""
    found, key = await callbacks.fresh_account(call), call.principal.key
    body = {
        "object": "account",
        "id": found.id,
        "name": found.name,
        "key_id": call.principal.key_id,
        "scopes": [scope.value for scope in in_order(key.scopes)],
        "key_expires_at": key.expires_at and key.expires_at.isoformat(timespec="seconds"),
        # Whoever has it can sign callbacks: a key that may not change it is not told.
        "webhook_secret": found.webhook_secret if Scope.MANAGE in key.scopes else None,
        **encode.balance(await balance(call)),
    }
    return reply(body)


def _uploaded(call: Call, found: Upload, *, status: int = 201) -> Response:
    body = encode.uploaded(
        upload_id=found.id,
        file_name=found.file_name,
        url=call.services.links.upload(found.id, found.file_name),
        size_bytes=found.artefact.size_bytes,
        mime_type=found.media_type,
        duration_s=found.duration_s,
        uploaded_at=found.created_at,
        expires_at=found.expires_at,
    )
    return reply(body, status=status)


def _page_size(text: str | None) -> int:
    if not text:
        return _DEFAULT_PAGE
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise Malformed(Fault("limit", "must be a whole number of at least 1", limit=1))
    return min(int(text), _LARGEST_PAGE)


def _state(text: str | None) -> TaskState | None:
    if not text:
        return None
    try:
        return TaskState(text)
    except ValueError:
        raise Malformed(
            Fault("state", f"must be one of: {', '.join(state.value for state in TaskState)}")
        ) from None


def _cursor_at(accepted_at_ms: int, task_id: str) -> str:
    return base64.urlsafe_b64encode(f"{accepted_at_ms}:{task_id}".encode()).decode()


def _place_of(cursor: str) -> tuple[int, str]:
    try:
        moment_ms, _, task_id = base64.urlsafe_b64decode(cursor).decode("ascii").partition(":")
        place = int(moment_ms)
    except (binascii.Error, ValueError):
        raise Malformed(Fault("cursor", "is not a next_cursor of this list")) from None
    if not 0 <= place < 2**53 or not may_be_id(task_id):
        raise Malformed(Fault("cursor", "is not a next_cursor of this list"))
    return place, task_id
