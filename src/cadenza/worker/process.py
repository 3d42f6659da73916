"""Running the render child: its events as they come, its end when the task is over."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import IO

from cadenza.domain.errors import GenerationFailed, Stopped
from cadenza.worker.order import ChildEvent, ChildOrder, event_from_json

# How often the worker looks whether the task was cancelled or taken away while the child is silent.
_LOOK_S = 0.25
_READ_BYTES = 65_536


class ChildLost(Exception):
    """A signal ended the child: the kernel for want of memory, an operator, a fault in a library."""


def run_child(
    command: Sequence[str], order: ChildOrder, *, limit_s: float, should_stop: Callable[[], bool]
) -> Generator[ChildEvent, None, None]:
    """Yield the child's events until it ends.

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
    child = subprocess.Popen(  # noqa: S603 - our own command, no shell
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        pass_fds=() if order.nursery is None else (order.nursery,),
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(order.to_json())
        yield from _events(child.stdout, deadline=time.monotonic() + limit_s, should_stop=should_stop)
        status = child.wait()
        if status < 0:
            raise ChildLost
        if status > 0:
            raise GenerationFailed("The engine stopped unexpectedly.")
    finally:
        _end(child)


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


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.stdout is not None:
        child.stdout.close()
