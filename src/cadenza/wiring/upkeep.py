"""What operators do with a whole installation: sweep it."""

from __future__ import annotations

from cadenza.settings import Settings
from cadenza.wiring.backroom import backroom, prepare, sweeper
from cadenza.worker.sweep import Swept


def sweep_once(settings: Settings) -> Swept:
    """Sweep the installation of these settings."""
    prepare(settings)
    room = backroom(settings)
    try:
        return sweeper(room).sweep()
    finally:
        room.close()
