"""Drum kits: every hit is made anew in a few variants, and what has a pitch is tuned to the key.

An untuned bass drum or a ringing shell puts a wrong note under every chord; so the bass drum ends
on the tonic, toms and snare ring on tonic and fifth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.engines.embedded.synth.tone import SAMPLE_RATE, Mono, noise, ring, rise, seconds
from cadenza.music.pitch import midi_to_hz, nearest_with_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """One kit: decay times in seconds, brightness as cutoff in Hz, mixture as shares."""

    kick_s: float = 0.16
    kick_click: float = 0.4
    kick_drive: float = 1.5
    snare_s: float = 0.11
    snare_tone: float = 0.5
    snare_hz: float = 9000.0
    hat_s: float = 0.035
    top_hz: float = 16000.0
    level_db: float = 0.0
    pitch_drop: float = 4.0


KITS: dict[str, Kit] = {
    "acoustic_kit": Kit(),
    "pop_kit": Kit(kick_s=0.18, kick_drive=2.0, snare_s=0.13, hat_s=0.03),
    "rock_kit": Kit(kick_s=0.15, kick_click=0.6, kick_drive=2.5, snare_s=0.17, snare_tone=0.6, hat_s=0.05),
    "house_kit": Kit(kick_s=0.22, kick_drive=2.5, kick_click=0.5, snare_s=0.1, hat_s=0.028, pitch_drop=6.0),
    "retro_kit": Kit(kick_s=0.2, snare_s=0.24, snare_tone=0.45, hat_s=0.03, kick_drive=2.0),
    "trap_kit": Kit(kick_s=0.3, kick_drive=2.0, kick_click=0.5, snare_s=0.1, hat_s=0.02, pitch_drop=5.0),
    "dusty_kit": Kit(kick_s=0.13, kick_click=0.2, snare_s=0.09, snare_hz=5500, hat_s=0.025, top_hz=9000),
    "brush_kit": Kit(
        kick_s=0.1, kick_click=0.1, kick_drive=1.0, snare_s=0.14, snare_tone=0.12, snare_hz=7000
    ),
    "soft_kit": Kit(kick_s=0.2, kick_click=0.05, kick_drive=1.0, snare_s=0.09, snare_tone=0.2, top_hz=9000),
    "orchestral_kit": Kit(
        kick_s=0.5, kick_click=0.1, kick_drive=1.0, snare_s=0.2, snare_tone=0.2, pitch_drop=1.5
    ),
}
_PAN = {
    "hat": 0.25, "open_hat": 0.25, "ride": -0.35, "crash": -0.25, "shaker": -0.4, "tambourine": 0.4,
    "high_tom": 0.2, "low_tom": -0.25, "rim": 0.12, "clap": 0.0,
}  # fmt: skip
_LEVEL = {
    "kick": 1.0, "snare": 0.62, "clap": 0.5, "rim": 0.4, "hat": 0.2, "open_hat": 0.22, "ride": 0.2,
    "crash": 0.34, "shaker": 0.16, "tambourine": 0.18, "high_tom": 0.6, "low_tom": 0.65,
}  # fmt: skip


def hit(kit: Kit, drum: str, tonic: int, velocity: float, dice: np.random.Generator) -> NDArray[np.float32]:
    """Return one hit of ``drum``, shape (2, samples), placed in the stereo field.

    ``tonic`` is the pitch class to tune to; harder hits are brighter and longer.
    """
    sound = _make(kit, drum, tonic, velocity, dice)
    sound *= _LEVEL[drum] / max(1e-9, float(np.abs(sound).max()))
    angle = (1.0 + _PAN.get(drum, 0.0)) * np.pi / 4
    return np.stack([sound * np.float32(np.cos(angle)), sound * np.float32(np.sin(angle))]) * np.float32(
        2**0.5
    )


def _make(kit: Kit, drum: str, tonic: int, velocity: float, dice: np.random.Generator) -> Mono:
    makers: dict[str, Callable[[], Mono]] = {
        "kick": lambda: _kick(kit, _near(tonic, 33), velocity, dice),
        "snare": lambda: _snare(kit, _near(tonic, 54), velocity, dice),
        "clap": lambda: _clap(kit, dice),
        "rim": lambda: _rim(velocity, dice),
        "high_tom": lambda: _tom(_near((tonic + 7) % 12, 48), 0.16, velocity, dice),
        "low_tom": lambda: _tom(_near(tonic, 42), 0.22, velocity, dice),
        "ride": lambda: _cymbal(kit, 0.5, 40, velocity, dice),
        "crash": lambda: _cymbal(kit, 1.1, 70, velocity, dice),
        "shaker": lambda: _shaker(kit, 0.035, dice),
        "tambourine": lambda: _shaker(kit, 0.07, dice),
        "hat": lambda: _hat(kit, kit.hat_s, velocity, dice),
        "open_hat": lambda: _hat(kit, kit.hat_s * 8.0, velocity, dice),
    }
    return makers[drum]()


def _near(pitch_class: int, midi_pitch: int) -> float:
    return float(midi_to_hz(nearest_with_class(pitch_class, midi_pitch)))


def _kick(kit: Kit, end_hz: float, velocity: float, dice: np.random.Generator) -> Mono:
    """Return a sine that falls to ``end_hz`` within 50 ms, with a click."""
    time_s = seconds(round((5 * kit.kick_s + 0.03) * SAMPLE_RATE))
    fast, slow = 0.009, 0.032
    drop = kit.pitch_drop * (0.8 + 0.4 * velocity)
    # Integral of end * (1 + drop e^(-t/fast) + 0.5 e^(-t/slow)).
    fallen = drop * fast * (1 - np.exp(-time_s / fast)) + 0.5 * slow * (1 - np.exp(-time_s / slow))
    body = np.sin(2 * np.pi * end_hz * (time_s + fallen)) * np.exp(-time_s / kit.kick_s)
    click = noise(len(time_s), dice) * np.exp(-time_s / 0.0025) * kit.kick_click * velocity
    click = dsp.sosfilt(dsp.butter(1, 5000, fs=SAMPLE_RATE, output="sos"), click)
    fade = np.clip((time_s[-1] - time_s) / 0.02, 0.0, 1.0)
    driven = np.tanh((body + click) * kit.kick_drive) * fade
    return np.asarray(driven * rise(len(time_s), 0.001), dtype=np.float32)


def _snare(kit: Kit, tone_hz: float, velocity: float, dice: np.random.Generator) -> Mono:
    length_s = 6 * kit.snare_s + 0.05
    count = round(length_s * SAMPLE_RATE)
    time_s = seconds(count)
    # Short shells (60 ms) stay drums; longer ones become notes.
    shell = ring(
        np.array([tone_hz, tone_hz * 1.5, tone_hz * 2.0]),
        np.array([1.0, 0.55, 0.3]),
        np.array([0.06, 0.045, 0.03]) * float(dice.uniform(0.9, 1.1)),
        np.zeros(3),
        count,
    )
    top = kit.snare_hz * (0.6 + 0.4 * velocity) * float(dice.uniform(0.92, 1.08))
    band = dsp.butter(2, [900.0, min(top, 18000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    wires = dsp.sosfilt(band, noise(count, dice))
    wires *= np.exp(-time_s / (kit.snare_s * (0.7 + 0.4 * velocity))) / max(1e-9, float(np.abs(wires).max()))
    mixed = kit.snare_tone * shell * np.exp(-time_s / 0.08) + (1.2 - 0.4 * kit.snare_tone) * wires
    return np.asarray(np.tanh(1.4 * mixed) * rise(count, 0.0008), dtype=np.float32)


def _clap(kit: Kit, dice: np.random.Generator) -> Mono:
    count = round(0.35 * SAMPLE_RATE)
    time_s = seconds(count)
    envelope = np.exp(-np.maximum(time_s - 0.03, 0) / 0.07) * (time_s >= 0.03)
    for start in (0.0, 0.011, 0.021):
        late = start + float(dice.uniform(-0.0015, 0.0015))
        envelope += np.where(time_s >= late, np.exp(-np.maximum(time_s - late, 0) / 0.004), 0.0)
    band = dsp.butter(2, [800.0, min(kit.snare_hz, 9000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(dsp.sosfilt(band, noise(count, dice)) * envelope, dtype=np.float32)


def _rim(velocity: float, dice: np.random.Generator) -> Mono:
    count = round(0.12 * SAMPLE_RATE)
    hz = np.array([830.0, 1720.0, 2650.0, 4100.0]) * float(dice.uniform(0.985, 1.015))
    body = ring(
        hz,
        np.array([0.5, 1.0, 0.5, 0.3 * velocity]),
        np.array([0.012, 0.01, 0.008, 0.006]),
        np.zeros(4),
        count,
    )
    tick = noise(count, dice) * np.exp(-seconds(count) / 0.002) * 0.3
    return np.asarray(body + tick, dtype=np.float32)


def _tom(end_hz: float, decay_s: float, velocity: float, dice: np.random.Generator) -> Mono:
    time_s = seconds(round(5 * decay_s * SAMPLE_RATE))
    fallen = 0.5 * 0.04 * (1 - np.exp(-time_s / 0.04))
    body = np.sin(2 * np.pi * end_hz * (time_s + fallen)) * np.exp(-time_s / decay_s)
    skin = noise(len(time_s), dice) * np.exp(-time_s / 0.01) * 0.25 * velocity
    skin = dsp.sosfilt(dsp.butter(1, 2500, fs=SAMPLE_RATE, output="sos"), skin)
    return np.asarray((body + skin) * rise(len(time_s), 0.0015), dtype=np.float32)


def _hat(kit: Kit, decay_s: float, velocity: float, dice: np.random.Generator) -> Mono:
    count = round((6 * decay_s + 0.02) * SAMPLE_RATE)
    time_s = seconds(count)
    low = 6500.0 * float(dice.uniform(0.95, 1.05))
    band = dsp.butter(2, [low, min(kit.top_hz, 19000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    hiss = dsp.sosfilt(band, noise(count, dice))
    metal_hz = dice.uniform(5200.0, 12000.0, 12)
    metal = ring(metal_hz, np.full(12, 0.25), np.full(12, decay_s), dice.uniform(0, 6.28, 12), count)
    envelope = np.exp(-time_s / (decay_s * (0.7 + 0.5 * velocity)))
    return np.asarray((hiss + 0.6 * metal) * envelope, dtype=np.float32)


def _cymbal(kit: Kit, decay_s: float, partials: int, velocity: float, dice: np.random.Generator) -> Mono:
    count = round(4.5 * decay_s * SAMPLE_RATE)
    time_s = seconds(count)
    hz = np.exp(dice.uniform(np.log(2600.0), np.log(13000.0), partials))
    decays = decay_s * (4000.0 / hz) ** 0.5 * dice.uniform(0.6, 1.2, partials)
    metal = ring(hz, dice.uniform(0.3, 1.0, partials), decays, dice.uniform(0, 6.28, partials), count)
    band = dsp.butter(1, [3500.0, min(kit.top_hz, 18000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    wash = dsp.sosfilt(band, noise(count, dice)) * np.exp(-time_s / (decay_s * 0.7)) * (3.0 + 3.0 * velocity)
    return np.asarray(
        (metal + wash) * rise(count, 0.002) * np.clip((time_s[-1] - time_s) / 0.2, 0, 1), np.float32
    )


def _shaker(kit: Kit, decay_s: float, dice: np.random.Generator) -> Mono:
    count = round((0.02 + 6 * decay_s) * SAMPLE_RATE)
    time_s = seconds(count)
    band = dsp.butter(1, [5000.0, min(kit.top_hz, 14000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    grains = dsp.sosfilt(band, noise(count, dice))
    return np.asarray(
        grains * rise(count, 0.014) * np.exp(-np.maximum(time_s - 0.014, 0) / decay_s), np.float32
    )
