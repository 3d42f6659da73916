"""Loudness and true peak after ITU-R BS.1770-4.

The K-weighting filters are written for any sample rate by the bilinear transform of the analogue
prototypes that the recommendation's 48 kHz coefficients come from (De Man, "Evaluation of
implementations of the EBU R128 loudness measurement", AES 145, 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.audio.signal import Signal

_BLOCK_S, _HOP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_LU = -0.691
_OVERSAMPLING = 4
_HALF_TAPS = 12
_LOUD_SHARE = 0.5  # a sample below half the highest one cannot hide the highest inter-sample peak

SILENCE_LUFS = -70.0


def integrated_lufs(signal: Signal) -> float:
    """Return the gated integrated loudness of 1 or 2 channels in LUFS.

    Silence, and anything shorter than one block of 0.4 s, reads ``SILENCE_LUFS``.
    """
    return _integrated(_block_powers(signal))


def loudness_course(signal: Signal) -> tuple[float, NDArray[np.float64]]:
    """Return the integrated loudness and the momentary one in LUFS, every 0.1 s from 0.2 s on.

    The momentary loudness is that of 0.4 s around each moment, at least ``SILENCE_LUFS``.
    """
    power = _block_powers(signal)
    return _integrated(power), np.maximum(_lufs(power), SILENCE_LUFS)


def _integrated(power: NDArray[np.float64]) -> float:
    """Return the mean of the blocks that are loud enough to count, after both gates."""
    loud = power[_lufs(power) > _ABSOLUTE_GATE_LUFS]
    if len(loud) == 0:
        return SILENCE_LUFS
    gate = _lufs(np.mean(loud)) + _RELATIVE_GATE_LU
    return float(_lufs(np.mean(loud[_lufs(loud) > gate])))


def true_peak_dbtp(signal: Signal) -> float:
    """Return the highest peak between samples in dB relative to full scale, oversampled four times.

    Digital silence reads -120 dB.
    """
    return float(20 * np.log10(max(1e-6, float(np.max(true_peaks(signal), initial=0.0)))))


def true_peaks(signal: Signal, *, block: int = 64) -> NDArray[np.float32]:
    """Return the true peak of each block of samples over all channels, shape (blocks,).

    Only blocks near the loudest one are oversampled; the others report their sample peak.
    """
    starts = np.arange(0, signal.sample_count, block)
    peaks = np.zeros(len(starts), dtype=np.float32)
    for channel in signal.samples:  # magnitudes of everything at once would be as large as the signal
        if len(starts):
            np.maximum(peaks, np.maximum.reduceat(channel, starts), out=peaks)
            np.maximum(peaks, -np.minimum.reduceat(channel, starts), out=peaks)
    loud = np.flatnonzero(peaks > _LOUD_SHARE * peaks.max(initial=0.0))
    for channel in signal.samples:
        _raise_to_true_peaks(peaks, channel, loud, block)
    return np.asarray(peaks)


def _raise_to_true_peaks(
    peaks: NDArray[np.float32], channel: NDArray[np.float32], loud: NDArray[np.intp], block: int
) -> None:
    """Raise the peaks of the ``loud`` blocks to what lies between their samples."""
    taps = _interpolator()
    around = np.pad(channel, (_HALF_TAPS, _HALF_TAPS + block))
    views = np.lib.stride_tricks.sliding_window_view(around, block + 2 * _HALF_TAPS)
    for some in np.array_split(loud, max(1, len(loud) // 4096)):
        pieces = views[some * block]
        windows = np.lib.stride_tricks.sliding_window_view(pieces, 2 * _HALF_TAPS, axis=1)[:, : block + 1]
        between = np.abs(windows @ taps)
        peaks[some] = np.maximum(peaks[some], between.max(axis=(1, 2)))


def _interpolator() -> NDArray[np.float32]:
    """Return the three fractional delays of a windowed sinc, shape (2 * _HALF_TAPS, 3)."""
    places = np.arange(-_HALF_TAPS, _HALF_TAPS)[:, None]
    fractions = np.arange(1, _OVERSAMPLING)[None, :] / _OVERSAMPLING
    offset = places + 1.0 - fractions
    window = np.kaiser(2 * _HALF_TAPS * _OVERSAMPLING + 1, 8.0)
    index = np.rint((offset / _HALF_TAPS + 1.0) / 2.0 * (len(window) - 1)).astype(int)
    taps = np.sinc(offset) * window[np.clip(index, 0, len(window) - 1)]
    return np.asarray(taps / taps.sum(axis=0), dtype=np.float32)


def _block_powers(signal: Signal) -> NDArray[np.float64]:
    """Return the K-weighted mean square of each block of 0.4 s, every 0.1 s, summed over channels."""
    rate = signal.sample_rate
    hop, per_block = round(_HOP_S * rate), round(_BLOCK_S / _HOP_S)
    hops = signal.sample_count // hop
    if hops < per_block:
        return np.zeros(0)
    squares = np.empty(hops)
    sections = k_weighting(rate)
    state = np.zeros((len(sections), signal.channel_count, 2))
    # In pieces of ten seconds: filtering makes doubles of everything.
    for first in range(0, hops, 100):
        piece = signal.samples[:, first * hop : min(hops, first + 100) * hop]
        weighted, state = dsp.sosfilt(sections, piece, axis=1, zi=state)
        powers = np.square(weighted).reshape(signal.channel_count, -1, hop).sum(axis=(0, 2)) / hop
        squares[first : first + len(powers)] = powers
    return np.asarray(np.convolve(squares, np.full(per_block, 1.0 / per_block), mode="valid"))


def _lufs(power: NDArray[np.float64] | np.floating[Any]) -> NDArray[np.float64]:
    return np.asarray(_OFFSET_LU + 10 * np.log10(np.maximum(power, 1e-12)))


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """Return BS.1770's pre-filter and high-pass as second-order sections, shape (2, 6)."""
    return np.stack([_shelf(sample_rate), _high_pass(sample_rate)])


def _shelf(sample_rate: int) -> NDArray[np.float64]:
    centre_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * centre_hz / sample_rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / quality + k * k
    return np.array(
        [
            (high + band * k / quality + k * k) / a0,
            2 * (k * k - high) / a0,
            (high - band * k / quality + k * k) / a0,
            1.0,
            2 * (k * k - 1) / a0,
            (1 - k / quality + k * k) / a0,
        ]
    )


def _high_pass(sample_rate: int) -> NDArray[np.float64]:
    centre_hz, quality = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * centre_hz / sample_rate)
    a0 = 1 + k / quality + k * k
    return np.array([1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0])
