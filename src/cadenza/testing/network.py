"""Other hosts, on loopback: a resolver without DNS, a receiver that follows a script, a canary."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

ALLOWED_HOST = "127.0.0.2"  # where receivers listen; canaries sit on 127.0.0.1 and ::1


class FakeResolver:
    """Answers from a table.

    ``names`` maps a host name to its successive answers, each a list of addresses; the last one
    stays. A name that is not there has no address. ``asked`` lists the names of all lookups.
    """

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: deque(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the next answer for ``host``; raises ``OSError`` where there is none."""
        self.asked.append(host)
        answers = self._answers.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, f"no such name (port {port})")
        return answers.popleft() if len(answers) > 1 else answers[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    head: bytes
    server_name: str | None = None  # what SNI named


# Bytes to send, or a function that talks on the connection until it likes or the event is set.
Reply = bytes | Callable[[socket.socket, threading.Event], None]


def reply(status: int = 200, body: bytes = b"ok", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole HTTP answer; Content-Length is right unless ``headers`` says otherwise."""
    told = {"Content-Length": str(len(body)), "Connection": "close"} | dict(headers or {})
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class Receiver:
    """A server that records each request and gives the next reply; the last reply stays.

    Use it as a context manager. ``tls`` makes it speak HTTPS.
    """

    def __init__(self, *replies: Reply, host: str = ALLOWED_HOST, tls: ssl.SSLContext | None = None) -> None:
        self._replies: deque[Reply] = deque(replies or (reply(),))
        self._tls = tls
        self._server_name: str | None = None
        if tls:
            tls.sni_callback = self._note_server_name
        self._stopped = threading.Event()
        self._listening = socket.create_server((host, 0), family=_family(host))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.host, self.port = host, int(self._listening.getsockname()[1])
        self.requests: list[Received] = []
        self.connections = 0

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """Return a URL of this server, under another name where ``host`` is given."""
        told = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self._tls else 'http'}://{told}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the accept
        for thread in self._threads:
            thread.join(timeout=5)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._stopped.is_set():
                connection, _ = self._listening.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), contextlib.closing(self._secured(connection)) as secured:
            self.requests.append(self._read(secured))
            answer = self._replies.popleft() if len(self._replies) > 1 else self._replies[0]
            if callable(answer):
                answer(secured, self._stopped)
            else:
                secured.sendall(answer)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if not self._tls:
            return connection
        try:
            return self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            raise

    def _note_server_name(self, _: object, name: str | None, __: ssl.SSLContext) -> None:
        self._server_name = name

    def _read(self, connection: socket.socket) -> Received:
        head, _, body = _read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        method, path, _ = request_line.split(" ")
        return Received(
            method=method, path=path, headers=headers, body=body, head=head, server_name=self._server_name
        )


class Canary:
    """A listening socket that nobody may reach. ``connections`` counts those who did."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listening = socket.create_server((host, port), family=_family(host), backlog=512)
        self._listening.setblocking(False)
        self.port = int(self._listening.getsockname()[1])
        self._connections = 0

    @property
    def connections(self) -> int:
        """How many connections were made so far: the kernel completes them without us."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._listening.accept()[0].close()
                self._connections += 1
        return self._connections

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()


def _read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("hung up before the end of the head")
        received += more
    return received


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
