"""Ringing on: the sound of a last moment that goes on by itself and dies away, and fades."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft

from cadenza.audio.signal import Samples
from cadenza.music.portrait import Floats

_WINDOW_S = 0.19
_DULLS_FROM_HZ = 1500.0  # above, a room takes away more the higher it is
_INAUDIBLE_DB = 60.0
_LONGEST_TAIL_S = 3.0
_SLOPE_S = 0.25
_SLOWEST_DB_PER_S = 12.0


def ringing(sound: Samples, *, seconds: float, decay_db_per_s: float, rate: int) -> Samples:
    """Return how the end of a sound would ring on after it, (channels, samples); silence if it is too short.

    The partials of the last 0.24 s go on in phase (a phase vocoder at rest, Laroche & Dolson 1999) and die
    away, high ones faster. The first sample follows the last one of the sound.
    """
    count = max(0, round(seconds * rate))
    size = 2 ** round(np.log2(_WINDOW_S * rate))
    hop = size // 4
    if sound.shape[1] < size + hop or not count:
        return np.zeros((sound.shape[0], count), dtype=np.float32)
    window = np.hanning(size + 1)[:-1]
    last = rfft(sound[:, -size:] * window, axis=1)
    before = rfft(sound[:, -size - hop : -hop] * window, axis=1)
    advance = np.exp(1j * (np.angle(last) - np.angle(before)))
    fading = _fading(size, rate, decay_db_per_s * hop / rate)
    # The frames begin a window before the end: from the end on, four of them overlap everywhere. The middle
    # of the third one lies at the end, and is as loud as the sound there.
    last = last * fading**-2
    rung = np.zeros((sound.shape[0], count + 2 * size))
    for start in range(0, count + size, hop):
        rung[:, start : start + size] += irfft(last, size, axis=1) * window
        last = last * advance * fading
    return np.asarray(rung[:, size : size + count] / 1.5, dtype=np.float32)


def rung_out(samples: Samples, *, at: int, rate: int) -> Samples:
    """Let what sounds at a sample ring to the end of the piece, instead of what comes there."""
    left = samples.shape[1] - at
    fade = min(round(0.06 * rate), left)
    decay = _INAUDIBLE_DB / max(left / rate, 0.1)
    tail = ringing(samples[:, :at], seconds=left / rate, decay_db_per_s=decay, rate=rate)
    into = np.sin(np.linspace(0, np.pi / 2, fade)) ** 2
    tail[:, :fade] = tail[:, :fade] * into + samples[:, at : at + fade] * (1 - into)
    return np.concatenate([samples[:, :at], tail * _last_moments(left, rate)], axis=1, dtype=np.float32)


def ringing_over(new_part: Samples, before: Samples, *, lead_in_s: float, share: float, rate: int) -> Samples:
    """Let what sounds before a join ring on under the new part, as fast as it is dying away already.

    The first ``lead_in_s`` of the new part lie before the join, where ``before`` itself sounds; ``share``
    scales the tail.
    """
    lead = min(round(lead_in_s * rate), before.shape[1], new_part.shape[1])
    seconds = min(_LONGEST_TAIL_S, (new_part.shape[1] - lead) / rate)
    tail = ringing(before, seconds=seconds, decay_db_per_s=_slope(before, rate), rate=rate)
    rung = new_part.copy()
    rung[:, :lead] += share * before[:, before.shape[1] - lead :]
    rung[:, lead : lead + tail.shape[1]] += share * tail * _last_moments(tail.shape[1], rate)
    return rung


def _slope(sound: Samples, rate: int) -> float:
    """Return how fast the end of a sound dies away, in dB per second."""
    size = round(_SLOPE_S * rate)
    earlier, late = sound[:, -3 * size : -2 * size], sound[:, -size:]
    if not earlier.size:
        return _SLOWEST_DB_PER_S
    fallen_db = 10 * float(np.log10((np.mean(earlier**2) + 1e-12) / (np.mean(late**2) + 1e-12)))
    return max(_SLOWEST_DB_PER_S, fallen_db / (2 * _SLOPE_S))


def faded_out(samples: Samples, *, seconds: float, rate: int) -> Samples:
    """Fade the last seconds of a piece, evenly to the ear, into silence."""
    count = min(round(seconds * rate), samples.shape[1])
    down = np.linspace(1, 0, count) ** 2
    return np.concatenate([samples[:, :-count], samples[:, -count:] * down], axis=1, dtype=np.float32)


def _fading(size: int, rate: int, db: float) -> Floats:
    """Return the factor per bin that takes ``db`` off, and more off high ones."""
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / rate) / _DULLS_FROM_HZ, 1))
    return np.asarray(10 ** (-db * (1 + 0.5 * octaves) / 20))


def _last_moments(count: int, rate: int) -> Floats:
    """Return gains that close the last 50 ms without a click."""
    return np.clip((count - np.arange(count)) / (0.05 * rate), 0, 1)
