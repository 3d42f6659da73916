"""Keeping several processes of one installation running, and ending them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_LOOK_S = 0.2
_GRACE_S = 20.0
# A process that ends again and again within this time rests for longer and longer before it is started,
# and a vital one is not started for ever.
_SOON_S = 10.0
_REST_S, _LONGEST_REST_S = 1.0, 10.0
_MOST_SOON_ENDINGS = 5


@dataclass(slots=True)
class Charge:
    """One process that is to run: what it is called, the Python code it runs, and its life so far.

    Without a vital one nothing works; a worker may be killed by what it works on, more than once.
    """

    name: str
    code: str
    environment: Mapping[str, str]
    is_vital: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    soon_endings: int = 0
    rests_until_s: float | None = None

    def start(self) -> None:
        """Start it, out of the terminal's reach: Ctrl-C is for the supervisor to hand on."""
        self.started_s = time.monotonic()
        self.rests_until_s = None
        self.process = subprocess.Popen(  # noqa: S603 - our own code, no shell
            [sys.executable, "-c", self.code],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def rest(self) -> None:
        """Note that it has ended, and how long it rests: not at all after it ran for a while."""
        now_s = time.monotonic()
        self.soon_endings = self.soon_endings + 1 if now_s - self.started_s < _SOON_S else 1
        self.rests_until_s = now_s + min((self.soon_endings - 1) * _REST_S, _LONGEST_REST_S)

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True)
class Supervisor:
    """Starts its charges, restarts those that end, ends all of them when told to."""

    charges: list[Charge]
    say: Callable[[str], None]
    _stopping: bool = field(default=False, init=False)

    def start(self) -> None:
        """Start all, and listen for SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for charge in self.charges:
            charge.start()

    def watch(self) -> int:
        """Keep all running until told to stop; return the exit status."""
        status = 0
        while not self._stopping:
            for charge in self.charges:
                if not charge.is_running and not self._stopping and not self._restart(charge):
                    self._stopping, status = True, 1
            time.sleep(_LOOK_S)
        self._end()
        return status

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _restart(self, charge: Charge) -> bool:
        """Start a charge that has ended, when it has rested; False where there is no hope for it."""
        if charge.rests_until_s is None:
            charge.rest()
            if charge.is_vital and charge.soon_endings > _MOST_SOON_ENDINGS:
                self.say(f"The {charge.name} ended {_MOST_SOON_ENDINGS} times within seconds; giving up.")
                return False
            self.say(f"The {charge.name} ended unexpectedly; starting it again.")
        if charge.rests_until_s is not None and time.monotonic() >= charge.rests_until_s:
            charge.start()
        return True

    def _end(self) -> None:
        for charge in self.charges:
            self._signal(charge, signal.SIGTERM)
        ends_s = time.monotonic() + _GRACE_S
        while any(charge.is_running for charge in self.charges) and time.monotonic() < ends_s:
            time.sleep(_LOOK_S / 4)
        for charge in self.charges:
            if charge.is_running:
                self._signal(charge, signal.SIGKILL)

    @staticmethod
    def _signal(charge: Charge, number: signal.Signals) -> None:
        if charge.is_running and charge.process is not None:
            if number is signal.SIGKILL:
                os.killpg(charge.process.pid, number)
            else:
                charge.process.send_signal(number)
