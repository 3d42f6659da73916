"""Ending well: who listens to a stream is told when the server is asked to stop, and comes back elsewhere."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Closing:
    """Whether this process was told to stop; streams end themselves then, for nothing else ends them."""

    def __init__(self) -> None:
        self.has_begun = False
        self._told: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called in the event loop when the end begins."""
        self._told.append(listener)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Begin the end at SIGTERM or SIGINT meanwhile, where this is the event loop of the main thread.

        The server's own handlers belong to the event loop and go on; Python's, below them, are free.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {
            number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._begin))
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _begin(self) -> None:
        self.has_begun = True
        for listener in self._told:
            listener()
