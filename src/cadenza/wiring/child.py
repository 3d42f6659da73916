"""The render child put together."""

from __future__ import annotations

from cadenza import crash, logs, wiring
from cadenza.settings import current_settings
from cadenza.worker.child import main


def render_child() -> None:
    """Run as the render child of a worker: an order on standard input, events on standard output."""
    settings = current_settings()
    logs.set_up(settings.log_level)  # to standard error: standard output is for events
    crash.arm(settings.crash_at)
    main(wiring.engine, artist=settings.artist, likely_engine=settings.engine)
