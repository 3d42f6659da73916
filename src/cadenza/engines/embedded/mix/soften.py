"""Taking strokes back: what is short or noisy is held down, what is a tone stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import median_filter

from cadenza.audio.signal import Samples

_WINDOW_S = 0.093
_AROUND_S = 0.45  # longer than any stroke, shorter than a held note
_AROUND_HZ = 200.0
_CLEARER = 3.0  # by how much a tone must stand out from what lies around it in pitch
_ABOVE = 1.25  # of its usual level a tone may reach: notes breathe
_PIECE_S = 20.0

_Magnitudes = NDArray[np.float32]


def softened(samples: Samples, amount: float, rate: int) -> Samples:
    """Return samples (channels, samples) with strokes and noise taken back, whatever they belong to.

    Harmonic/percussive masks with a margin (Driedger, Mueller and Disch, "Extending harmonic-percussive
    separation of audio signals", ISMIR 2014): what neither lasts nor stands out in pitch goes with the
    strokes. What rises above its median over half a second is held down to it. ``amount`` 0 leaves
    everything, 1 does all of it.
    """
    if amount <= 0 or samples.shape[1] == 0:
        return samples
    size = 2 ** int(np.round(np.log2(_WINDOW_S * rate)))
    margin, piece = 4 * size, round(_PIECE_S * rate) // size * size
    padded = np.pad(samples, ((0, 0), (margin, margin)))
    result = np.empty_like(samples)
    for first in range(0, samples.shape[1], piece):
        count = min(piece, samples.shape[1] - first)
        held = _held(padded[:, first : first + count + 2 * margin], amount, size, rate)
        result[:, first : first + count] = held[:, margin : margin + count]
    return result


def _held(samples: Samples, amount: float, size: int, rate: int) -> Samples:
    hop = size // 4
    window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    padded = np.pad(samples, ((0, 0), (0, -samples.shape[1] % hop)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
    spectra = np.asarray(rfft(frames * window, axis=2), dtype=np.complex64)
    gain = _gain(np.abs(spectra).mean(axis=0), size, hop, rate) ** np.float32(amount)
    frames = np.asarray(irfft(spectra * gain, size, axis=2) * (window / 2), dtype=np.float32)
    return _overlapped(frames, hop, padded.shape[1])


def _gain(magnitude: _Magnitudes, size: int, hop: int, rate: int) -> _Magnitudes:
    """Return the gain of each bin for the full amount."""
    around = max(3, round(_AROUND_HZ * size / rate / 2) | 1)
    usual = median_filter(magnitude, size=(max(3, round(_AROUND_S * rate / hop) | 1), 1), mode="nearest")
    # Every second bin is enough for a median over 200 Hz.
    beside = np.repeat(median_filter(magnitude[:, ::2], size=(1, around), mode="nearest"), 2, axis=1)
    beside = beside[:, : magnitude.shape[1]]
    tone = usual**2 / (usual**2 + (_CLEARER * beside) ** 2 + 1e-12)
    return np.asarray(tone * np.minimum(1.0, _ABOVE * usual / (magnitude + 1e-9)), dtype=np.float32)


def _overlapped(frames: NDArray[np.float32], hop: int, count: int) -> Samples:
    channels, rows, size = frames.shape
    quarters = size // hop
    parts = frames.reshape(channels, rows, quarters, hop)
    whole = np.zeros((channels, rows + quarters - 1, hop), dtype=np.float32)
    for quarter in range(quarters):
        whole[:, quarter : quarter + rows] += parts[:, :, quarter]
    return whole.reshape(channels, -1)[:, :count]
