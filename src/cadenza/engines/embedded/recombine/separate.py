"""Layers of a recording: what sustains (low and high) and what strikes, by soft masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from cadenza.audio.signal import Samples, Signal
from cadenza.engines.embedded.recombine.medians import running_median, window_near
from cadenza.music.quotation import Layer

_WINDOW_S = 0.093
_MASKED_TO_HZ = 8000.0  # above, the share of strokes is read off the octave below
_ACROSS_TIME_S = 0.4
_ACROSS_HZ = 330.0

Spectra = NDArray[np.complex64]
Mask = NDArray[np.float32]


class Separator:
    """Takes pieces of single layers out of a recording.

    Harmonic/percussive separation by medians across time and frequency (Fitzgerald 2010) with soft
    masks of power 2; the sustained part is divided at ``crossover_hz`` by a smooth slope. The
    layers of one place add up to the recording.
    """

    def __init__(self, source: Signal, *, crossover_hz: float) -> None:
        self._source = source
        rate = source.sample_rate
        self._size = 2 ** int(np.round(np.log2(_WINDOW_S * rate)))
        self._hop = self._size // 4
        self._window = np.sqrt(np.hanning(self._size + 1)[:-1]).astype(np.float32)
        bins_hz = np.fft.rfftfreq(self._size, 1 / rate)
        self._high = (1 / (1 + (crossover_hz / np.maximum(bins_hz, 1)) ** 6)).astype(np.float32)
        self._masked = int(min(_MASKED_TO_HZ, rate / 2) * self._size / rate)
        self._across_time = window_near(_ACROSS_TIME_S * rate / self._hop)
        self._across_bins = window_near(_ACROSS_HZ / 2 * self._size / rate)

    def whole(self, start: int, count: int) -> Samples:
        """Return samples ``start`` to ``start + count`` of the recording, silence beyond its ends."""
        first, last = max(0, start), min(self._source.sample_count, start + count)
        piece = np.zeros((self._source.channel_count, count), dtype=np.float32)
        if last > first:
            piece[:, first - start : last - start] = self._source.samples[:, first:last]
        return piece

    def layers(self, start: int, count: int, wanted: frozenset[Layer]) -> Samples:
        """Return the sum of the wanted layers over a stretch of the recording."""
        if wanted == frozenset(Layer):
            return self.whole(start, count)
        margin = self._size * 2
        piece = self.whole(start - margin, count + 2 * margin)
        spectra = self._analysed(piece)
        mask = self._mask(np.abs(spectra).mean(axis=0), wanted)
        return self._synthesised(spectra * mask, piece.shape[1])[:, margin : margin + count]

    def _analysed(self, piece: Samples) -> Spectra:
        padded = np.pad(piece, ((0, 0), (0, -piece.shape[1] % self._hop)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, self._size, axis=1)[:, :: self._hop]
        return np.asarray(rfft(frames * self._window, axis=2), dtype=np.complex64)

    def _synthesised(self, spectra: Spectra, count: int) -> Samples:
        frames = irfft(spectra, self._size, axis=2) * (self._window / 2)
        channels, rows, _ = frames.shape
        parts = frames.reshape(channels, rows, 4, self._hop)
        whole = np.zeros((channels, rows + 3, self._hop), dtype=np.float32)
        for quarter in range(4):
            whole[:, quarter : quarter + rows] += parts[:, :, quarter]
        return whole.reshape(channels, -1)[:, :count]

    def _mask(self, magnitude: NDArray[np.float32], wanted: frozenset[Layer]) -> Mask:
        pulse = self._strokes(magnitude)
        mask = np.zeros_like(pulse)
        if Layer.PULSE in wanted:
            mask += pulse
        if Layer.BODY in wanted:
            mask += (1 - pulse) * (1 - self._high)
        if Layer.COLOUR in wanted:
            mask += (1 - pulse) * self._high
        return mask

    def _strokes(self, magnitude: NDArray[np.float32]) -> Mask:
        """Return the share (0 to 1) of each bin that belongs to strokes."""
        low = magnitude[:, : self._masked]
        sustained = running_median(low, self._across_time)
        # Every second bin is enough for a median over some 300 Hz.
        struck = running_median(np.ascontiguousarray(low[:, ::2].T), self._across_bins).T
        struck = np.repeat(struck, 2, axis=1)[:, : low.shape[1]]
        share = struck**2 / (struck**2 + sustained**2 + 1e-12)
        octave = share[:, self._masked // 2 :].mean(axis=1, keepdims=True)
        above = np.repeat(octave, magnitude.shape[1] - self._masked, axis=1)
        return np.asarray(np.concatenate([share, above], axis=1), dtype=np.float32)
