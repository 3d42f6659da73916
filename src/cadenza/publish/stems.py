"""The stems of a take as one archive of FLAC files, as music programs take them in."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from cadenza.audio.encode import Depth, FileKind, write_sound
from cadenza.audio.signal import Signal
from cadenza.audio.tagging import Tags

_FULL_SCALE: Final = 0.999
_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the first one a zip knows: the same stems give the same bytes


def write_stems(path: Path, stems: Mapping[str, Signal], tags: Tags) -> None:
    """Write a zip with ``NAME.flac`` for each stem, 24 bits per sample.

    What goes beyond full scale is turned down in all of them by the same amount, so that they still sum
    to the mix. Raises ``OSError``.
    """
    gain = stems_gain(stems)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in stems:
            single = path.with_name(f"{path.name}.{name}")
            try:
                quieter = _scaled(stems[name], gain)
                titled = partial(replace, tags, title=f"{tags.title} ({name})")
                write_sound(single, quieter, FileKind.FLAC, depth=Depth.BITS_24, tags=titled)
                _add(archive, f"{name}.flac", single)
            finally:
                single.unlink(missing_ok=True)


def stems_gain(stems: Mapping[str, Signal]) -> float:
    """Return the gain, at most 1, with which no stem exceeds full scale."""
    highest = max((_highest(stem) for stem in stems.values()), default=0.0)
    return min(1.0, _FULL_SCALE / max(highest, _FULL_SCALE))


def _highest(stem: Signal) -> float:
    return float(max(stem.samples.max(initial=0.0), -stem.samples.min(initial=0.0)))


def _scaled(stem: Signal, gain: float) -> Signal:
    return stem if gain == 1.0 else Signal(stem.samples * np.float32(gain), stem.sample_rate)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    with path.open("rb") as single, archive.open(zipfile.ZipInfo(name, _DAY), "w", force_zip64=True) as kept:
        shutil.copyfileobj(single, kept)
