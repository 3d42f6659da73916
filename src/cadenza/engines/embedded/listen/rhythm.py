"""How a rhythm compares with another, to judge what was made: onsets per second and their periods."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

from cadenza.audio.features import Array, analysis_mono
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S, find_onsets

_LONGEST_PERIOD_S = 3.0


def rhythm_strangeness(made: Signal, source: Signal) -> float:
    """Return how far the rhythm of a piece is from that of its source: 0 = the same, 1 = unrelated.

    The mean of the differences in onset rate (octaves) and in the autocorrelation of the onsets.
    """
    new, old = (find_onsets(analysis_mono(signal)).novelty for signal in (made, source))
    rates = [_rate(novelty) for novelty in (new, old)]
    unlike = 1 - float(np.corrcoef(_periods(new), _periods(old))[0, 1])
    return 0.5 * abs(float(np.log2((rates[0] + 0.3) / (rates[1] + 0.3)))) + 0.5 * unlike


def _rate(novelty: Array) -> float:
    """Return onsets per second."""
    peaks = find_peaks(novelty, height=1.0, distance=5)[0]
    return len(peaks) / max(1.0, len(novelty) / FRAMES_PER_S)


def _periods(novelty: Array) -> Array:
    size = next_fast_len(2 * len(novelty))
    correlation = irfft(np.abs(rfft(novelty, size)) ** 2, size)
    first, last = round(0.1 * FRAMES_PER_S), round(_LONGEST_PERIOD_S * FRAMES_PER_S)
    return np.asarray(correlation[first:last] / (correlation[0] + 1e-9))
