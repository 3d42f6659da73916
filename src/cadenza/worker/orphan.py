"""Ending together with the process that started this one, however that one ended."""

from __future__ import annotations

import os
import signal
import threading
import time

_LOOK_S = 0.3


def end_with_parent(parent: int | None = None) -> None:
    """From now on, send this process SIGTERM as soon as ``parent`` is gone; by default its parent of now."""
    parent = os.getppid() if parent is None else parent

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent-watch", daemon=True).start()
