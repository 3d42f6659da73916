"""Requests that two programs may read as two different ones are refused, and their connection is closed.

The server's parser refuses most of them before we hear of it: lengths that disagree or are no numbers, odd
transfer encodings, folded or malformed headers, white space where none belongs (``tests/web/test_wire.py``
tries them). What it lets through and a proxy in front might have read otherwise is refused here.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cadenza.web.around.envelope import plain_refusal

_CLOSE = {"Connection": "close"}


class Strict:
    """Lets only requests pass that have one meaning."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and (reason := _second_meaning(scope)):
            await plain_refusal(400, reason, _CLOSE)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _second_meaning(scope: Scope) -> str:
    """Return why a request can be read in two ways; empty where it cannot."""
    headers = Headers(scope=scope)
    lengths = headers.getlist("content-length")
    if len(lengths) > 1:
        return "The Content-Length header must come once."
    if lengths and "transfer-encoding" in headers:
        return "Content-Length and Transfer-Encoding must not come together."
    if scope.get("http_version") == "1.1" and len(headers.getlist("host")) != 1:
        return "The Host header must come once."
    return ""
