"""The API process and the worker process, as the supervisor starts them."""

from __future__ import annotations

import logging
import os
import signal
import threading

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from cadenza import crash, logs
from cadenza.settings import current_settings
from cadenza.worker.orphan import end_with_parent

# Slow headers are closed by the server itself; bodies have a deadline of their own (web/body.py).
_HEADER_LIMIT_MS = 15_000
# Answers that are under way get this long when the server stops; event streams go on by themselves elsewhere.
_GOODBYE_S = 3


def serve_api(host: str, port: int) -> None:
    """Serve the API until SIGTERM or SIGINT, or until the supervisor is gone."""
    end_with_parent()
    server = Granian(
        "cadenza.wiring.service:api_app",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        loop=Loops.asyncio,
        websockets=False,
        backlog=4096,
        log_access=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_GOODBYE_S,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_LIMIT_MS),
    )
    server.serve()


def work(*, tied: bool = True) -> None:
    """Work until SIGTERM or SIGINT; ``tied``: or until the supervisor is gone."""
    from cadenza.wiring.service import worker  # noqa: PLC0415 - the API process needs no worker

    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")  # noqa: TID251 - for the render child: N workers, N cores
    settings = current_settings()
    logs.set_up(settings.log_level)
    crash.arm(settings.crash_at)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if tied:
        end_with_parent()
    worker(settings).run(stop)
    # What was given back may still be rendered in a thread, which a usual exit would wait for.
    logging.shutdown()
    os._exit(0)
