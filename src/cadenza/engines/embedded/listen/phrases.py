"""Where phrases end: at bar lines in a period, or where the music breathes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from cadenza.audio.features import Array
from cadenza.audio.loudness import SILENCE_LUFS
from cadenza.engines.embedded.listen.sections import Form
from cadenza.music.portrait import Ints, Portrait

_PERIODS = (2, 4, 8)
_USUAL_LEAD = 0.15  # phrases of four bars are by far the commonest: others need to be clearer by this
_LONGEST_S = 24.0
_BREATH_DB, _AROUND_S, _APART_S = 6.0, 3.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The seconds where phrases end, and how many bars they have (None where nobody counts bars)."""

    ends_s: Array
    bars: int | None


def find_phrases(portrait: Portrait, form: Form, lines: Ints) -> Phrases:
    """Find phrases of two, four or eight bars, counted from where each section begins.

    The period is the one at whose bar lines most changes: harmony, level and what strikes.
    """
    starts = np.searchsorted(lines, form.edges)
    change = _change(portrait, lines)
    bar_s = float(np.median(np.diff(portrait.pulse.beats_s))) * portrait.metre.beats_per_bar
    lead = {n: _lead(change, starts, n) + _USUAL_LEAD * (n == 4) for n in _PERIODS if n * bar_s < _LONGEST_S}
    bars = max(lead, key=lambda n: lead[n]) if lead else 1
    ends = [np.append(np.arange(a + bars, b, bars), b) for a, b in pairwise(starts)]
    beats = lines[np.clip(np.concatenate(ends), 0, len(lines) - 1)]
    return Phrases(ends_s=portrait.pulse.beats_s[beats], bars=bars)


def _change(portrait: Portrait, lines: Ints) -> Array:
    """Return how much changes at each bar line, in standard deviations, and how little strikes before it."""
    views, last = portrait.views, portrait.beat_count - 1
    here, before = np.clip(lines, 0, last), np.clip(lines - 1, 0, last)
    harmony = 1 - (views.chroma[here] * views.chroma[before]).sum(axis=1)
    timbre = np.linalg.norm(views.timbre[here] - views.timbre[before], axis=1)
    rest = -views.pattern[before].mean(axis=1)
    return _standard(harmony) + _standard(timbre) + _standard(rest)


def _standard(values: Array) -> Array:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9))


def _lead(change: Array, starts: Ints, period: int) -> float:
    """Return how far the change at the ends of phrases exceeds that at half of their length."""
    on, off = [], []
    for first, end in pairwise(starts):
        on += change[first + period : end : period].tolist()
        off += change[first + period // 2 : end : period].tolist()
    return float(np.mean(on) - np.mean(off)) if on and off else -1.0


def find_breaths(level_db: Array, rate_hz: float) -> Array:
    """Return the seconds where a level without beats falls by 6 dB and rises again, at least 2 s apart."""
    reach = round(_AROUND_S * rate_hz)
    if len(level_db) < 2 * reach:
        return np.zeros(0)
    low = level_db == minimum_filter1d(level_db, round(_APART_S * rate_hz) | 1)
    # Nothing sounds before the start and after the end.
    padded = np.pad(level_db, reach, constant_values=SILENCE_LUFS)
    left = maximum_filter1d(padded, reach, origin=(reach - 1) // 2)[reach:-reach]
    right = maximum_filter1d(padded, reach, origin=-((reach - 1) // 2))[reach:-reach]
    deep = np.minimum(left, right) - level_db > _BREATH_DB
    places = np.flatnonzero(low & deep)
    apart = np.append(True, np.diff(places) > _APART_S * rate_hz) if len(places) else np.zeros(0, dtype=bool)
    return np.asarray(places[apart] / rate_hz)
