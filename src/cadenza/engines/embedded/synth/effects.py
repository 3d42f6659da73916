"""Risers, falls, reversed cymbals and booms: what leads into a peak. Noise, and what has a pitch is tuned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.engines.embedded.synth.tone import SAMPLE_RATE, Values, noise, rise, seconds
from cadenza.music.pitch import midi_to_hz, nearest_with_class

Stereo = NDArray[np.float32]

_BAND_CENTRES_HZ = np.geomspace(250.0, 9000.0, 7)
_BOOM_S = 2.4
_END_S = 0.006  # a riser ends at once, but without a click
_LEVEL = {"riser": 0.34, "reverse": 0.3, "impact": 0.8, "fall": 0.28}


def effect(name: str, length_s: float, tonic: int, velocity: float, dice: np.random.Generator) -> Stereo:
    """Return one effect, shape (2, samples): as long as asked where it leads somewhere.

    ``tonic`` is the pitch class that its tone ends on.
    """
    makers: dict[str, Callable[[], Stereo]] = {
        "riser": lambda: _riser(length_s, tonic, dice),
        "reverse": lambda: _reversed_cymbal(length_s, dice),
        "impact": lambda: _impact(tonic, velocity, dice),
        "fall": lambda: np.ascontiguousarray(_sweep(length_s, dice)[:, ::-1]),
    }
    sound = makers[name]()
    return np.asarray(sound * (_LEVEL[name] / max(1e-9, float(np.abs(sound).max()))), dtype=np.float32)


def _riser(length_s: float, tonic: int, dice: np.random.Generator) -> Stereo:
    """Return noise that opens and a tone that slides up an octave into the tonic."""
    swept = _sweep(length_s, dice)
    time_s = seconds(swept.shape[1])
    end_hz = float(midi_to_hz(nearest_with_class(tonic, 69)))
    done = time_s / length_s
    cycles = np.cumsum(end_hz * 2.0 ** (done**2 - 1.0)) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * n * cycles) / n for n in (1, 2, 3, 4, 5))
    peak = float(np.abs(swept).max())
    return swept + (0.18 * peak * done**2 * tone * _ending(len(time_s))).astype(np.float32)


def _sweep(length_s: float, dice: np.random.Generator) -> Stereo:
    """Return noise through a band that moves from low to high and grows, different on both sides."""
    count = max(2, round(length_s * SAMPLE_RATE))
    done = np.linspace(0.0, 1.0, count)
    place = done**1.3 * (len(_BAND_CENTRES_HZ) - 1)
    sides = []
    for _ in range(2):
        hiss = noise(count, dice)
        bands = [
            dsp.sosfilt(_band(hz), hiss) * np.clip(1.0 - np.abs(place - index), 0.0, 1.0)
            for index, hz in enumerate(_BAND_CENTRES_HZ)
        ]
        sides.append(np.sum(bands, axis=0) * (0.03 + done**2.2) * _ending(count))
    return np.asarray(sides, dtype=np.float32)


def _band(centre_hz: float) -> Values:
    edges = [centre_hz / 1.8, min(centre_hz * 1.8, 0.45 * SAMPLE_RATE)]
    return np.asarray(dsp.butter(1, edges, "bandpass", fs=SAMPLE_RATE, output="sos"))


def _reversed_cymbal(length_s: float, dice: np.random.Generator) -> Stereo:
    count = max(2, round(length_s * SAMPLE_RATE))
    time_s = seconds(count)
    bright = dsp.butter(2, [3500.0, 15_000.0], "bandpass", fs=SAMPLE_RATE, output="sos")
    envelope = np.exp(-5.0 * time_s / length_s)
    sides = [dsp.sosfilt(bright, noise(count, dice)) * envelope for _ in range(2)]
    backwards = np.asarray(sides)[:, ::-1]
    return np.asarray(backwards * _ending(count), dtype=np.float32)


def _impact(tonic: int, velocity: float, dice: np.random.Generator) -> Stereo:
    """Return a deep tone that falls to the tonic under a burst of noise that darkens in the room."""
    count = round(_BOOM_S * SAMPLE_RATE)
    time_s = seconds(count)
    end_hz = float(midi_to_hz(nearest_with_class(tonic, 31)))
    fallen = time_s + 1.5 * 0.06 * (1.0 - np.exp(-time_s / 0.06))
    boom = np.sin(2 * np.pi * end_hz * fallen) * np.exp(-time_s / 0.55)
    dark = dsp.butter(2, 700.0 + 1500.0 * velocity, fs=SAMPLE_RATE, output="sos")
    sides = []
    for _ in range(2):
        burst = noise(count, dice) * (np.exp(-time_s / 0.05) + 0.12 * np.exp(-time_s / 0.6))
        sides.append(boom + 0.9 * dsp.sosfilt(dark, burst))
    fade = np.clip((time_s[-1] - time_s) / 0.3, 0.0, 1.0)
    return np.asarray(np.asarray(sides) * rise(count, 0.002) * fade, dtype=np.float32)


def _ending(count: int) -> NDArray[np.float32]:
    return np.asarray(rise(count, _END_S)[::-1], dtype=np.float32)
