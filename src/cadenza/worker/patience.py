"""Waiting for a database that is away: a job that ended with an error would never be taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from cadenza.domain.errors import Unavailable

_log = structlog.get_logger()
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0


def patiently(work: Callable[[], None], *, wait: Callable[[float], None] = time.sleep) -> None:
    """Do ``work`` again, after longer and longer waits, until it no longer ends with ``Unavailable``.

    ``work`` may have been done in part: whatever runs here can be done twice.
    """
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            work()
        except Unavailable as error:
            _log.warning("work_waits", reason=str(error), wait_s=wait_s)
            wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        else:
            return
