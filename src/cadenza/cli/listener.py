"""The HTTP side of ``cadenza listen``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cadenza.domain.clock import Clock, SystemClock
from cadenza.notify.signing import check_secret
from cadenza.notify.verifying import why_not_genuine

_LARGEST_BODY_BYTES = 4 * 1024 * 1024
_PATIENCE_S = 15.0
_LONGEST_WORD = 80


class Listener(ThreadingHTTPServer):
    """Answers every POST with 204, or with 401 where a secret is known and the signature does not hold.

    Raises ``Malformed`` where ``secret`` is neither empty nor a signing secret.
    """

    daemon_threads = True

    def __init__(
        self, port: int, secret: str, *, say: Callable[[str], None], clock: Clock | None = None
    ) -> None:
        checked = check_secret(secret) if secret else ""
        super().__init__(("127.0.0.1", port), _Handler)
        self.secret, self.say, self.clock = checked, say, clock or SystemClock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a caller that hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    timeout = _PATIENCE_S

    def do_POST(self) -> None:
        told = self.headers.get("content-length", "")
        if not (told.isascii() and told.isdigit() and len(told) < 10 and int(told) <= _LARGEST_BODY_BYTES):
            self._answer(413)
            return
        body = self.rfile.read(int(told))
        headers = {name.lower(): value for name, value in self.headers.items()}
        verdict = self._verdict(headers, body)
        self.server.say(f"{_subject(body)}  {verdict}")
        self._answer(401 if verdict.startswith("NOT") else 204)

    def _verdict(self, headers: Mapping[str, str], body: bytes) -> str:
        if not self.server.secret:
            return "not checked (no --secret)"
        why = why_not_genuine(self.server.secret, headers, body, self.server.clock.now())
        return f"NOT verified: {why}" if why else "verified"

    def _answer(self, status: int) -> None:
        self.send_response_only(status)
        self.send_header("content-length", "0")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True


def _subject(body: bytes) -> str:
    """Return stage and task of a callback of any dialect, as far as its body tells them."""
    try:
        whole = json.loads(body)
    except ValueError:
        return "not JSON"
    whole = whole if isinstance(whole, dict) else {}
    inner = whole["data"] if isinstance(whole.get("data"), dict) else {}
    stage = _first(whole, "type", "callbackType", "status") or _first(
        inner, "callbackType", "state", "status"
    )
    names = ("task_id", "taskId", "id")
    task = _first(whole, *names) or _first(inner, *names)
    return f"{stage or 'no stage'}  {task or 'no task'}"


def _first(members: Mapping[str, object], *names: str) -> str:
    """Return the first text of these members, harmless to a terminal."""
    found = next((members[name] for name in names if isinstance(members.get(name), str)), "")
    return "".join(letter if letter.isprintable() else "?" for letter in str(found))[:_LONGEST_WORD]
