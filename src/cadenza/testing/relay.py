"""A way to a server on which connections suffer: cut, broken off, silent, changed."""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

_RECEIVED_BYTES: Final = 65_536
_PAUSE_S: Final = 0.02
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_BUSY: Final = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Harm(enum.Enum):
    """What befalls a connection."""

    RESET = enum.auto()  # torn down
    END = enum.auto()  # ended in good order, too early
    SILENCE = enum.auto()  # kept open, and nothing comes any more
    SLOW = enum.auto()  # held up again and again
    CHANGE = enum.auto()  # one byte is another
    BUSY = enum.auto()  # answered with 503, the server hears nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One harm to bytes on their way back, or ``to_server``, once so many have passed."""

    harm: Harm
    after_bytes: int = 0
    to_server: bool = False


class Relay:
    """Hands on connections to a port of 127.0.0.1; use it as a context manager."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listening.getsockname()[1])
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._fault: Fault | None = None
        self._left = 0
        self._eased = threading.Event()
        self.harmed = 0

    def suffer(self, fault: Fault, *, times: int = 1_000_000) -> None:
        """Let the next ``times`` connections suffer; those that are open end now."""
        with self._lock:
            self._fault, self._left, self.harmed = fault, times, 0
            self._eased.clear()
        self._cut()

    def ease(self) -> None:
        """Let all go well again."""
        with self._lock:
            self._left = 0
        self._eased.set()
        self._cut()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._listening.close()
        self.ease()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        fault = self._next_fault()
        with contextlib.suppress(OSError), contextlib.closing(near):
            if fault is not None and fault.harm is Harm.BUSY:
                near.recv(_RECEIVED_BYTES)
                near.sendall(_BUSY)
                return
            far = socket.create_connection(("127.0.0.1", self._to_port))
            self._open |= {near, far}
            with contextlib.closing(far):
                out = fault if fault is not None and fault.to_server else None
                back = fault if fault is not None and not fault.to_server else None
                sending = threading.Thread(target=self._carry, args=(near, far, out), daemon=True)
                sending.start()
                self._carry(far, near, back)
                sending.join()
            self._open -= {near, far}

    def _next_fault(self) -> Fault | None:
        with self._lock:
            if self._left == 0:
                return None
            self._left -= 1
            self.harmed += 1
            return self._fault

    def _carry(self, source: socket.socket, target: socket.socket, fault: Fault | None) -> None:
        """Carry bytes until one end closes or the fault has come; then end both."""
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(_RECEIVED_BYTES):
                if fault is not None and passed + len(chunk) > fault.after_bytes:
                    whole = chunk[: max(0, fault.after_bytes - passed)]
                    chunk = self._harmed(fault, whole, chunk[len(whole) :], target)
                    if not chunk:
                        break
                    fault = fault if fault.harm is Harm.SLOW else None
                passed += len(chunk)
                target.sendall(chunk)
        _end(source)
        _end(target)

    def _harmed(self, fault: Fault, whole: bytes, rest: bytes, target: socket.socket) -> bytes:
        """Return what is sent on instead of ``whole + rest``; nothing where the connection ends."""
        if fault.harm is Harm.CHANGE:
            return whole + bytes([rest[0] ^ 1]) + rest[1:]
        if fault.harm is Harm.SLOW:
            self._eased.wait(_PAUSE_S)
            return whole + rest
        target.sendall(whole)
        if fault.harm is Harm.SILENCE:
            self._eased.wait(60)
        if fault.harm is Harm.RESET:
            target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        return b""

    def _cut(self) -> None:
        for connection in list(self._open):
            _end(connection)


def _end(connection: socket.socket) -> None:
    """Wake whoever reads from a connection and tell its other end, unless closing is to reset it."""
    with contextlib.suppress(OSError):
        is_reset = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE))
        how = socket.SHUT_RD if is_reset == _RESET_ON_CLOSE else socket.SHUT_RDWR
        connection.shutdown(how)
