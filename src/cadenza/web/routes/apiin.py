"""The routes of the apiin dialect."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.apiin import decode, encode
from cadenza.domain.scopes import Scope
from cadenza.web.creating import create
from cadenza.web.endpoint import Call, Frontage
from cadenza.web.lookup import told_task


def routes(apiin: Frontage) -> list[Route]:
    """Return the routes; paths and methods as in the documents."""
    return [
        Route("/api/v1/audio/music", apiin(music, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/audio/music/extend", apiin(music_extend, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/audio/music/feed", apiin(feed, Scope.READ), methods=["GET"]),
        Route("/api/v1/tasks/{task_id}", apiin(task_status, Scope.READ), methods=["GET"]),
    ]


async def music(call: Call) -> Response:
    """POST audio/music."""
    return await create(call, decode.decode_music, encode.created)


async def music_extend(call: Call) -> Response:
    """POST audio/music/extend."""
    return await create(call, decode.decode_music_extend, encode.created)


async def feed(call: Call) -> Response:
    """GET feed."""
    return await told_task(call, call.request.query_params.get("task_id", ""), encode.feed)


async def task_status(call: Call) -> Response:
    """GET tasks/{id}."""
    return await told_task(call, call.request.path_params["task_id"], encode.task_status)
