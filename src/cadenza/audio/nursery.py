"""The nursery: a small process with the codecs loaded that forks a caged child for each foreign file.

Started by ``cadenza.audio.children`` as ``python -m cadenza.audio.nursery CONTROL``, where CONTROL is an
inherited socket. On it comes, for each file, one ``Work`` with two descriptors: the file, and the line on
which the child is to speak. The nursery itself never looks into a file. A child is used once: what a file
has done to it ends with it. It is killed when its time is over or when nobody listens on its line any more.

A child that crashed may have been steered, and children of one process share its memory layout. After a
crash the nursery therefore replaces itself by a fresh one, with another layout; its other children live on.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from cadenza.audio.decode_child import Work, do, load_codecs

# Decoding yields to whatever answers callers.
_NICENESS: Final = 5
# Whoever asked ends the child in time by hanging up; this is for those who cannot any more.
_GRACE_S: Final = 1.0
_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE, signal.SIGSYS}
)
_PR_SET_PDEATHSIG: Final = 1
# Said on a line before its child speaks: from now on silence means that the child ended.
TAKEN: Final = b"+"


@dataclass(frozen=True, slots=True)
class _Ward:
    """A child at work: its process, our end of its line, and when it must be done (monotonic clock)."""

    pid: int
    line: int
    ends_s: float


class _Nursery:
    def __init__(self, control: socket.socket, wards: list[_Ward]) -> None:
        self._control = control
        self._wards = wards
        self._has_crashed = False
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)  # a child that ends interrupts the waiting, whenever it does

    def run(self) -> None:
        """Work until everybody who could ask is gone; then no child is left."""
        while self._wait():
            self._reap()
            self._end_overdue()
            if self._has_crashed:
                self._start_afresh()
        for ward in self._wards:
            os.kill(ward.pid, signal.SIGKILL)

    def _wait(self) -> bool:
        """Wait for the next thing to do, do what was asked; return False when nobody can ask any more."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        for ward in self._wards:
            poll.register(ward.line, 0)  # only whether it was hung up
        for descriptor, event in poll.poll(self._patience_ms()):
            if descriptor == self._control.fileno():
                if not (event & select.POLLIN and self._admit()):
                    return False
            elif descriptor == self._woken:
                os.read(self._woken, 4096)
            else:
                self._end(descriptor)
        return True

    def _patience_ms(self) -> float | None:
        if not self._wards:
            return None
        return max(0.0, min(ward.ends_s for ward in self._wards) - time.monotonic()) * 1000 + 1

    def _admit(self) -> bool:
        """Start the child of the next file; return False at the end of the requests."""
        text, descriptors, _, _ = socket.recv_fds(self._control, Work.SIZE, 2)
        if not text:
            return False
        work = Work.from_bytes(text)
        file, line = descriptors
        with suppress(OSError):  # who asked may have gone
            os.write(line, TAKEN)
        pid = os.fork()
        if pid == 0:
            _be_child(work, file, line)
        os.close(file)
        self._wards.append(_Ward(pid, line, time.monotonic() + work.wall_clock_s + _GRACE_S))
        return True

    def _end(self, line: int) -> None:
        for ward in self._wards:
            if ward.line == line:
                os.kill(ward.pid, signal.SIGKILL)  # ours and not reaped yet, so nobody else's number

    def _end_overdue(self) -> None:
        for ward in self._wards:
            if ward.ends_s < time.monotonic():
                os.kill(ward.pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Forget the children that have ended; whoever listens on their lines hears the end."""
        for ward in tuple(self._wards):
            pid, status = os.waitpid(ward.pid, os.WNOHANG)
            if pid:
                os.close(ward.line)
                self._wards.remove(ward)
                self._has_crashed |= os.WIFSIGNALED(status) and os.WTERMSIG(status) in _CRASHES

    def _start_afresh(self) -> NoReturn:
        wards = [[ward.pid, ward.line, ward.ends_s] for ward in self._wards]
        for descriptor in (self._control.fileno(), *(ward.line for ward in self._wards)):
            os.set_inheritable(descriptor, True)
        told = [str(self._control.fileno()), json.dumps(wards)]
        os.execv(sys.executable, [sys.executable, "-SP", "-m", "cadenza.audio.nursery", *told])  # noqa: S606 - ourselves


def _be_child(work: Work, file: int, line: int) -> NoReturn:
    """Be the child: nothing of the nursery stays open, and nothing of it is returned to."""
    status = 1
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(file, 0)
        os.dup2(line, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        do(work)
        status = 0
    finally:
        os._exit(status)


def main(control: int, wards: str = "[]") -> None:
    """Be a nursery; ``wards`` are the children of the one that this replaces."""
    with suppress(OSError):
        os.nice(_NICENESS - os.nice(0))
    with socket.socket(fileno=control) as requests:
        load_codecs()
        _Nursery(requests, [_Ward(*ward) for ward in json.loads(wards)]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
