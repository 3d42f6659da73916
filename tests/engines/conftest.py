"""A pitch tracker for all tests of engines."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def pitch_track():
    """Return a tracker: normalised autocorrelation, knowing nothing of how the voice is made."""

    def track(sound, sample_rate, *, lowest_hz, highest_hz, hop_s=0.01):
        window = round(3 / lowest_hz * sample_rate)
        shortest, longest = int(sample_rate / highest_hz), int(sample_rate / lowest_hz) + 2
        times_s, found_hz = [], []
        for begin in range(0, len(sound) - window - longest, round(hop_s * sample_rate)):
            frame = sound[begin : begin + window + longest].astype(float)
            head = frame[:window]
            size = 1 << (len(frame) + window).bit_length()
            products = np.fft.irfft(np.fft.rfft(frame, size) * np.conj(np.fft.rfft(head, size)), size)
            energies = np.concatenate([[0.0], np.cumsum(frame**2)])
            lags = np.arange(longest + 1)
            scale = np.sqrt((energies[lags + window] - energies[lags]) * energies[window]) + 1e-12
            likeness = products[: longest + 1] / scale
            inner = likeness[1:-1]
            peaks = np.flatnonzero((inner > likeness[:-2]) & (inner >= likeness[2:])) + 1
            peaks = peaks[peaks >= shortest]
            good = peaks[likeness[peaks] > 0.93 * likeness[peaks].max()] if len(peaks) else peaks
            if len(good) == 0 or likeness[good[0]] < 0.7 or energies[window] / window < 1e-6:
                continue
            lag = good[0]
            left, top, right = likeness[lag - 1 : lag + 2]
            exact = lag + 0.5 * (left - right) / (left - 2 * top + right)
            times_s.append((begin + (window + lag) / 2) / sample_rate)
            found_hz.append(sample_rate / exact)
        return np.array(times_s), np.array(found_hz)

    return track
