"""Builds for packs in tests, run in a process of their own as all builds are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from cadenza.domain.errors import Unavailable


def doubled(folder: Path) -> None:
    """Write the weights twice into one file."""
    (folder / "doubled.bin").write_bytes((folder / "weights.bin").read_bytes() * 2)


def failing(_folder: Path) -> None:
    """Find something missing."""
    raise Unavailable("No such moon.")


def killing(_folder: Path) -> None:
    """Kill the installer, as a power cut would."""
    os.kill(os.getppid(), signal.SIGKILL)
