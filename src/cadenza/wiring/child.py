"""The render child put together."""

from __future__ import annotations

from cadenza import wiring
from cadenza.worker.child import main


def render_child() -> None:
    """Run as the render child of a worker: an order on standard input, events on standard output."""
    main(wiring.engine)
