"""The pitch of a singer: steps that swing in, vibrato that comes late, and never quite still.

The constants are those of Saitou, Goto, Unoki and Akagi ("Speech-to-singing synthesis", WASPAA
2007): notes as steps through a damped system of second order, preparation and overshoot, vibrato, and
fine fluctuation. The damping is a little higher than theirs (0.54), so that a leap of a fifth stays
within half a semitone of its note, and the turn is quicker, so that short notes are reached at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import signal as dsp

from cadenza.engines.embedded.sing.voice import FRAME_S, Floats
from cadenza.music.pitch import midi_to_hz
from cadenza.music.vocal import TimedTone

_TURN_PER_S, _DAMPING = 50.0, 0.66
_EARLY_S = 0.055  # by which a step leaves the old note, so that the new one is there with its vowel
_VIBRATO_HZ, _VIBRATO_DELAY_S, _VIBRATO_RISE_S, _SHORTEST_VIBRATO_S = 5.6, 0.22, 0.3, 0.45
_VIBRATO_AM_DB = 0.8
_SCOOP_S, _FALL_S = 0.07, 0.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a singer takes notes, in cents: depth of vibrato, scoop into and fall from a line, drift."""

    vibrato_cents: float = 38.0
    scoop_cents: float = 90.0
    fall_cents: float = 60.0
    drift_cents: float = 5.0
    detune_cents: float = 0.0


def pitch_curve(
    tones: Sequence[TimedTone], count: int, manners: Manners, dice: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return F0 in Hz and the vibrato's gain for ``count`` frames; ``tones`` are in seconds of the phrase."""
    time_s = np.arange(count, dtype=np.float64) * FRAME_S
    semitones = _swung_in(tones, time_s)
    vibrato = _vibrato(tones, time_s, dice)
    cents = manners.vibrato_cents * vibrato + _drift(count, manners.drift_cents, dice) + manners.detune_cents
    cents -= manners.scoop_cents * np.exp(-np.maximum(0.0, time_s - tones[0].begin_s + 0.03) / (_SCOOP_S / 2))
    cents -= manners.fall_cents * np.clip((time_s - tones[-1].end_s + 0.5 * _FALL_S) / _FALL_S, 0.0, 1.0)
    f0_hz = midi_to_hz(0) * 2 ** ((semitones + cents / 100) / 12)
    # The voice is strongest where the pitch is highest, as harmonics sweep through the formants.
    return np.asarray(f0_hz), 10 ** (_VIBRATO_AM_DB * vibrato / 20)


def _swung_in(tones: Sequence[TimedTone], time_s: Floats) -> Floats:
    """Return the notes in semitones as steps through a damped system of second order."""
    leaves_s = [0.0]
    for before, tone in pairwise(tones):
        leaves_s.append(max(tone.begin_s - _EARLY_S, (before.begin_s + tone.begin_s) / 2))
    which = np.searchsorted(np.array(leaves_s), time_s, side="right") - 1
    steps = np.array([tone.midi_pitch for tone in tones], dtype=float)[np.maximum(0, which)]
    squared = _TURN_PER_S**2
    numerator, denominator = np.array([squared]), np.array([1.0, 2 * _DAMPING * _TURN_PER_S, squared])
    b, a, _ = dsp.cont2discrete((numerator, denominator), FRAME_S)
    return np.asarray(steps[0] + dsp.lfilter(np.ravel(b), a, steps - steps[0]))


def _vibrato(tones: Sequence[TimedTone], time_s: Floats, dice: np.random.Generator) -> Floats:
    """Return -1 to 1: on long notes only, after a while, with a rate that is never quite the same."""
    wave = np.zeros(len(time_s))
    for tone in tones:
        length_s = tone.end_s - tone.begin_s
        rate_hz = _VIBRATO_HZ * (1 + 0.03 * float(np.clip(dice.standard_normal(), -2, 2)))
        if length_s < _SHORTEST_VIBRATO_S:
            continue
        since_s = time_s - tone.begin_s - _VIBRATO_DELAY_S
        rises = np.clip(since_s / _VIBRATO_RISE_S, 0.0, 1.0)
        falls = np.clip((tone.end_s - time_s) / 0.08, 0.0, 1.0)
        wave += rises * falls * (since_s > 0) * np.sin(2 * np.pi * rate_hz * since_s)
    return wave


def _drift(count: int, cents: float, dice: np.random.Generator) -> Floats:
    """Return slow wandering (below about 2 Hz) and a little fluctuation near 10 Hz, in cents."""
    slow, fine = dice.standard_normal((2, count + 200))
    b, a = dsp.butter(2, 2.0, fs=1 / FRAME_S)
    c, d = dsp.butter(1, [6.0, 14.0], "bandpass", fs=1 / FRAME_S)
    wander = dsp.lfilter(b, a, slow)[200:]
    shiver = dsp.lfilter(c, d, fine)[200:]
    return np.asarray(0.7 * cents * wander / 0.14 + 0.3 * cents * shiver / 0.3).clip(-12.0, 12.0)
