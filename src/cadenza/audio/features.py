"""Spectra and what is read from them: mel bands, cepstra, chroma.

Everything works on mono float arrays and in blocks, so that a long recording never needs a whole
spectrogram in memory. Frames are centred: frame ``i`` looks at the second ``i * hop / rate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import dct, rfft

from cadenza.audio.signal import Signal

Array = NDArray[np.float64]
Mono = NDArray[np.float32]

ANALYSIS_RATE_HZ = 22050
_BLOCK = 1024  # frames per block: a few megabytes of spectra at a time


def analysis_mono(signal: Signal) -> Mono:
    """Return the mean of the channels at ``ANALYSIS_RATE_HZ``, float32."""
    mono: Mono = signal.samples.mean(axis=0, dtype=np.float32)
    if signal.sample_rate == ANALYSIS_RATE_HZ:
        return mono
    return np.asarray(soxr.resample(mono, signal.sample_rate, ANALYSIS_RATE_HZ), dtype=np.float32)


def magnitudes(mono: Mono, size: int, hop: int) -> Iterator[NDArray[np.float32]]:
    """Yield blocks (frames, bins) of Hann-windowed magnitudes, scaled so that a full-scale sine is 1."""
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(mono, (size // 2, size // 2 + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][: len(mono) // hop + 1]
    for start in range(0, len(frames), _BLOCK):
        spectrum = rfft(frames[start : start + _BLOCK] * window, axis=1)
        yield np.abs(spectrum).astype(np.float32) * np.float32(2 / window.sum())


@lru_cache(maxsize=16)
def mel_bank(size: int, count: int, low_hz: float, high_hz: float) -> NDArray[np.float32]:
    """Return (bins, count) triangles, evenly spaced on the mel scale, each of unit sum."""
    low_mel, high_mel = (2595 * float(np.log10(1 + hz / 700)) for hz in (low_hz, high_hz))
    edges_mel = np.linspace(low_mel, high_mel, count + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.fft.rfftfreq(size, 1 / ANALYSIS_RATE_HZ)
    # A triangle narrower than a bin would be empty: half a bin is the least on either side.
    half_bin_hz = ANALYSIS_RATE_HZ / size
    low = np.maximum(edges_hz[1:-1] - edges_hz[:-2], half_bin_hz)
    high = np.maximum(edges_hz[2:] - edges_hz[1:-1], half_bin_hz)
    off = bins_hz[:, None] - edges_hz[None, 1:-1]
    bank = np.maximum(0, 1 - np.where(off < 0, -off / low, off / high))
    return np.asarray(bank / bank.sum(axis=0), dtype=np.float32)


def mel_power(mono: Mono, size: int = 1024, hop: int = 256, count: int = 40) -> NDArray[np.float32]:
    """Return mean power per mel band, (frames, count), from 30 Hz to 10.5 kHz."""
    bank = mel_bank(size, count, 30.0, 10500.0)
    return np.concatenate([block**2 @ bank for block in magnitudes(mono, size, hop)])


def decibels(power: NDArray[Any], floor: float = 1e-9) -> Array:
    """Return 10 log10 of a power, with a floor that stands for silence."""
    return np.asarray(10 * np.log10(np.asarray(power, dtype=np.float64) + floor))


def cepstra(level_db: Array, count: int = 13) -> Array:
    """Return the first ``count`` cosine coefficients of levels (..., bands): loudness, tilt, shape."""
    return np.asarray(dct(level_db, type=2, norm="ortho", axis=-1)[..., :count])


@lru_cache(maxsize=8)
def chroma_bank(size: int, tuning_semitones: float) -> NDArray[np.float32]:
    """Return (bins, 12) weights from bins to pitch classes (0 = C), 65 Hz to 2.1 kHz.

    Each bin goes to its pitch class with a cosine bell of one semitone around the tempered pitch; the
    bell over the octaves (centre 330 Hz) keeps rumble and the upper partials out of the harmony.
    """
    bins_hz = np.fft.rfftfreq(size, 1 / ANALYSIS_RATE_HZ)
    bins_hz[0] = 1.0
    pitch = 69 + 12 * np.log2(bins_hz / 440) - tuning_semitones
    distance = (pitch[:, None] - np.arange(12)[None] + 6) % 12 - 6
    bell = np.where(np.abs(distance) < 1, np.cos(np.pi / 2 * distance) ** 2, 0)
    octave = np.exp(-0.5 * (np.log2(bins_hz / 330) / 1.3) ** 2) * ((bins_hz > 65) & (bins_hz < 2100))
    return np.asarray(bell * octave[:, None], dtype=np.float32)
