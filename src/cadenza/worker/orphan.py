"""Ending together with the process that started this one, however that one ended."""

from __future__ import annotations

import os
import signal
import threading
import time

_LOOK_S = 0.3


def end_with_parent() -> None:
    """From now on, send this process SIGTERM as soon as its parent is gone."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent-watch", daemon=True).start()
