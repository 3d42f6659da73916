"""The only source of the present time."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Tests hand in a frozen one."""

    def now(self) -> dt.datetime:
        """Return the present, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """Return the present, aware, in UTC."""
        return dt.datetime.fromtimestamp(time.time_ns() / 1e9, tz=dt.UTC)
