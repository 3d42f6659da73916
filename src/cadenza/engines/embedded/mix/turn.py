"""Turning the sound of a new part, gradually: louder or softer, brighter or darker, without its bass."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from cadenza.audio.signal import Samples

_PIVOT_HZ, _SLOPE_OCTAVES = 1200.0, 2.0
_BASS_HZ = 180.0
_COMES_IN_S = 4.0  # of music until all of it is there: a change of tone at once is heard as a cut
_PAD_S = 0.25


def turned(samples: Samples, *, tilt_db: float, level_db: float, lead_in_s: float, rate: int) -> Samples:
    """Return a new part that turns brighter by ``tilt_db`` and louder by ``level_db`` over its first seconds.

    The tilt lifts what lies above 1.2 kHz by half of it and lowers the rest by the other half, over two
    octaves. ``lead_in_s`` of the samples lie before the seam and stay as they are.
    """
    if tilt_db == 0 and level_db == 0:
        return samples
    size = next_fast_len(samples.shape[1] + round(_PAD_S * rate), real=True)
    bins_hz = np.maximum(np.fft.rfftfreq(size, 1 / rate), 1.0)
    gain_db = tilt_db / 2 * np.tanh(np.log2(bins_hz / _PIVOT_HZ) / _SLOPE_OCTAVES * 2)
    spectrum = rfft(samples, size, axis=1)
    power = (np.abs(spectrum) ** 2).sum(axis=0)
    tilted = float((power * 10 ** (gain_db / 10)).sum() / (power.sum() + 1e-12))
    gain_db += level_db - 10 * np.log10(max(tilted, 1e-6))  # the tilt itself makes nothing louder
    changed = irfft(spectrum * (10 ** (gain_db / 20)), size, axis=1)
    return _coming_in(samples, changed[:, : samples.shape[1]], lead_in_s, rate)


def without_bass(samples: Samples, *, lead_in_s: float, rate: int) -> Samples:
    """Return samples without what lies below 180 Hz (24 dB an octave), gone within the first seconds."""
    size = next_fast_len(samples.shape[1] + round(_PAD_S * rate), real=True)
    bins_hz = np.maximum(np.fft.rfftfreq(size, 1 / rate), 1.0)
    gain = 1 / np.sqrt(1 + (_BASS_HZ / bins_hz) ** 8)
    changed = irfft(rfft(samples, size, axis=1) * gain, size, axis=1)
    return _coming_in(samples, changed[:, : samples.shape[1]], lead_in_s, rate, within_s=0.5)


def _coming_in(
    before: Samples, after: Samples, lead_in_s: float, rate: int, within_s: float = _COMES_IN_S
) -> Samples:
    since_s = np.arange(before.shape[1]) / rate - lead_in_s
    share = np.clip(since_s / within_s, 0, 1).astype(np.float32)
    return np.asarray(before + share * (after - before), dtype=np.float32)
