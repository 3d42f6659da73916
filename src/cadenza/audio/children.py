"""Where the caged child of one foreign file comes from: started for it alone, or forked by a warm nursery."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import BinaryIO, Final

from cadenza.audio.decode_child import Work
from cadenza.audio.nursery import TAKEN

# Gives a child to a file: what it says is read from the descriptor, and it is gone when the block ends.
Children = Callable[[BinaryIO, Work], AbstractContextManager[int]]

_LEAST_SLOTS: Final = 4
# A nursery that starts loads its codecs first, on a busy machine slowly.
_TAKEN_WITHIN_S: Final = 10.0
_GOODBYE_S: Final = 5.0


@contextmanager
def fresh_child(file: BinaryIO, work: Work) -> Iterator[int]:
    """Start a process for this file alone, as a command does that decodes once."""
    with started_child(work.to_bytes().hex(), file) as line:
        yield line


@contextmanager
def started_child(argument: str, file: BinaryIO) -> Iterator[int]:
    """Start ``decode_child`` with ``argument`` and yield its standard output."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*_python_module("cadenza.audio.decode_child"), argument],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_surroundings(),
        cwd="/",
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.fileno()
    finally:
        process.stdout.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class NurseryDoor:
    """``Children`` of a nursery that another process of ours keeps; ``descriptor`` was inherited from it.

    Where that nursery has ended meanwhile, a child is started for the file alone.
    """

    def __init__(self, descriptor: int) -> None:
        self._control = socket.socket(fileno=descriptor)

    @contextmanager
    def __call__(self, file: BinaryIO, work: Work) -> Iterator[int]:
        """Send the file in and yield the line of its child."""
        line = _sent_in(self._control, file, work)
        with fresh_child(file, work) if line is None else _listening(line) as descriptor:
            yield descriptor


class Nursery:
    """``Children`` that cost no start: each is forked from a process that has the codecs loaded.

    ``slots`` files at most are decoded at a time, the others wait; by default as many as there are
    processors, and four at least. The nursery is started by the first file or ``door``, and again where
    it was killed. It ends, and its children with it, on ``close`` or with this process, however that ends.
    """

    def __init__(self, *, slots: int | None = None) -> None:
        self._slots = threading.BoundedSemaphore(slots or max(_LEAST_SLOTS, os.cpu_count() or 1))
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_closed = False

    @contextmanager
    def __call__(self, file: BinaryIO, work: Work) -> Iterator[int]:
        """Wait for a slot, send the file in and yield the line of its child."""
        with self._slots:
            control = self._living()
            line = _sent_in(control, file, work) or _sent_in(self._living(unlike=control), file, work)
            with fresh_child(file, work) if line is None else _listening(line) as descriptor:
                yield descriptor

    def door(self) -> int:
        """Return the descriptor that a child process inherits for its ``NurseryDoor``."""
        return self._living().fileno()

    def close(self) -> None:
        """End the nursery and all its children."""
        with self._starting:
            self._is_closed = True
            self._let_go()

    def _living(self, *, unlike: socket.socket | None = None) -> socket.socket:
        """Return the control socket of a nursery that runs; not ``unlike``, which did not answer."""
        with self._starting:
            assert not self._is_closed, "a closed nursery takes no files"
            is_running = self._process is not None and self._process.poll() is None
            if self._control is None or self._control is unlike or not is_running:
                self._let_go()
                self._control, theirs = socket.socketpair()
                with theirs:
                    self._process = _started_nursery(theirs)
            return self._control

    def _let_go(self) -> None:
        if self._control is not None:
            # Descriptors that render children have inherited stay; the nursery must end all the same.
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_GOODBYE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def _started_nursery(control: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*_python_module("cadenza.audio.nursery"), str(control.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_surroundings(),
        cwd="/",
        pass_fds=[control.fileno()],
        start_new_session=True,
    )


def _sent_in(control: socket.socket, file: BinaryIO, work: Work) -> socket.socket | None:
    """Send a file to the nursery behind ``control``; None where it has ended or does not take it."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            socket.send_fds(control, [work.to_bytes()], [file.fileno(), theirs.fileno()])
        ours.settimeout(_TAKEN_WITHIN_S)
        is_taken = ours.recv(len(TAKEN)) == TAKEN
        ours.settimeout(None)
    except OSError:
        is_taken = False
    if is_taken:
        return ours
    ours.close()
    return None


@contextmanager
def _listening(line: socket.socket) -> Iterator[int]:
    """Yield the descriptor of a line; hanging up ends the child."""
    with closing(line):
        yield line.fileno()


def _python_module(name: str) -> list[str]:
    return [sys.executable, "-SP", "-m", name]


def _surroundings() -> dict[str, str]:
    """Return the environment: our modules and nothing else, no keys, no settings, no folder."""
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
