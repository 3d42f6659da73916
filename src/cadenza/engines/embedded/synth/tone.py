"""The two ways a tone is made: many decaying sinusoids at once, or one wave read at a moving phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44_100
HIGHEST_HZ = 0.45 * SAMPLE_RATE

Mono = NDArray[np.float32]
Values = NDArray[np.float64]

_BLOCK = 512
_TABLE = 4096


def ring(
    frequencies_hz: Values, amplitudes: Values, decays_s: Values, phases: Values, sample_count: int
) -> Mono:
    """Return the sum of decaying sinusoids, shape (sample_count,).

    ``decays_s`` are times to 1/e (infinite: no decay), ``phases`` in radians; all four have the shape
    (partials,). Partials above ``HIGHEST_HZ`` stay silent, so nothing folds back.

    A decaying sinusoid is the real part of z to the n. With n = block * row + column it is the
    product of two short vectors, so that the sum over all partials is one matrix product.
    """
    audible = frequencies_hz < HIGHEST_HZ
    pole = (-1.0 / decays_s[audible] + 2j * np.pi * frequencies_hz[audible]) / SAMPLE_RATE
    start = amplitudes[audible] * np.exp(1j * phases[audible])
    rows = -(-sample_count // _BLOCK)
    coarse = start * np.exp(pole * (_BLOCK * np.arange(rows))[:, None])
    fine = np.exp(pole[:, None] * np.arange(_BLOCK))
    left = np.concatenate([coarse.real, -coarse.imag], axis=1).astype(np.float32)
    right = np.concatenate([fine.real, fine.imag]).astype(np.float32)
    return np.asarray((left @ right).reshape(-1)[:sample_count], dtype=np.float32)


def read_wave(partials: Values, phase_cycles: Values) -> Mono:
    """Return a periodic wave with the given harmonics (amplitudes from the first) at moving phases.

    ``phase_cycles`` counts periods, shape (samples,). Linear interpolation in a table of 4096
    points keeps errors below -90 dB for up to 40 harmonics.
    """
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : len(partials) + 1] = partials * (-0.5j * _TABLE)
    table = np.fft.irfft(spectrum, _TABLE).astype(np.float32)
    table = np.append(table, table[0])
    place = (phase_cycles % 1.0) * _TABLE
    index = place.astype(np.int32)
    between = (place - index).astype(np.float32)
    return np.asarray(table[index] * (1 - between) + table[index + 1] * between, dtype=np.float32)


def seconds(sample_count: int) -> Values:
    """Return the times of samples in seconds, shape (sample_count,)."""
    return np.arange(sample_count) / SAMPLE_RATE


def rise(sample_count: int, attack_s: float) -> Mono:
    """Return an envelope that rises smoothly from 0 to 1 within ``attack_s`` and stays."""
    envelope = np.ones(sample_count, dtype=np.float32)
    count = min(sample_count, max(2, round(attack_s * SAMPLE_RATE)))
    envelope[:count] = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
    return envelope


def fall(sample_count: int) -> Mono:
    """Return a release from 1 to 0: steep first, smooth at the end."""
    ramp = np.linspace(0.0, 1.0, sample_count, dtype=np.float32)
    return np.asarray((1 - ramp) ** 2 * np.exp(-2.0 * ramp), dtype=np.float32)


def noise(sample_count: int, dice: np.random.Generator) -> Mono:
    """Return white noise with unit variance."""
    return dice.standard_normal(sample_count, dtype=np.float32)
