"""The bars that a continuation may quote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadenza.domain.errors import SourceUnusable
from cadenza.music.portrait import Ints, Portrait

_ENOUGH_MUSIC_S = 16.0  # less than this before the seam: what comes after it is quoted too
_FEWEST_UNITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The bars a path may use: their first beats, and the beat position where the new music begins.

    They begin ``step`` beats apart: a bar, or less where nothing says where bars begin.
    """

    bars: Ints
    beats_per_bar: int
    step: int
    seam: float

    @property
    def pickup(self) -> float:
        """How far into a bar the seam lies, in beats; a hair before a bar line counts as on it."""
        beats = (self.seam - float(self.bars[0])) % self.step
        return 0.0 if self.step - beats < 0.02 else beats

    @property
    def due(self) -> int:
        """The bar that would go on as recorded; may lie after the last."""
        return int(np.floor((self.seam - float(self.bars[0])) / self.step + 0.01))

    @property
    def count(self) -> int:
        """Number of bars."""
        return len(self.bars)

    @property
    def stride(self) -> int:
        """How many steps make a bar."""
        return self.beats_per_bar // self.step


def find_ground(portrait: Portrait, seam_s: float, within_s: tuple[float, float] | None = None) -> Ground:
    """Find the bars that may be quoted: music before the seam, or all of it if that is too little.

    Where there is no pulse a bar may begin on any beat.

    ``within_s`` names the only stretch of the recording to quote from instead; it grows backwards where it
    holds fewer than ``_FEWEST_UNITS`` bars.

    Raises
    ------
    SourceUnusable
        If there are not even two beats of music.
    """
    from_s, until_s = within_s or (portrait.music_start_s, _end_of_ground(portrait, seam_s))
    bar = portrait.metre.beats_per_bar
    first = portrait.beat_position(max(from_s, portrait.music_start_s)) - 0.25
    last = portrait.beat_position(min(until_s, portrait.music_end_s)) + 0.1
    if within_s is not None:
        least = max(portrait.beat_position(portrait.music_start_s) - 0.25, last - (_FEWEST_UNITS + 1) * bar)
        first = min(first, least)
    for unit in (bar, 2, 1):
        starts = np.arange(portrait.metre.first_downbeat % unit, portrait.beat_count + 1 - unit, unit)
        starts = starts[(starts >= first) & (starts + unit <= last)]
        if len(starts) >= _FEWEST_UNITS or (unit == 1 and len(starts) >= 2):
            seam = portrait.beat_position(seam_s)
            if portrait.pulse.steady:
                return Ground(bars=starts.astype(np.int64), beats_per_bar=unit, step=unit, seam=seam)
            beats = np.arange(starts[0], starts[-1] + unit, dtype=np.int64)
            return Ground(bars=beats, beats_per_bar=unit, step=1, seam=seam)
    raise SourceUnusable("The recording has too little music before its end to continue it in its own style.")


def _end_of_ground(portrait: Portrait, seam_s: float) -> float:
    until_s = min(seam_s, portrait.music_end_s)
    return portrait.music_end_s if until_s - portrait.music_start_s < _ENOUGH_MUSIC_S else until_s
