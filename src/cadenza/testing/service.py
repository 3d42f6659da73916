"""The service as people start it: ``cadenza serve`` in a process of its own, and the commands beside it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

_NO_KEY = "cadenza key create NAME --credits 1000\n"
_START_WITHIN_S = 90.0
_END_WITHIN_S = 60.0
_LOOK_S = 0.05


def eventually(question: Callable[[], T | None], *, limit_s: float = 60.0) -> T:
    """Return the first answer of ``question`` that is neither None nor False.

    Raises
    ------
    AssertionError
        There was none within ``limit_s``.
    """
    ends_s = time.monotonic() + limit_s
    while True:
        answer = question()
        if answer is not None and answer is not False:
            return answer
        assert time.monotonic() < ends_s, f"what was waited for did not come within {limit_s:g} s"
        time.sleep(_LOOK_S)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def command(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one ``cadenza`` command to its end."""
    return subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "cadenza", *arguments],
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=_START_WITHIN_S,
        check=False,
    )


@dataclass(slots=True, kw_only=True)
class Service:
    """One ``cadenza serve`` on a free port, with the settings of ``environment`` and no others.

    Use it as a context manager: it is ready inside, and at the end of it is asked to stop as Ctrl-C does.
    ``said`` is what it printed on standard output before it was ready, ``told`` its standard error.
    """

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    port: int = field(default_factory=free_port)
    said: str = ""
    _process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def told(self) -> str:
        """What it wrote to standard error so far: sentences and the log."""
        return self._told_path.read_text()

    def arguments(self) -> tuple[str, ...]:
        """Return the command line after ``cadenza``."""
        return ("serve", "--port", str(self.port), "--data", str(self.data), "--workers", str(self.workers))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same installation."""
        return command(*arguments, environment={**self.environment, "CADENZA_DATA": str(self.data)})

    def new_key(self, name: str, *, credits: int = 0) -> str:
        """Make a key as an operator does."""
        done = self.command("key", "create", name, "--credits", str(credits), "--json")
        assert done.returncode == 0, done.stderr
        made: dict[str, Any] = json.loads(done.stdout)
        return str(made["key"])

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        with self._told_path.open("w") as told:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", "cadenza", *self.arguments()],
                env=_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
            )
        try:
            self.said = self._greeting(self._process)
        except BaseException:
            self._process.kill()
            self._process.communicate()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            self.stop()

    def stop(self) -> int:
        """Ask it to end as Ctrl-C does; return its exit status."""
        assert self._process is not None, "it was started"
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        return self._process.returncode

    def _greeting(self, process: subprocess.Popen[str]) -> str:
        """Return what it prints, up to the curl line that ends the greeting."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            assert selector.select(_START_WITHIN_S), f"not ready in time: {self.told}"
        said = ""
        while not said.endswith(("}'\n", _NO_KEY)):  # the greeting comes in one piece
            line = process.stdout.readline()
            assert line, f"it ended instead of getting ready: {self.told}"
            said += line
        return said

    @property
    def _told_path(self) -> Path:
        return self.data / f"standard-error-{self.port}.txt"


def _environment(chosen: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CADENZA_")}  # noqa: TID251 - handed on
    return {**inherited, **chosen}
