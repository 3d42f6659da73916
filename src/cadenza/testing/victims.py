"""Processes to be killed, forked from one that has loaded everything before: a start costs milliseconds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_LOOK_S = 0.005
_NURSE = "import {modules}; from cadenza.testing.victims import nurse; nurse()"


class Nursery:
    """Forks victims. Use it as a context manager; ``modules`` are loaded once, for all of them.

    What victims say on standard error goes to the end of ``log``.
    """

    def __init__(self, *modules: str, log: Path) -> None:
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        with log.open("ab") as told:
            self._process = subprocess.Popen(  # noqa: S603 - our own code, no shell
                [sys.executable, "-c", _NURSE.format(modules=", ".join(modules))],
                env={"PATH": "/usr/bin:/bin", **one_thread},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
            )

    def ask(self, **question: Any) -> Any:
        """Return the answer of ``nurse`` to one question."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # it ends with its input


class Victim:
    """Python code that is run in a process of its own, killed and run again."""

    def __init__(self, nursery: Nursery, code: str, environment: Mapping[str, str]) -> None:
        self._nursery = nursery
        self._code = code
        self._environment = dict(environment)
        self._pid: int | None = None

    def start(self, **settings: str) -> None:
        """Run it, with these environment variables on top of its usual ones and no others."""
        assert self._pid is None, "it runs already"
        self._pid = self._nursery.ask(code=self._code, environment={**self._environment, **settings})

    def signal(self, number: int) -> None:
        """Signal the process and all of its group."""
        assert self._pid is not None, "it runs"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, number)

    def kill(self) -> None:
        """End it and all of its group at once; nothing where it does not run."""
        if self._pid is not None:
            self.signal(signal.SIGKILL)
            self.wait()

    def wait(self, limit_s: float = 60.0) -> int:
        """Return its exit status once it has ended, negative for a signal.

        Raises
        ------
        AssertionError
            It goes on after ``limit_s``.
        """
        assert self._pid is not None, "it was started"
        status: int | None = self._nursery.ask(wait=self._pid, limit_s=limit_s)
        assert status is not None, f"it goes on after {limit_s:g} s"
        self._pid = None
        return status


def nurse() -> None:
    """Answer each JSON line by one: code to run by the id of its process, a wait by the exit status."""
    for line in sys.stdin:
        question = json.loads(line)
        answer = _waited(question["wait"], question["limit_s"]) if "wait" in question else _forked(**question)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _forked(code: str, environment: dict[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), 0)
            os.dup2(nothing.fileno(), 1)
        os.environ.clear()  # noqa: TID251 - a process with an environment of its own
        os.environ.update(environment)  # noqa: TID251 - as above
        exec(code, {"__name__": "__main__"})  # noqa: S102 - code of our own tests, as by python -c
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as a nurse
        traceback.print_exc()
    finally:
        os._exit(status)


def _waited(pid: int, limit_s: float) -> int | None:
    ends_s = time.monotonic() + limit_s
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= ends_s:
            return None
        time.sleep(_LOOK_S)
