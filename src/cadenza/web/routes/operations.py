"""Routes for operators and readers: health, metrics, the API documents and the try-it page."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from cadenza.dialects.openapi import admin_document, document
from cadenza.domain.errors import Unavailable
from cadenza.domain.task import Dialect
from cadenza.web.around.envelope import plain_refusal
from cadenza.web.endpoint import reply
from cadenza.web.routes.metrics import metrics
from cadenza.web.services import Services

_ADMIN = "admin"
_PAGES = Path(__file__).parents[1] / "pages"
_PAGE_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Pages load only what this server serves.
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'self'; media-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def routes(services: Services) -> list[Route]:
    """Return the routes."""
    return [
        Route("/", home, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", partial(readyz, services), methods=["GET"]),
        Route("/metrics", partial(metrics, services), methods=["GET"]),
        Route("/openapi/{name}", partial(openapi, services), methods=["GET"]),
        Route("/docs", partial(page, "docs.html"), methods=["GET"]),
        Route("/pages/{name}", named_page, methods=["GET"]),
    ]


async def home(_request: Request) -> Response:
    """GET /: the way to the documents; programs only look whether it answers."""
    return RedirectResponse("/docs", status_code=307)


async def healthz(_request: Request) -> Response:
    """GET /healthz: this process answers."""
    return PlainTextResponse("ok")


async def readyz(services: Services, _request: Request) -> Response:
    """GET /readyz: the database answers and a worker was heard of lately."""
    try:
        worker_count = await services.read(lambda books: books.workers.live_count())
    except Unavailable as error:
        return reply({"ready": False, "reason": str(error)}, status=503)
    if worker_count == 0:
        return reply({"ready": False, "reason": "No worker is running."}, status=503)
    return reply({"ready": True, "workers": worker_count})


async def openapi(services: Services, request: Request) -> Response:
    """GET /openapi/{dialect}.json, and /openapi/admin.json for operators."""
    name = request.path_params["name"].removesuffix(".json")
    if name not in {_ADMIN, *(dialect.value for dialect in Dialect)}:
        return plain_refusal(404, "No such document.")
    return reply(_document(name, services.links.public_url))


@cache
def _document(name: str, public_url: str) -> dict[str, object]:
    if name == _ADMIN:
        return admin_document(public_url=public_url)
    return document(Dialect(name), public_url=public_url)


async def page(name: str, _request: Request) -> Response:
    """Answer with one of our pages."""
    return FileResponse(_PAGES / name, media_type=_PAGE_TYPES[Path(name).suffix], headers=_PAGE_HEADERS)


async def named_page(request: Request) -> Response:
    """GET /pages/{name}: only files that are there by that very name."""
    name = request.path_params["name"]
    if name not in {path.name for path in _PAGES.iterdir() if path.suffix in _PAGE_TYPES}:
        return plain_refusal(404, "No such page.")
    return await page(name, request)
