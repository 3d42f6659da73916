"""Jobs that were claimed for this process and never reached it.

A database that dies may have committed a claim without saying so. The job engine takes such a claim for
failed, yet the row says that the job is ours; nobody runs it, and nobody else picks it up while we live.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import sqlalchemy as sa

# Between a claim and its job's start pass milliseconds; what is missing at two looks in a row is astray.
_LOOK_EVERY_S = 5.0


class Strays:
    """Looks now and then for jobs that are ours and not at work, and puts them back on their queues.

    ``claimed`` returns the ids of the jobs that stand as this process', ``at_work`` those that it runs;
    ``put_back`` gives one up where it is still ours. Whatever is put back by mistake is run twice, and then
    it is the attempt that decides.
    """

    def __init__(
        self,
        *,
        claimed: Callable[[], Iterable[str]],
        at_work: Callable[[], Iterable[str]],
        put_back: Callable[[str], object],
    ) -> None:
        self._claimed = claimed
        self._at_work = at_work
        self._put_back = put_back
        self._missed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="strays", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Put back what was missing at the last look and still is."""
        claimed = set(self._claimed())  # first: what starts in between is then seen at work
        missing = claimed - set(self._at_work())
        for job_id in missing & self._missed:
            self._put_back(job_id)
        self._missed = missing - self._missed

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            try:
                self.look()
            except sa.exc.SQLAlchemyError:
                self._missed.clear()  # the database is away; the engine says so in the log
