"""Changing the sample rate."""

from __future__ import annotations

import numpy as np
import soxr

from cadenza.audio.signal import Signal


def resample(signal: Signal, sample_rate: int) -> Signal:
    """Return ``signal`` at ``sample_rate`` Hz; the signal itself where it has that rate already.

    The SoX resampler at its "HQ" setting: linear phase, pass band to 91 % of the lower Nyquist
    frequency, aliases below 20 bits.
    """
    if signal.sample_rate == sample_rate:
        return signal
    changed = soxr.resample(signal.samples.T, signal.sample_rate, sample_rate, quality="HQ")
    return Signal(np.ascontiguousarray(changed.T, np.float32), sample_rate)
