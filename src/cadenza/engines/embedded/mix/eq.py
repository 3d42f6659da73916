"""Equaliser bands after Bristow-Johnson's "Cookbook formulae for audio equalizer biquad filters"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Section = NDArray[np.float64]


def peak(hz: float, gain_db: float, quality: float, sample_rate: int) -> Section:
    """Return a bell of ``gain_db`` at ``hz``, one second-order section, shape (6,)."""
    w, a = 2 * np.pi * hz / sample_rate, 10 ** (gain_db / 40)
    alpha = np.sin(w) / (2 * quality)
    b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
    return _section(b, np.array([1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]))


def high_shelf(hz: float, gain_db: float, sample_rate: int) -> Section:
    """Return a shelf of ``gain_db`` above ``hz``, slope 1, shape (6,)."""
    w, a = 2 * np.pi * hz / sample_rate, 10 ** (gain_db / 40)
    cosine, root = np.cos(w), np.sqrt(a) * np.sin(w) * np.sqrt(2)
    b = a * np.array(
        [
            (a + 1) + (a - 1) * cosine + root,
            -2 * ((a - 1) + (a + 1) * cosine),
            (a + 1) + (a - 1) * cosine - root,
        ]
    )
    low = np.array([(a + 1) - (a - 1) * cosine + root, 2 * ((a - 1) - (a + 1) * cosine)])
    return _section(b, np.append(low, (a + 1) - (a - 1) * cosine - root))


def high_pass(hz: float, sample_rate: int) -> Section:
    """Return a Butterworth high-pass of second order, shape (6,)."""
    w = 2 * np.pi * hz / sample_rate
    alpha, cosine = np.sin(w) / np.sqrt(2), np.cos(w)
    b = np.array([(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2])
    return _section(b, np.array([1 + alpha, -2 * cosine, 1 - alpha]))


def _section(b: NDArray[np.float64], a: NDArray[np.float64]) -> Section:
    return np.concatenate([b / a[0], a / a[0]])
