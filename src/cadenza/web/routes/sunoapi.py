"""The routes of the sunoapi dialect (sunoapi.org, kie.ai), its file host included."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.sunoapi import decode, decode_overlay, encode, files, timestamps, words
from cadenza.domain.errors import NotFound
from cadenza.domain.scopes import Scope
from cadenza.domain.task import Operation, TaskView
from cadenza.tasks.records import Upload
from cadenza.web.creating import create
from cadenza.web.endpoint import Call, Frontage, reply
from cadenza.web.lookup import balance, find_task, told_task
from cadenza.web.outline import outline
from cadenza.web.receive import Label, json_with_file, keep_base64, keep_multipart, keep_url


def routes(music: Frontage, file_host: Frontage) -> list[Route]:
    """Return the routes; the file host has an error table of its own."""
    return [
        Route("/api/v1/generate", music(generate, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/generate/extend", music(extend, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/generate/upload-extend", music(upload_extend, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/generate/add-vocals", music(add_vocals, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/generate/add-instrumental", music(add_instrumental, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/generate/record-info", music(record_info, Scope.READ), methods=["GET"]),
        Route("/api/v1/generate/get-timestamped-lyrics", music(timed_lyrics, Scope.READ), methods=["POST"]),
        Route("/api/v1/lyrics", music(lyrics, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/lyrics/record-info", music(lyrics_record_info, Scope.READ), methods=["GET"]),
        Route("/api/v1/generate/credit", music(credit, Scope.READ), methods=["GET"]),
        Route("/api/v1/chat/credit", music(credit, Scope.READ), methods=["GET"]),
        Route("/api/file-base64-upload", file_host(base64_upload, Scope.UPLOAD), methods=["POST"]),
        Route("/api/file-url-upload", file_host(url_upload, Scope.UPLOAD), methods=["POST"]),
        Route("/api/file-stream-upload", file_host(stream_upload, Scope.UPLOAD), methods=["POST"]),
    ]


async def generate(call: Call) -> Response:
    """POST generate."""
    return await create(call, decode.decode_generate, encode.created)


async def extend(call: Call) -> Response:
    """POST generate/extend."""
    return await create(call, decode.decode_extend, encode.created)


async def upload_extend(call: Call) -> Response:
    """POST generate/upload-extend."""
    return await create(call, decode.decode_upload_extend, encode.created)


async def add_vocals(call: Call) -> Response:
    """POST generate/add-vocals."""
    return await create(call, decode_overlay.decode_add_vocals, encode.created)


async def add_instrumental(call: Call) -> Response:
    """POST generate/add-instrumental."""
    return await create(call, decode_overlay.decode_add_instrumental, encode.created)


async def record_info(call: Call) -> Response:
    """GET record-info; ``task_id`` is understood besides ``taskId``."""
    query = call.request.query_params
    return await told_task(call, query.get("taskId") or query.get("task_id", ""), encode.record_info)


async def lyrics(call: Call) -> Response:
    """POST lyrics."""
    return await create(call, decode.decode_lyrics, encode.created)


async def lyrics_record_info(call: Call) -> Response:
    """GET lyrics/record-info; a task of music is not found here."""

    def tell(task: TaskView) -> object:
        if task.operation is not Operation.LYRICS:
            raise NotFound("task")
        return words.record_info(task)

    query = call.request.query_params
    return await told_task(call, query.get("taskId") or query.get("task_id", ""), tell)


async def timed_lyrics(call: Call) -> Response:
    """POST generate/get-timestamped-lyrics: an answer at once, and free."""
    asked = timestamps.decode(await call.json())
    take = asked.track_of(await find_task(call, asked.task_id))
    return reply(timestamps.timestamped(take, await outline(call, take.id)))


async def credit(call: Call) -> Response:
    """GET credit."""
    return reply(encode.balance(await balance(call)))


async def base64_upload(call: Call) -> Response:
    """POST file-base64-upload."""
    order = files.decode_base64_upload(await json_with_file(call))
    return _uploaded(call, await keep_base64(call, order.content, Label(order.folder, order.name)))


async def url_upload(call: Call) -> Response:
    """POST file-url-upload."""
    order = files.decode_url_upload(await call.json())
    return _uploaded(call, await keep_url(call, order.content, Label(order.folder, order.name)))


async def stream_upload(call: Call) -> Response:
    """POST file-stream-upload."""

    def label(texts: dict[str, str]) -> Label:
        order = files.decode_stream_upload(texts)
        return Label(order.folder, order.name)

    return _uploaded(call, await keep_multipart(call, label))


def _uploaded(call: Call, upload: Upload) -> Response:
    path = f"{upload.upload_path}/{upload.file_name}" if upload.upload_path else upload.file_name
    return reply(
        encode.uploaded(
            file_name=upload.file_name,
            file_path=path,
            url=call.services.links.upload(upload.id, upload.file_name),
            size_bytes=upload.artefact.size_bytes,
            mime_type=upload.media_type,
            uploaded_at=upload.created_at,
        )
    )
