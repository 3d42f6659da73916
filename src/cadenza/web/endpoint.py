"""From a route of a dialect to its handler and back: who calls, what went wrong, in the dialect's words."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from cadenza.dialects.refusals import Refusal
from cadenza.domain.errors import Refused, Unavailable
from cadenza.domain.scopes import Scope
from cadenza.tasks.keys import Principal
from cadenza.web.around.envelope import request_id
from cadenza.web.around.measure import note_dialect
from cadenza.web.body import TooSlow, json_body
from cadenza.web.door.auth import Doorkeeper
from cadenza.web.freshness import fresh
from cadenza.web.services import Services

_log = structlog.get_logger()

_OF_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_DISK_FULL = "The server's disk is full or fails."


class RefusalBody(Protocol):
    """The errors table of a dialect: an error to HTTP status, body and extra headers."""

    def __call__(self, error: BaseException, *, creating: bool = False, request_id: str = "") -> Refusal:
        """Return the refusal; ``creating`` where the request was to create a task."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated request to a route."""

    request: Request
    principal: Principal
    services: Services

    @property
    def account_id(self) -> str:
        """The account the request acts for."""
        return self.principal.account_id

    async def json(self, *, limit_bytes: int | None = None) -> Any:
        """Return the JSON body, within the limits of the settings."""
        settings = self.services.settings
        return await json_body(
            self.request,
            limit_bytes=limit_bytes or settings.body_limit_bytes,
            deadline_s=settings.body_deadline_s,
        )


Handler = Callable[[Call], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontage:
    """Makes endpoints of one dialect: the same door, the dialect's own way to refuse."""

    services: Services
    doorkeeper: Doorkeeper
    refusal_body: RefusalBody
    dialect: str

    def __call__(self, handler: Handler, scope: Scope) -> Endpoint:
        """Return the endpoint of a handler, for keys of this scope."""

        async def endpoint(request: Request) -> Response:
            note_dialect(request.scope, self.dialect)
            return await self._answer(request, handler, scope)

        return endpoint

    async def _answer(self, request: Request, handler: Handler, scope: Scope) -> Response:
        try:
            principal = await self.doorkeeper.admit(request, scope)
            call = Call(request=request, principal=principal, services=self.services)
            return fresh(request, await handler(call))
        except (Refused, Unavailable) as error:
            return self._refuse(request, error, scope)
        except Exception as error:  # noqa: BLE001 - the caller is told in the dialect, the log has the rest
            _log.exception("request_failed", path=request.url.path)
            return self._refuse(request, Unavailable(_DISK_FULL) if _is_of_disk(error) else error, scope)

    def _refuse(self, request: Request, refused: Exception, scope: Scope) -> Response:
        """Return the refusal in the dialect.

        Nobody keeps the error: it holds the request's body open, and the server closes no such connection.
        """
        status, body, headers = self.refusal_body(
            refused, creating=scope is Scope.CREATE, request_id=request_id()
        )
        # The server closes such a connection: nobody may send on it again.
        if isinstance(refused, TooSlow) or _may_leave_body(request):
            headers = {**headers, "Connection": "close"}
        return reply(body, status=status, headers=headers)


def _is_of_disk(error: Exception) -> bool:
    """Answer whether a file could not be written because of the disk, and may be when it has room again."""
    return isinstance(error, OSError) and error.errno in _OF_DISK


def _may_leave_body(request: Request) -> bool:
    """Answer whether a body that nobody read may still be on its way."""
    told = request.headers.get("content-length", "")
    is_long = len(told) > 5 or not told.isdigit()
    return is_long if told else "transfer-encoding" in request.headers


def reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response. A problem's media type comes with its headers."""
    response = Response(orjson.dumps(value), status_code=status, media_type="application/json")
    response.headers.update(headers or {})
    return response
