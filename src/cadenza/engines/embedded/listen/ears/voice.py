"""The voice in a mix, apart from the rest, by two networks that each know one of them.

The geometry is that of Spleeter's two stems (Hennequin et al. 2020): 44.1 kHz, windows of 4096 with a hop of
1024, 512 hops at once, the lowest 1024 bins. Each network guesses the magnitudes of its part; the voice gets
the share of each bin that its squared guess has in the sum of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cadenza.audio.resample import resample
from cadenza.audio.signal import Samples, Signal
from cadenza.engines.embedded.listen.ears.unet import Unet

EARS_RATE_HZ: Final = 44_100
_TINY: Final = np.float32(1e-10)
_HANN_POWER: Final = 1.5  # the sum of squared Hann windows at a quarter of their length

Spectra = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Window length in samples (a hop is a quarter of it), bins that are heard, hops heard at once."""

    window: int = 4096
    bins: int = 1024
    hops: int = 512

    @property
    def hop(self) -> int:
        """Samples from window to window."""
        return self.window // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSplitter:
    """Takes the voice out of recordings."""

    voice: Unet
    rest: Unet
    geometry: Geometry = Geometry()

    def split(self, mix: Signal, between: Callable[[], None] = lambda: None) -> Signal:
        """Return the voice alone, of the mix's rate, length and layout; the rest is the mix less this.

        ``between`` is called after each dozen seconds, and may raise to end it.
        """
        stereo = _stereo(mix)
        voice = np.zeros_like(stereo)
        size = self.geometry.hops * self.geometry.hop
        for start, spectra in _pieces(stereo, self.geometry):
            between()
            heard = spectra[:, : self.geometry.bins] * self._share(spectra)
            piece = _sound(heard, self.geometry)
            first, last = max(start, 0), min(start + size + self.geometry.window, voice.shape[1])
            voice[:, first:last] += piece[:, first - start : last - start]
        return _as(voice, mix)

    def presence(self, mix: Signal, between: Callable[[], None] = lambda: None) -> tuple[Samples, float]:
        """Return (hops,) the share of the power that the voice's network hears, and the hops per second.

        Half the work of ``split``: the network of the rest is not asked. Hop i is centred at i hops.
        """
        stereo, shares = _stereo(mix), []
        hop, window = self.geometry.hop, self.geometry.window
        for _, spectra in _pieces(stereo, self.geometry):
            between()
            magnitudes = np.abs(spectra[:, : self.geometry.bins])
            heard = (self.voice.masked(magnitudes) ** 2).sum(axis=(1, 2))
            shares.append(heard / ((np.abs(spectra) ** 2).sum(axis=(1, 2)) + _TINY))
        lead = window // 2 // hop  # the first windows begin before the sound does
        share = np.concatenate(shares)[window // hop - lead :]
        return share[: -(-stereo.shape[1] // hop)], EARS_RATE_HZ / hop

    def _share(self, spectra: Spectra) -> Samples:
        magnitudes = np.abs(spectra[:, : self.geometry.bins])
        voice = self.voice.masked(magnitudes) ** 2
        rest = self.rest.masked(magnitudes) ** 2
        return (voice + _TINY / 2) / (voice + rest + _TINY)


def _stereo(mix: Signal) -> Samples:
    samples = resample(mix, EARS_RATE_HZ).samples
    return samples if samples.shape[0] == 2 else np.repeat(samples[:1], 2, axis=0)


def _as(voice: Samples, mix: Signal) -> Signal:
    """Bring the voice to the rate, the length and the layout of the mix."""
    layout = voice if mix.channel_count == 2 else voice.mean(axis=0, keepdims=True, dtype=np.float32)
    back = resample(Signal(layout, EARS_RATE_HZ), mix.sample_rate).samples[:, : mix.sample_count]
    missing = mix.sample_count - back.shape[1]
    return Signal(np.pad(back, ((0, 0), (0, missing))) if missing else back, mix.sample_rate)


def _pieces(stereo: Samples, geometry: Geometry) -> Iterator[tuple[int, Spectra]]:
    """Yield first sample and spectra (hops, bins, 2) of each piece, silence around the sound included."""
    window, hop = _hann(geometry.window), geometry.hop
    size = geometry.hops * hop
    for start in range(-geometry.window, stereo.shape[1], size):
        span = np.zeros((2, size + geometry.window), np.float32)
        first, last = max(start, 0), min(start + span.shape[1], stereo.shape[1])
        span[:, first - start : last - start] = stereo[:, first:last]
        frames = np.lib.stride_tricks.sliding_window_view(span, geometry.window, axis=1)[:, :size:hop]
        spectra = scipy.fft.rfft(frames * window, axis=2)
        yield start, np.ascontiguousarray(spectra.transpose(1, 2, 0), np.complex64)


def _sound(heard: Spectra, geometry: Geometry) -> Samples:
    """Turn the spectra of one piece back into (2, samples), overlapping and added."""
    whole = np.zeros((heard.shape[0], geometry.window // 2 + 1, 2), np.complex64)
    whole[:, : heard.shape[1]] = heard
    frames = scipy.fft.irfft(whole.transpose(2, 0, 1), n=geometry.window, axis=2)
    frames *= _hann(geometry.window) / np.float32(_HANN_POWER)
    hop, count = geometry.hop, heard.shape[0]
    sound = np.zeros((2, count + 3, hop), np.float32)
    for quarter in range(4):
        sound[:, quarter : quarter + count] += frames[:, :, quarter * hop : (quarter + 1) * hop]
    padded = np.pad(sound.reshape(2, -1), ((0, 0), (0, hop)))
    return np.asarray(padded, np.float32)


def _hann(length: int) -> Samples:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), np.float32)
