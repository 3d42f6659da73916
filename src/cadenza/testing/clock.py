"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import datetime as dt


class FrozenClock:
    """Tells ``moment`` until ``advance`` moves it."""

    def __init__(self, moment: dt.datetime) -> None:
        assert moment.tzinfo is not None, "times are aware"
        self._moment = moment

    def now(self) -> dt.datetime:
        """Return the moment it stands at."""
        return self._moment

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._moment += dt.timedelta(seconds=seconds)
