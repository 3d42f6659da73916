"""The ASGI application: all dialects on one port; their paths do not collide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from cadenza.dialects.apiin import errors as apiin_errors
from cadenza.dialects.crun import errors as crun_errors
from cadenza.dialects.native import errors as native_errors
from cadenza.dialects.refusals import Refusal
from cadenza.dialects.sunoapi import errors as sunoapi_errors
from cadenza.web.around.envelope import Envelope, plain_refusal
from cadenza.web.around.measure import Measured
from cadenza.web.around.strict import Strict
from cadenza.web.door.auth import Doorkeeper
from cadenza.web.endpoint import Frontage, RefusalBody
from cadenza.web.routes import admin, apiin, crun, media, native, operations, sunoapi
from cadenza.web.services import Services


def build_app(services: Services, *, close: Callable[[], None]) -> Starlette:
    """Return the application; ``close`` is called when the server has stopped."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        with services.closing.listening():
            yield
        close()

    handlers = {404: _unknown, 405: _wrong_method, 429: _too_often}
    return Starlette(
        routes=_routes(services),
        middleware=[
            Middleware(Measured, tracer=services.tracer, clock=services.clock),
            Middleware(Envelope),
            Middleware(Strict),
        ],
        lifespan=lifespan,
        exception_handlers=handlers,
    )


def _routes(services: Services) -> list[BaseRoute]:
    door = Doorkeeper(services)

    def frontage(dialect: str, refusal_body: RefusalBody) -> Frontage:
        return Frontage(services=services, doorkeeper=door, refusal_body=refusal_body, dialect=dialect)

    mirror_crun = services.settings.crun_status == "mirrored"
    mirror_sunoapi = services.settings.sunoapi_status == "mirrored"
    return [
        *crun.routes(frontage("crun", partial(crun_errors.refusal_body, mirror_status=mirror_crun))),
        *sunoapi.routes(
            frontage("sunoapi", partial(sunoapi_errors.refusal_body, mirror_status=mirror_sunoapi)),
            frontage("sunoapi", _file_refusal),
        ),
        *apiin.routes(frontage("apiin", apiin_errors.refusal_body)),
        *native.routes(frontage("native", native_errors.refusal_body)),
        admin.mount(frontage("admin", native_errors.refusal_body)),
        *media.routes(services),
        *operations.routes(services),
    ]


def _file_refusal(
    error: BaseException,
    *,
    creating: bool = False,  # noqa: ARG001 - as the others
    request_id: str = "",
) -> Refusal:
    return sunoapi_errors.file_refusal_body(error, request_id=request_id)


async def _unknown(_request: Request, _error: Exception) -> Response:
    """Answer a route that does not exist with a real 404: programs probe several and move on only then."""
    return plain_refusal(404, "Not Found")


async def _wrong_method(_request: Request, error: Exception) -> Response:
    allowed = getattr(error, "headers", None)  # which methods there are
    return plain_refusal(405, "Method Not Allowed", allowed)


async def _too_often(_request: Request, error: Exception) -> Response:
    return plain_refusal(429, "Too Many Requests", getattr(error, "headers", None))  # when to come again
