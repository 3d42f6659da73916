"""Pulses laid one after another: what all voices share that sound a glottal cycle at a time.

Everything voiced is made at ``PULSE_RATE``, half of the recording's rate: a voice has little above
11 kHz that is not hiss. Each pulse is a spectrum, added at its exact place between samples.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cadenza.engines.embedded.sing.voice import FRAME_S, SAMPLE_RATE, Floats, Phrase

Complex = NDArray[np.complexfloating]

PULSE_RATE: Final = 22_050
SIZE, BEFORE = 1024, 256  # samples of one pulse, and how many lie before its closure
ROOM = 2 * SIZE  # what a sound needs beyond its own length
HZ: Floats = np.asarray(np.fft.rfftfreq(SIZE, 1 / PULSE_RATE), dtype=np.float64)
_TURN = 2j * np.pi * HZ / PULSE_RATE  # of the phase per sample of delay
_SHIFTS = 64  # places between two samples that a pulse can take: far finer than the voice's own jitter
_DELAYS = np.exp(-_TURN * (np.arange(_SHIFTS + 1)[:, None] / _SHIFTS + BEFORE)).astype(np.complex64)
_MAKE_UP = np.sqrt(SAMPLE_RATE * PULSE_RATE) / 1000  # noise keeps its density whatever the rate


def pulse_places(phrase: Phrase, roughness: float, dice: np.random.Generator) -> tuple[Floats, Floats]:
    """Return where each pulse closes and its period, both in samples at ``PULSE_RATE``.

    Jitter is about a third of a per cent of the period for ``roughness`` 1: in the range of healthy voices.
    """
    count = round(phrase.length_s * PULSE_RATE)
    frame_s = np.arange(len(phrase.f0_hz)) * FRAME_S
    f0_hz = np.interp(np.arange(count) / PULSE_RATE, frame_s, phrase.f0_hz)
    phase = np.cumsum(f0_hz) / PULSE_RATE
    at = np.interp(np.arange(1, int(phase[-1])), phase, np.arange(count))
    period = PULSE_RATE / f0_hz[at.astype(int)]
    jitter = np.clip(dice.standard_normal(len(at)), -2.5, 2.5)
    return np.maximum(0.0, at + 0.0022 * roughness * jitter * period), period


def add_pulses(sound: NDArray[np.float32], at: Floats, spectra: Complex) -> None:
    """Add a pulse for each row of ``spectra`` (shape (pulses, bins)), closing at ``at``.

    ``sound`` has ``BEFORE`` samples before its beginning and ``ROOM`` samples more than it lasts.
    """
    whole = np.floor(at).astype(int)
    spectra *= _DELAYS[np.round((at - whole) * _SHIFTS).astype(int)]
    pulses = fft.irfft(spectra, SIZE, axis=1)
    for place, pulse in zip(whole.tolist(), pulses, strict=True):
        sound[place : place + SIZE] += pulse


def grains_of_noise(noise: NDArray[np.float32], at: Floats, reach: Floats, gain: Floats) -> Complex:
    """Return the spectra of noise within ``reach`` samples of each pulse, shape (pulses, bins)."""
    widest = min(BEFORE, int(np.ceil(np.max(reach))))
    around = np.arange(-widest, widest)
    places = at.astype(int)[:, None] + (around + BEFORE)
    inside = np.minimum(np.abs(around)[None, :] / reach[:, None], 1.0).astype(np.float32)
    window = np.float32(0.5) + np.float32(0.5) * np.cos(np.float32(np.pi) * inside)
    window *= (gain * _MAKE_UP)[:, None].astype(np.float32)
    window *= noise[places]
    return np.asarray(fft.rfft(window, SIZE, axis=1) * np.exp(_TURN * widest).astype(np.complex64))


def at_full_rate(sound: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return ``count`` samples at 44.1 kHz of pulses added at half that rate: exact, band-limited."""
    size = fft.next_fast_len(len(sound), real=True)
    doubled = fft.irfft(fft.rfft(sound, size), 2 * size) * np.float32(2.0)
    return np.asarray(doubled[2 * BEFORE : 2 * BEFORE + count])
