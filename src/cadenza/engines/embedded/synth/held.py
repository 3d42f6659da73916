"""What sounds as long as it is held: pads, strings, organs, leads, synth basses.

Additive and therefore free of aliasing: a saw is its harmonics, several detuned ones are a choir,
and a closing filter is a second set of harmonics that decays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.engines.embedded.synth.tone import (
    SAMPLE_RATE,
    Mono,
    Values,
    noise,
    read_wave,
    ring,
    rise,
    seconds,
)
from cadenza.music.pitch import midi_to_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One held instrument.

    Attributes
    ----------
    wave
        "saw", "square", "sine" or "drawbars": which harmonics there are.
    cutoff_hz, open_hz
        Where the spectrum falls off (12 dB per octave) while held, and at the attack.
    close_s
        Time in which the attack's brightness fades.
    voices
        Detunings in cents; half of the voices lean left, half right.
    attack_s, release_s
        Rise time, and time to silence after the note is let go.
    vibrato
        Rate in Hz and depth in cents; it sets in after a quarter of a second. One voice only.
    breath
        Level of breath noise.
    formants_hz
        Peaks of a vowel ("ah" for a choir).
    """

    wave: str = "saw"
    cutoff_hz: float = 2000.0
    open_hz: float = 2000.0
    close_s: float = 0.3
    voices: tuple[float, ...] = (0.0,)
    attack_s: float = 0.01
    release_s: float = 0.1
    vibrato: tuple[float, float] = (0.0, 0.0)
    breath: float = 0.0
    formants_hz: tuple[float, ...] = ()
    drive: float = 0.0


_DRAWBARS = (1.0, 0.8, 0.55, 0.4, 0.0, 0.25, 0.0, 0.3)
_MOST_PARTIALS = 40


def hold(
    recipe: Held, midi_pitch: int, velocity: float, length_s: float, dice: np.random.Generator
) -> NDArray[np.float32]:
    """Return one held note, shape (1 or 2, samples), at its natural level."""
    base_hz = float(midi_to_hz(midi_pitch))
    count = round(length_s * SAMPLE_RATE)
    if recipe.vibrato[1]:
        sound = _singing(recipe, base_hz, velocity, count, dice)[None, :]
    elif len(recipe.voices) == 1:
        sound = _side(recipe, recipe.voices, base_hz, velocity, count, dice)[None, :]
    else:
        sides = (recipe.voices, tuple(-cents for cents in recipe.voices))
        sound = np.stack([_side(recipe, side, base_hz, velocity, count, dice) for side in sides])
    if recipe.drive:
        sound = np.tanh(sound * (recipe.drive / max(1e-9, float(np.abs(sound).max())))).astype(np.float32)
    return np.asarray(sound * rise(count, recipe.attack_s), dtype=np.float32)


def _side(
    recipe: Held,
    voices: tuple[float, ...],
    base_hz: float,
    velocity: float,
    count: int,
    dice: np.random.Generator,
) -> Mono:
    dark = _harmonics(recipe, base_hz, recipe.cutoff_hz)
    bright = _harmonics(recipe, base_hz, recipe.open_hz * (0.5 + 0.7 * velocity)) - dark
    number = np.arange(1.0, len(dark) + 1.0)
    hz = base_hz * number[None, :] * 2.0 ** (np.asarray(voices)[:, None] / 1200.0)
    phases = dice.uniform(-np.pi, np.pi, hz.shape) if len(voices) > 1 else np.zeros(hz.shape)
    levels = np.concatenate([np.tile(dark, len(voices)), np.tile(bright, len(voices))])
    decays = np.repeat([np.inf, recipe.close_s], hz.size)
    return ring(np.tile(hz.ravel(), 2), levels, decays, np.tile(phases.ravel(), 2), count)


def _singing(recipe: Held, base_hz: float, velocity: float, count: int, dice: np.random.Generator) -> Mono:
    """Return one voice whose pitch wavers once it is held."""
    rate, depth_cents = recipe.vibrato
    time_s = seconds(count)
    grow = np.clip((time_s - 0.25) / 0.4, 0.0, 1.0)
    # The phase is the integral of the frequency; a sine's integral is known.
    deviation = depth_cents / 1200.0 * np.log(2.0)
    sway = -deviation * grow * np.cos(2 * np.pi * rate * time_s) / (2 * np.pi * rate)
    phase = base_hz * (time_s + sway)
    dark = read_wave(_harmonics(recipe, base_hz, recipe.cutoff_hz), phase)
    bright = read_wave(_harmonics(recipe, base_hz, recipe.open_hz * (0.5 + 0.7 * velocity)), phase)
    fade = np.exp(-time_s / recipe.close_s).astype(np.float32)
    sound = dark + (bright - dark) * fade
    if recipe.breath:
        band = dsp.butter(1, [base_hz, min(8000.0, base_hz * 6)], "bandpass", fs=SAMPLE_RATE, output="sos")
        air = dsp.sosfilt(band, noise(count, dice)).astype(np.float32)
        sound += recipe.breath * float(np.abs(sound).max()) * air * (0.4 + fade)
    return np.asarray(sound, dtype=np.float32)


def _harmonics(recipe: Held, base_hz: float, cutoff_hz: float) -> Values:
    """Return the amplitudes of the harmonics behind a filter of 12 dB per octave."""
    count = int(max(1, min(_MOST_PARTIALS, 12_000.0 / base_hz)))
    number = np.arange(1.0, count + 1.0)
    match recipe.wave:
        case "saw":
            level = 1.0 / number
        case "square":
            level = np.where(number % 2 == 1, 1.0 / number, 0.03 / number)
        case "drawbars":
            level = np.zeros(count)
            level[: len(_DRAWBARS)] = _DRAWBARS[:count]
        case _:
            level = np.where(number == 1, 1.0, 0.0)
    hz = number * base_hz
    level = level / (1.0 + (hz / cutoff_hz) ** 4) ** 0.5
    for formant in recipe.formants_hz:
        level = level * (1.0 + 2.5 * np.exp(-(((hz - formant) / (0.18 * formant)) ** 2)))
    return np.asarray(level)


HELD: dict[str, Held] = {
    "organ": Held(
        wave="drawbars", cutoff_hz=5000, open_hz=7000, close_s=0.03, voices=(-1.0, 0.8), attack_s=0.008,
        release_s=0.06,
    ),
    "warm_pad": Held(
        cutoff_hz=900, open_hz=1300, close_s=1.2, voices=(-8.0, 0.0, 7.0), attack_s=0.35, release_s=0.6,
    ),
    "air_pad": Held(
        cutoff_hz=1600, open_hz=800, close_s=1.5, voices=(-11.0, 1.0, 9.0), attack_s=0.6, release_s=0.8,
    ),
    "supersaw": Held(
        cutoff_hz=4200, open_hz=5500, close_s=0.6, voices=(-13.0, -5.0, 0.0, 6.0, 12.0), attack_s=0.03,
        release_s=0.25,
    ),
    "strings": Held(
        cutoff_hz=2600, open_hz=2200, close_s=0.5, voices=(-7.0, -2.0, 3.0, 6.0), attack_s=0.18,
        release_s=0.35,
    ),
    "choir": Held(
        cutoff_hz=2400, open_hz=2000, close_s=0.5, voices=(-9.0, -3.0, 4.0, 8.0), attack_s=0.25,
        release_s=0.4, formants_hz=(720.0, 1150.0),
    ),
    "saw_lead": Held(
        cutoff_hz=3000, open_hz=6000, close_s=0.25, vibrato=(5.4, 14.0), attack_s=0.008, release_s=0.09,
    ),
    "square_lead": Held(
        wave="square", cutoff_hz=2500, open_hz=4000, close_s=0.2, vibrato=(5.2, 10.0), attack_s=0.006,
        release_s=0.08,
    ),
    "soft_lead": Held(
        cutoff_hz=1100, open_hz=1700, close_s=0.4, vibrato=(4.8, 12.0), attack_s=0.03, release_s=0.14,
    ),
    "flute": Held(
        cutoff_hz=1300, open_hz=1900, close_s=0.15, vibrato=(5.0, 13.0), attack_s=0.045, release_s=0.1,
        breath=0.06,
    ),
    "strings_lead": Held(
        cutoff_hz=3200, open_hz=2600, close_s=0.3, vibrato=(5.7, 17.0), attack_s=0.07, release_s=0.16,
        formants_hz=(500.0, 2600.0),
    ),
    "sub_bass": Held(wave="sine", cutoff_hz=300, open_hz=300, attack_s=0.006, release_s=0.05, drive=2.2),
    "synth_bass": Held(cutoff_hz=420, open_hz=1900, close_s=0.12, attack_s=0.004, release_s=0.04, drive=1.2),
    "bowed_bass": Held(
        cutoff_hz=700, open_hz=900, close_s=0.4, voices=(-4.0, 3.0), attack_s=0.12, release_s=0.25,
    ),
}  # fmt: skip
