"""What this worker has counted since it last added to the sums in the database."""

from __future__ import annotations

import threading
from collections import defaultdict

import structlog

from cadenza.domain.errors import Unavailable
from cadenza.tasks.ports import Store
from cadenza.tasks.tallies import Counted, Series, Timed

_log = structlog.get_logger()
_FLUSH_EVERY_S = 5.0


class Tally:
    """Counts in memory and adds to the sums every few seconds; what a kill takes with it is not made up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: defaultdict[Series, float] = defaultdict(float)

    def count(self, what: Counted, *values: str, amount: float = 1) -> None:
        """Count something; ``values`` are those of its labels."""
        assert len(values) == len(what.labels), "a value for each label"
        with self._lock:
            self._amounts[Series(what.name, values)] += amount

    def time(self, what: Timed, *values: str, seconds: float) -> None:
        """Count a duration in every bucket that it fits."""
        assert len(values) == len(what.labels), "a value for each label"
        parts = [f"{bound_s:g}" for bound_s in what.bounds_s if seconds <= bound_s]
        with self._lock:
            for part in (*parts, "+Inf"):
                self._amounts[Series(what.name, values, part)] += 1
            self._amounts[Series(what.name, values, "sum")] += seconds

    def flush(self, store: Store) -> None:
        """Add what was counted to the sums; while the database is away it is kept."""
        with self._lock:
            amounts, self._amounts = self._amounts, defaultdict(float)
        if not amounts:
            return
        try:
            store.write(lambda books: books.tallies.add(amounts))
        except Unavailable as error:
            _log.warning("tally_waits", reason=str(error))
            with self._lock:
                for series, amount in amounts.items():
                    self._amounts[series] += amount

    def run(self, store: Store, stop: threading.Event) -> None:
        """Flush every few seconds until told to stop, and once more."""
        while not stop.wait(_FLUSH_EVERY_S):
            self.flush(store)
        self.flush(store)
