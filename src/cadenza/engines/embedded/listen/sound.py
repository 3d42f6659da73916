"""How a recording sounds as a whole: stereo image, registers, loudness."""

from __future__ import annotations

import numpy as np

from cadenza.audio.features import Array
from cadenza.audio.loudness import SILENCE_LUFS, loudness_course
from cadenza.audio.signal import Signal
from cadenza.music.findings import FoundLoudness, FoundSound, FoundStereo
from cadenza.music.portrait import Floats

_LOWEST_HZ, _HIGHEST_HZ = 30.0, 10500.0
_BASS_HZ, _TREBLE_HZ = 250.0, 2000.0
_COURSE_RATE_HZ = 10.0
_SHORT_TERM_S = 3.0
_RANGE_GATE_LU = 20.0


def hear_loudness(source: Signal) -> FoundLoudness:
    """Measure loudness after BS.1770-4; the range after EBU Tech 3342, from means over 3 s."""
    integrated, momentary = loudness_course(source)
    return FoundLoudness(
        integrated_lufs=integrated,
        range_lu=_range_lu(momentary),
        rate_hz=_COURSE_RATE_HZ,
        momentary_lufs=tuple(round(float(level), 1) for level in momentary),
    )


def _range_lu(momentary: Array) -> float:
    width = min(len(momentary), round(_SHORT_TERM_S * _COURSE_RATE_HZ))
    if not width:
        return 0.0
    short = 10 * np.log10(np.convolve(10 ** (momentary / 10), np.full(width, 1 / width), mode="valid"))
    short = short[short > SILENCE_LUFS]
    if not len(short):
        return 0.0
    short = short[short > 10 * np.log10(np.mean(10 ** (short / 10))) - _RANGE_GATE_LU]
    low, high = np.percentile(short, (10, 95))
    return float(high - low)


def hear_stereo(source: Signal) -> FoundStereo:
    """Measure what the sides have in common, and which of them is louder."""
    if source.channel_count == 1:
        return FoundStereo(channels=1, width=0.0, balance=0.0, correlation=1.0)
    left, right = source.samples[0], source.samples[1]
    # Summed piece by piece: single precision is enough for each, and nothing is copied.
    of_left, of_right, common = (float(_dot(*pair)) for pair in ((left, left), (right, right), (left, right)))
    middle, side = of_left + of_right + 2 * common, of_left + of_right - 2 * common
    whole = of_left + of_right
    return FoundStereo(
        channels=2,
        width=min(1.0, 2 * side / (middle + side)) if whole else 0.0,
        balance=(of_right - of_left) / whole if whole else 0.0,
        correlation=common / np.sqrt(of_left * of_right).item() if of_left and of_right else 1.0,
    )


def _dot(one: Floats, other: Floats) -> float:
    size = 1 << 16
    pieces = range(0, len(one), size)
    return sum(float(np.dot(one[at : at + size], other[at : at + size])) for at in pieces)


def hear_registers(power: Floats) -> FoundSound:
    """Share out (moments, mel bands) mean power between bass, middle and treble."""
    lowest, highest = (2595 * float(np.log10(1 + hz / 700)) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    edges_hz = 700 * (10 ** (np.linspace(lowest, highest, power.shape[1] + 2) / 2595) - 1)
    # The bands hold means over their width; a sum over frequencies asks for it again.
    energy = power.mean(axis=0) * (edges_hz[2:] - edges_hz[:-2])
    whole = float(energy.sum())
    if whole <= 0:
        return FoundSound(bass=0.0, middle=0.0, treble=0.0, brightness_hz=0.0)
    centres_hz, share = edges_hz[1:-1], energy / whole
    return FoundSound(
        bass=float(share[centres_hz < _BASS_HZ].sum()),
        middle=float(share[(centres_hz >= _BASS_HZ) & (centres_hz < _TREBLE_HZ)].sum()),
        treble=float(share[centres_hz >= _TREBLE_HZ].sum()),
        brightness_hz=float((share * centres_hz).sum()),
    )
