"""Files of takes and uploads: by id, with ranges, without a key; and a take while it is rendered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import CadenzaError, Damaged, Gone, NotFound
from cadenza.domain.links import MEDIA_SUFFIXES
from cadenza.tasks.records import StoredFile
from cadenza.web.around.envelope import plain_refusal
from cadenza.web.far import answer_from_afar
from cadenza.web.lookup import may_be_id
from cadenza.web.services import Services

# Longer suffixes first: "-new.mp3" also ends in ".mp3".
_KINDS = sorted(MEDIA_SUFFIXES.items(), key=lambda item: -len(item[1]))
_STREAM_WAIT_S = 30.0
_STREAM_LOOK_S = 0.15
_STREAM_CHUNK_BYTES = 65_536
_STREAM_LONGEST_S = 900.0
_SAFE = {"x-content-type-options": "nosniff", "cache-control": "private, max-age=3600"}


def routes(services: Services) -> list[Route]:
    """Return the routes."""

    async def media(request: Request) -> Response:
        return await _media(services, request)

    async def stream(request: Request) -> Response:
        return await _stream(services, request)

    async def upload(request: Request) -> Response:
        return await _upload(services, request)

    return [
        Route("/media/{name}", media, methods=["GET"]),
        Route("/stream/{name}", stream, methods=["GET"]),
        Route("/files/{upload_id}/{name}", upload, methods=["GET"]),
    ]


async def _media(services: Services, request: Request) -> Response:
    name = request.path_params["name"]
    found = next((item for item in _KINDS if name.endswith(item[1])), None)
    if found is None:
        return _problem(NotFound("file"))
    kind, suffix = found
    take_id = name.removesuffix(suffix)
    if not may_be_id(take_id):
        return _problem(NotFound("file"))
    stored = await services.read(lambda books: books.tasks.take_file(take_id, kind.value))
    return await _served(services, request, stored, "take")


async def _upload(services: Services, request: Request) -> Response:
    upload_id = request.path_params["upload_id"]
    if not may_be_id(upload_id):
        return _problem(NotFound("file"))
    upload = await services.read(lambda books: books.uploads.find(upload_id))
    if upload is None:
        return _problem(NotFound("file"))
    stored = StoredFile(
        artefact=upload.artefact,
        media_type=upload.media_type,
        expires_at=upload.expires_at,
        file_name=upload.file_name,
    )
    return await _served(services, request, stored, "upload")


async def _served(services: Services, request: Request, stored: StoredFile | None, what: str) -> Response:
    """Answer with a file, or a part of it, wherever it lies."""
    if stored is None:
        return _problem(NotFound("file"))
    if stored.expires_at <= services.clock.now():
        return _problem(Gone(what))
    artefact = stored.artefact
    etag = f'"{artefact.sha256}"'  # the same on every machine, whenever the file came there
    try:
        file = services.media.find(artefact.sha256)
        if isinstance(file, Path):
            return FileResponse(file, headers={**_headers(request, stored), "etag": etag})
        return await answer_from_afar(
            file, request, size_bytes=artefact.size_bytes, etag=etag, headers=_headers(request, stored)
        )
    except NotFound:
        return _problem(Gone(what))
    except Damaged as error:
        return _problem(error)


def _headers(request: Request, stored: StoredFile) -> dict[str, str]:
    """Return what keeps a browser from taking a file for a page; ``?download=1`` asks it to save the file."""
    is_asked_for = request.query_params.get("download") == "1"
    way = "inline" if _is_shown(stored.media_type) and not is_asked_for else "attachment"
    return {
        **_SAFE,
        "content-type": stored.media_type,
        "content-disposition": _disposition(way, stored.file_name),
    }


def _disposition(way: str, name: str) -> str:
    quoted = quote(name)
    return f'{way}; filename="{name}"' if quoted == name else f"{way}; filename*=utf-8''{quoted}"


def _is_shown(media_type: str) -> bool:
    return media_type.startswith(("audio/", "image/jpeg", "image/png"))


async def _stream(services: Services, request: Request) -> Response:
    """Answer with the take as far as it is, and go on as it grows; the whole file once there is one."""
    take_id = request.path_params["name"].removesuffix(".mp3")
    if not may_be_id(take_id):
        return _problem(NotFound("stream"))
    ends_at_s = asyncio.get_running_loop().time() + _STREAM_WAIT_S
    while asyncio.get_running_loop().time() < ends_at_s:
        if stored := await _finished(services, take_id):
            return await _served(services, request, stored, "take")
        if not await _is_coming(services, take_id):
            break
        growing = services.settings.streams_folder / f"{take_id}.mp3"  # a known id, so a name of ours
        if growing.exists():
            return _growing(services, take_id, growing, head_only=request.method == "HEAD")
        await asyncio.sleep(_STREAM_LOOK_S)
    return _problem(NotFound("stream"))


def _growing(services: Services, take_id: str, path: Path, *, head_only: bool) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if head_only:
        return Response(media_type="audio/mpeg", headers=headers)
    return StreamingResponse(_grow(services, take_id, path), media_type="audio/mpeg", headers=headers)


async def _finished(services: Services, take_id: str) -> StoredFile | None:
    kind = ArtefactKind.AUDIO_MP3.value
    return await services.read(lambda books: books.tasks.take_file(take_id, kind))


async def _is_coming(services: Services, take_id: str) -> bool:
    """Answer whether a take of this id is known and its task goes on."""
    return await services.read(lambda books: books.tasks.is_take_coming(take_id))


async def _grow(services: Services, take_id: str, growing: Path) -> AsyncIterator[bytes]:
    """Yield what there is and what comes, until the take or its task has ended and all was read."""
    ends_at_s = asyncio.get_running_loop().time() + _STREAM_LONGEST_S
    has_ended = False
    with growing.open("rb") as file:
        while asyncio.get_running_loop().time() < ends_at_s:
            if chunk := file.read(_STREAM_CHUNK_BYTES):
                yield chunk
            elif has_ended:
                return
            elif await _finished(services, take_id) or not await _is_coming(services, take_id):
                has_ended = True
            else:
                await asyncio.sleep(_STREAM_LOOK_S)


def _problem(error: CadenzaError) -> Response:
    status = {Gone: 410, Damaged: 500}.get(type(error), 404)
    return plain_refusal(status, str(error))
