"""The recordings that studies of continuations are given, and where they go on from."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile

from cadenza.audio.signal import Signal

_FIRST_S = 60.0


def source_parser(description: str | None, *, seconds: float) -> argparse.ArgumentParser:
    """Return a parser of recordings, a place, a length (``seconds`` if none is given) and seeds."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument(
        "--at", type=float, help="where to go on from; the end of the first minute by default"
    )
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--seeds", default="0,1,2", type=lambda text: [int(seed) for seed in text.split(",")])
    return parser


def read_until(path: Path, at_s: float | None) -> Signal:
    """Return a recording up to a second, by default its first minute."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    whole = Signal(np.ascontiguousarray(samples.T), rate)
    return whole.between(0, at_s or min(_FIRST_S, whole.duration_s))
