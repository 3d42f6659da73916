"""A room as an impulse response of its own making, and streaming convolution with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy import signal as dsp

Stereo = NDArray[np.float32]

_LOW_CUT_HZ = 250.0
_PRE_DELAY_S = 0.018
# Air and walls take the highs first: decay of each band relative to the middle.
_BANDS = ((_LOW_CUT_HZ, 900.0, 1.1), (900.0, 3000.0, 1.0), (3000.0, 7000.0, 0.65), (7000.0, 15000.0, 0.4))


def room(decay_s: float, sample_rate: int, dice: np.random.Generator) -> Stereo:
    """Return a stereo impulse response with unit energy per channel, shape (2, samples).

    Exponentially decaying noise in four bands (Moorer, "About this reverberation business", Computer
    Music Journal 3(2), 1979); ``decay_s`` is the time to -60 dB of the middle band. Nothing below
    250 Hz, so that basses stay clear.
    """
    count = round(decay_s * 1.05 * sample_rate)
    time_s = np.arange(count) / sample_rate
    response = np.zeros((2, count))
    for low, high, share in _BANDS:
        band = dsp.butter(2, [low, high], "bandpass", fs=sample_rate, output="sos")
        hiss = dsp.sosfilt(band, dice.standard_normal((2, count)), axis=1)
        response += hiss * np.exp(-6.9 * time_s / (decay_s * share))
    # Diffusion builds up: the first milliseconds swell.
    response *= np.minimum(1.0, (time_s + 0.002) / 0.02)
    response /= np.sqrt(np.square(response).sum(axis=1, keepdims=True))
    pre_delay = np.zeros((2, round(_PRE_DELAY_S * sample_rate)))
    return np.concatenate([pre_delay, response], axis=1).astype(np.float32)


class Reverb:
    """Convolves a mono send with a room, piece by piece, without seams."""

    def __init__(self, response: Stereo) -> None:
        self._response = response
        self._spectra: dict[int, NDArray[np.complex64]] = {}
        self._tail = np.zeros((2, response.shape[1]), dtype=np.float32)

    def process(self, send: NDArray[np.float32]) -> Stereo:
        """Return the next ``len(send)`` samples of the room's answer, shape (2, samples)."""
        total = len(send) + self._response.shape[1]
        size = fft.next_fast_len(total, real=True)
        spectrum = fft.rfft(send, size)[None, :] * self._spectrum(size)
        wet = np.asarray(fft.irfft(spectrum, size, axis=1)[:, :total], dtype=np.float32)
        wet[:, : self._tail.shape[1]] += self._tail
        self._tail = wet[:, len(send) :]
        return wet[:, : len(send)]

    def _spectrum(self, size: int) -> NDArray[np.complex64]:
        if size not in self._spectra:
            self._spectra = {size: np.asarray(fft.rfft(self._response, size, axis=1))}
        return self._spectra[size]
