"""How loud the sections of the source shall sound in the new part."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from cadenza.audio.features import decibels
from cadenza.music.portrait import Floats, Portrait

_EVENING = 0.75  # of the difference between sections is taken out
_MOST_GAIN_DB = 8.0
_LATELY_S, _LAST_S = 20.0, 1.0
_STILL_ON_DB, _CLOSED_DB = 6.0, 14.0


def openness(portrait: Portrait, seam_s: float) -> float:
    """Return how much the music is still going on at the seam: 1 = in full swing, 0 = it has rung out.

    Where the last second has fallen far below what was heard of late, a section has closed, and the next
    one is free to begin in its own way: softly, or with other players.
    """
    moments = portrait.moments
    end = moments.at(min(seam_s, portrait.music_end_s))
    power = moments.power[:end].sum(axis=1)
    last, lately = (power[max(0, end - round(s * moments.rate_hz)) :] for s in (_LAST_S, _LATELY_S))
    if len(lately) < 3 * _LAST_S * moments.rate_hz:
        return 1.0
    fallen_db = float(decibels(lately.mean()) - decibels(last.mean()))
    return float(np.clip((_CLOSED_DB - fallen_db) / (_CLOSED_DB - _STILL_ON_DB), 0, 1))


def section_gains(portrait: Portrait, seam_s: float) -> Floats:
    """Return a gain in dB per beat that brings its section to the level of the last 20 s before the seam.

    Sections are means over 16 beats, so that accents and phrases keep their own dynamics. After a close
    sections keep their own level, too.
    """
    beats_s = portrait.pulse.beats_s[:-1]
    end_s = max(min(seam_s, portrait.music_end_s), portrait.music_start_s + 1)
    power = 10 ** (portrait.views.level_db / 10)
    recent = (beats_s >= end_s - _LATELY_S) & (beats_s < end_s - 0.2)
    if not recent.any():
        return np.zeros(len(power))
    target_db = 10 * np.log10(power[recent].mean() + 1e-9)
    section_db = 10 * np.log10(uniform_filter1d(power, 16, mode="nearest") + 1e-9)
    evening = _EVENING * openness(portrait, seam_s)
    return np.asarray(np.clip(evening * (target_db - section_db), -_MOST_GAIN_DB, _MOST_GAIN_DB))
