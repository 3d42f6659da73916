"""Running render children: one that waits for its order, its events as they come, its end with the task."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from cadenza.domain.errors import GenerationFailed, Stopped
from cadenza.worker.order import ChildEvent, ChildOrder, event_from_json, send_order

# How often the worker looks whether the task was cancelled or taken away while the child is silent.
_LOOK_S = 0.25
_READ_BYTES = 65_536


class ChildLost(Exception):
    """A signal ended the child: the kernel for want of memory, an operator, a fault in a library."""


@dataclass(frozen=True, slots=True)
class _Child:
    """A process, and the line on which its order goes to it."""

    process: subprocess.Popen[bytes]
    line: socket.socket


class RenderChildren:
    """The render children of a worker: a fresh process for each order.

    Loading the libraries takes a child the better part of a second, so ``prepare`` starts the next one
    before there is an order. It sleeps until then, and ends on ``close`` or with this process, however
    that ends.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._changing = threading.Lock()
        self._waiting: _Child | None = None
        self._is_closed = False

    def prepare(self) -> None:
        """Let a child wait for the next order, where none does."""
        with self._changing, suppress(OSError):  # what keeps it from starting, the next task tells
            if self._waiting is None and not self._is_closed:
                self._waiting = _started(self._command)

    def close(self) -> None:
        """End the child that waits; none will wait again."""
        with self._changing:
            self._is_closed = True
            if self._waiting is not None:
                _end(self._waiting)
                self._waiting = None

    def run(
        self, order: ChildOrder, *, limit_s: float, should_stop: Callable[[], bool]
    ) -> Generator[ChildEvent, None, None]:
        """Yield the events of one child until it ends.

        The child has a process group of its own; the whole group is killed when ``should_stop`` says so,
        when ``limit_s`` is over, or when the caller closes this iterator.

        Raises
        ------
        Stopped
            ``should_stop`` said so.
        GenerationFailed
            The child gave up, or was killed at the limit.
        ChildLost
            The child was killed by somebody else.
        """
        child = self._taken() or _started(self._command)
        out = child.process.stdout
        assert out is not None
        try:
            with suppress(OSError):  # one that has ended takes no order, and its status tells why
                send_order(order, child.line)
            yield from _events(out, deadline=time.monotonic() + limit_s, should_stop=should_stop)
            status = child.process.wait()
            if status < 0:
                raise ChildLost
            if status > 0:
                raise GenerationFailed("The engine stopped unexpectedly.")
        finally:
            _end(child)

    def _taken(self) -> _Child | None:
        """Return the child that waits, unless something has ended it meanwhile."""
        with self._changing:
            child, self._waiting = self._waiting, None
        if child is not None and child.process.poll() is not None:
            _end(child)
            return None
        return child


def _started(command: Sequence[str]) -> _Child:
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                list(command), stdin=theirs.fileno(), stdout=subprocess.PIPE, start_new_session=True
            )
    except OSError:
        ours.close()
        raise
    return _Child(process, ours)


def _events(out: IO[bytes], *, deadline: float, should_stop: Callable[[], bool]) -> Iterator[ChildEvent]:
    rest = b""
    while True:
        if should_stop():
            raise Stopped("The task is no longer this worker's.")
        if time.monotonic() > deadline:
            raise GenerationFailed("The rendering took longer than this server allows.")
        if not select.select([out], [], [], _LOOK_S)[0]:
            continue
        chunk = os.read(out.fileno(), _READ_BYTES)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield event_from_json(line)


def _end(child: _Child) -> None:
    child.line.close()
    process = child.process
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
