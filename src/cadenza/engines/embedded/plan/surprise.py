"""What is expected and what is rare in a source: a price for bars by the weirdness that is asked."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from scipy.ndimage import uniform_filter1d

from cadenza.music.portrait import Floats, Portrait

_PRICE = 1.2  # of a bar one deviation on the wrong side at the ends of the scale, in joints
_USUAL = 0.5
_MOST = 2.0  # deviations that count
_AROUND_BEATS = 4


def surprise_prices(portrait: Portrait, weirdness: float) -> Floats | None:
    """Return the price of each beat: above a weirdness of 0.5 for the expected, below it for the rare.

    None at 0.5, where chance and fit alone decide, and where there is one chord or none.
    """
    rare = rarity(portrait)
    if weirdness == _USUAL or float(rare.std()) == 0.0:
        return None
    return np.asarray(-_PRICE * (weirdness - _USUAL) * rare, dtype=np.float64)


def rarity(portrait: Portrait) -> Floats:
    """Return how unexpected the harmony around each beat is, in deviations from its mean.

    The mean over a bar or so of -log2 of the probability of each chord after the one before it, as counted
    in the whole recording.
    """
    chords = [int(chord) for chord in portrait.chords[: portrait.beat_count]]
    pairs = list(itertools.pairwise(chords))
    counts, totals = Counter(pairs), Counter(chords[:-1])
    bits = np.array([0.0, *(-np.log2(counts[pair] / totals[pair[0]]) for pair in pairs)])
    smooth = uniform_filter1d(bits, _AROUND_BEATS, mode="nearest")
    if float(smooth.std()) < 1e-6:
        return np.zeros(len(smooth))
    return np.asarray(np.clip((smooth - smooth.mean()) / smooth.std(), -_MOST, _MOST))
