"""What is struck or plucked and then rings: pianos, guitars, mallets, plucked basses.

Modal synthesis: each string or bar is a sum of partials with their own decay (Fletcher and Rossing,
"The Physics of Musical Instruments", chapters 2, 9, 12 and 19, for stiffness, striking point and
decay). One row of a table is one instrument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal as dsp

from cadenza.engines.embedded.synth.tone import SAMPLE_RATE, Mono, Values, noise, ring, rise
from cadenza.music.pitch import midi_to_hz

_MIDDLE_HZ = 220.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """One struck or plucked instrument.

    Attributes
    ----------
    ratios
        Frequencies of the partials over the first; empty for the harmonics of a string.
    partials
        How many harmonics a string has.
    tilt
        Amplitude of harmonic n is n to the -tilt, at full velocity.
    softness
        How much steeper the spectrum gets from the hardest to the softest touch.
    stiffness
        B of f_n = n f sqrt(1 + B n^2), at 220 Hz.
    point
        Where the string is struck, as a share of its length (0: everywhere).
    decay_s
        Time of the first partial at 220 Hz to 1/e; higher partials and notes are shorter.
    damping
        How much faster each further partial decays.
    strings
        Detunings in cents, around zero; each gets its own share.
    knock
        Level of the noise of the hammer or finger.
    attack_s, release_s, drive
        Rise time; time to silence after the note is let go; amount of soft distortion.
    tremolo
        Rate in Hz and depth of an amplitude wobble (a vibraphone's fans, a stage piano's panner).
    """

    ratios: tuple[float, ...] = ()
    partials: int = 16
    tilt: float = 1.0
    softness: float = 0.8
    stiffness: float = 0.0
    point: float = 0.0
    decay_s: float = 1.0
    damping: float = 0.3
    strings: tuple[float, ...] = (0.0,)
    knock: float = 0.0
    attack_s: float = 0.002
    release_s: float = 0.12
    drive: float = 0.0
    tremolo: tuple[float, float] = (0.0, 0.0)
    levels: tuple[float, ...] = ()


def strike(
    recipe: Struck, midi_pitch: int, velocity: float, length_s: float, dice: np.random.Generator
) -> Mono:
    """Return one ringing note, shape (samples,), at its natural level."""
    base_hz = float(midi_to_hz(midi_pitch))
    count = round(length_s * SAMPLE_RATE)
    number, ratio, level = _spectrum(recipe, base_hz, velocity)
    decay = recipe.decay_s * (_MIDDLE_HZ / base_hz) ** 0.6 / (1.0 + recipe.damping * (number - 1.0))
    cents = np.asarray(recipe.strings)
    hz = (base_hz * ratio[None, :] * 2.0 ** (cents[:, None] / 1200.0)).ravel()
    shares = np.repeat(1.0 / len(cents), len(cents))
    amplitude = (shares[:, None] * level[None, :]).ravel()
    decays = np.tile(np.maximum(decay, 0.01), len(cents))
    phases = dice.uniform(-0.4, 0.4, len(hz)) + np.pi / 2
    sound = ring(hz, amplitude, decays, phases, count) * rise(count, recipe.attack_s)
    if recipe.knock:
        sound += _knock(recipe.knock * velocity * float(np.abs(level).max()), base_hz, count, dice)
    if recipe.drive:
        sound = np.tanh(sound * recipe.drive / max(1e-9, float(np.abs(sound).max()))).astype(np.float32)
    rate, depth = recipe.tremolo
    if depth:
        wobble = 1.0 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate * np.arange(count) / SAMPLE_RATE))
        sound *= wobble.astype(np.float32)
    return sound


def _spectrum(recipe: Struck, base_hz: float, velocity: float) -> tuple[Values, Values, Values]:
    """Return number, frequency ratio and level of the partials."""
    steeper = recipe.softness * (1.0 - velocity)
    if recipe.ratios:
        ratio = np.asarray(recipe.ratios)
        number = np.arange(1.0, len(ratio) + 1.0)
        return number, ratio, np.asarray(recipe.levels) * number**-steeper
    number = np.arange(1.0, recipe.partials + 1.0)
    stiffness = recipe.stiffness * (base_hz / _MIDDLE_HZ) ** 1.2
    stretch = np.sqrt(1.0 + stiffness * number**2)
    # The ear takes the pitch from the low partials: let the second be in tune, not the first.
    ratio = number * stretch / np.sqrt(1.0 + 2.0 * stiffness)
    level = number ** -(recipe.tilt + steeper)
    if recipe.levels:
        level *= np.resize(np.asarray(recipe.levels), len(level))
    if recipe.point:
        level = level * np.abs(np.sin(np.pi * number * recipe.point))
    return number, ratio, level


def _knock(level: float, base_hz: float, count: int, dice: np.random.Generator) -> Mono:
    """Return the short thud or scrape of the attack: filtered noise of 30 ms."""
    short = min(count, round(0.03 * SAMPLE_RATE))
    band = dsp.butter(1, [150.0, min(4500.0, 1500.0 + 4 * base_hz)], "bandpass", fs=SAMPLE_RATE, output="sos")
    burst = dsp.sosfilt(band, noise(short, dice)) * np.exp(-np.arange(short) / (0.006 * SAMPLE_RATE))
    sound = np.zeros(count, dtype=np.float32)
    sound[:short] = level * burst
    return sound


STRUCK: dict[str, Struck] = {
    "piano": Struck(
        partials=26, tilt=0.9, softness=1.0, stiffness=0.0003, point=0.12, decay_s=1.5, damping=0.16,
        strings=(-0.7, 0.1, 0.6), knock=0.25, release_s=0.16,
    ),
    "felt_piano": Struck(
        partials=14, tilt=1.5, softness=1.2, stiffness=0.0003, point=0.14, decay_s=1.1, damping=0.25,
        strings=(-0.6, 0.6), knock=0.4, attack_s=0.006, release_s=0.2,
    ),
    "electric_piano": Struck(
        ratios=(1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0), levels=(1.0, 0.42, 0.12, 0.1, 0.03, 0.12, 0.03),
        softness=1.1, decay_s=1.4, damping=0.45, strings=(-0.5, 0.5), knock=0.08, release_s=0.15,
        tremolo=(4.6, 0.16),
    ),
    "nylon_guitar": Struck(
        partials=18, tilt=1.15, softness=0.8, stiffness=0.00003, point=0.18, decay_s=0.75, damping=0.16,
        knock=0.15, release_s=0.12,
    ),
    "steel_guitar": Struck(
        partials=26, tilt=0.75, softness=0.9, stiffness=0.00005, point=0.14, decay_s=1.0, damping=0.1,
        knock=0.12, release_s=0.12,
    ),
    "clean_guitar": Struck(
        partials=18, tilt=0.9, softness=0.9, stiffness=0.00005, point=0.22, decay_s=1.1, damping=0.14,
        strings=(-0.8, 0.8), knock=0.05, release_s=0.08,
    ),
    "power_guitar": Struck(
        partials=16, tilt=0.8, softness=0.5, point=0.2, decay_s=2.2, damping=0.06, strings=(-0.8, 0.8),
        knock=0.05, drive=5.0, release_s=0.07,
    ),
    "harp": Struck(
        partials=14, tilt=1.3, softness=0.7, point=0.4, decay_s=1.2, damping=0.3, knock=0.06, release_s=0.5,
    ),
    "vibraphone": Struck(
        ratios=(1.0, 4.0, 10.0), levels=(1.0, 0.16, 0.05), softness=0.8, decay_s=1.7, damping=1.6,
        knock=0.04, release_s=0.3, tremolo=(5.2, 0.35),
    ),
    "marimba": Struck(
        ratios=(1.0, 4.0, 9.2), levels=(1.0, 0.22, 0.06), softness=0.9, decay_s=0.45, damping=1.4,
        knock=0.14, release_s=0.3,
    ),
    "bell": Struck(
        ratios=(1.0, 2.0, 3.0, 4.2, 5.4, 8.0), levels=(1.0, 0.5, 0.28, 0.2, 0.1, 0.06), softness=0.6,
        decay_s=1.5, damping=0.35, strings=(-0.8, 0.8), release_s=0.6,
    ),
    "pluck_synth": Struck(
        partials=22, tilt=0.85, softness=0.8, decay_s=0.5, damping=0.22, strings=(-1.2, 1.2),
        release_s=0.15,
    ),
    "plucked_bass": Struck(
        partials=14, tilt=1.2, softness=0.9, stiffness=0.00002, point=0.26, decay_s=0.9, damping=0.35,
        knock=0.06, drive=1.2, release_s=0.06,
    ),
    "pick_bass": Struck(
        partials=20, tilt=0.95, softness=0.7, stiffness=0.00002, point=0.16, decay_s=1.0, damping=0.22,
        knock=0.1, drive=1.8, release_s=0.05,
    ),
    "upright_bass": Struck(
        partials=12, tilt=1.35, softness=0.8, stiffness=0.00002, point=0.3, decay_s=0.55, damping=0.4,
        knock=0.12, attack_s=0.006, release_s=0.08,
    ),
}  # fmt: skip
