"""The route that tells what is heard in an upload."""

from __future__ import annotations

import orjson
from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.native.portraits import portrait
from cadenza.domain.errors import Gone, NotFound
from cadenza.domain.scopes import Scope
from cadenza.tasks.records import Upload
from cadenza.web.endpoint import Call, Frontage
from cadenza.web.lookup import may_be_id


def routes(native: Frontage) -> list[Route]:
    """Return the routes."""
    return [Route("/v1/uploads/{upload_id}/portrait", native(read_portrait, Scope.READ), methods=["GET"])]


async def read_portrait(call: Call) -> Response:
    """GET /v1/uploads/{id}/portrait: heard now, where nobody asked before."""
    upload = await _found(call)
    services, sha256 = call.services, upload.artefact.sha256
    told = await services.aside(lambda: services.portraits.kept(sha256))
    if told is None:
        async with services.turns.of(call.account_id), services.portraits.turns:
            told = await services.aside(lambda: services.portraits.hear(sha256))
    heard = told
    # Written on a thread: a long recording has a hundred thousand numbers.
    text = await services.aside(lambda: orjson.dumps(portrait(upload.id, heard)))
    return Response(text, media_type="application/json")


async def _found(call: Call) -> Upload:
    """Return the caller's upload. Raises ``NotFound`` and ``Gone``."""
    upload_id = call.request.path_params["upload_id"]
    if not may_be_id(upload_id):
        raise NotFound("upload")
    found = await call.services.read(lambda books: books.uploads.find(upload_id, account_id=call.account_id))
    if found is None:
        raise NotFound("upload")
    if found.expires_at <= call.services.clock.now():
        raise Gone("upload")
    return found
