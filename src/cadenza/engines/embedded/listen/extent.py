"""Where the music is: without the silence around it and without a fade at its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from cadenza.audio.features import Array, decibels
from cadenza.domain.errors import SourceUnusable
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S

SHORTEST_MUSIC_S = 2.5
_SILENCE_DB = -75.0
_BELOW_MUSIC_DB = 28.0
_FADE_DB = 8.0
_SHORTEST_SECTION_S, _FALL_DB = 4.0, 3.0  # a last stretch as long that falls by less is a soft section


def find_music(power: NDArray[np.float32]) -> tuple[float, float]:
    """Return the seconds between which there is music, from (frames, bands) power.

    Raises
    ------
    SourceUnusable
        If the recording is silent, or has less than ``SHORTEST_MUSIC_S`` of music.
    """
    level = decibels(uniform_filter1d(power.sum(axis=1), round(0.4 * FRAMES_PER_S)), 1e-12)
    loud = float(np.percentile(level, 75)) if len(level) else _SILENCE_DB
    if loud < _SILENCE_DB:
        raise SourceUnusable(
            "The recording is silent, or silent but for a few clicks or an offset: nothing can be continued."
        )
    sounding = np.flatnonzero(level > loud - _BELOW_MUSIC_DB)
    start_s, end_s = sounding[0] / FRAMES_PER_S, (sounding[-1] + 1) / FRAMES_PER_S
    end_s = start_s + _before_fade(level[sounding[0] : sounding[-1] + 1])
    if end_s - start_s < SHORTEST_MUSIC_S:
        raise SourceUnusable(
            f"The recording has {end_s - start_s:.1f} s of music; at least {SHORTEST_MUSIC_S} s are needed."
        )
    return float(start_s), float(end_s)


def _before_fade(level: Array) -> float:
    """Return the seconds before a final fade begins (all, if it does not fade).

    A fade is a last stretch of at least 1.5 s and at most a third that keeps falling, ends 14 dB or
    more below the usual level and never comes back to it. A soft last section falls once and then stays.
    """
    whole = len(level) / FRAMES_PER_S
    smooth = median_filter(level, round(1.0 * FRAMES_PER_S) | 1, mode="nearest")
    usual = float(np.median(smooth[-round(30 * FRAMES_PER_S) :]))
    loud = np.flatnonzero(smooth > usual - _FADE_DB)
    last = (loud[-1] + 1) / FRAMES_PER_S if len(loud) else whole
    tail = whole - last
    ends_low = level[-round(0.3 * FRAMES_PER_S) :].mean() < usual - 14
    is_fade = (
        ends_low
        and 1.5 <= tail <= whole / 3
        and _keeps_falling(level[len(level) - round(tail * FRAMES_PER_S) :])
    )
    return float(last) if is_fade else whole


def _keeps_falling(tail: Array) -> bool:
    """Whether the second half of a stretch lies below the first; short ones are taken to.

    Loudest moments are compared, since notes die away in a steady section, too. The beginning is left out:
    every level is a mean over a while, and still hears what was before.
    """
    steady = tail[round(1.5 * FRAMES_PER_S) :]
    middle = len(steady) // 2
    is_short = len(tail) < _SHORTEST_SECTION_S * FRAMES_PER_S
    return is_short or float(steady[:middle].max() - steady[middle:].max()) >= _FALL_DB
