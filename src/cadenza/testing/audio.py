"""Sounds whose properties are known because they were made that way."""

from __future__ import annotations

import numpy as np

from cadenza.audio.signal import Samples, Signal

RATE_HZ = 44100


def silence(length_s: float, *, sample_rate: int = RATE_HZ, channels: int = 2) -> Signal:
    """Return digital silence."""
    return Signal(np.zeros((channels, round(length_s * sample_rate)), np.float32), sample_rate)


def sine(
    frequency_hz: float,
    length_s: float,
    *,
    gain_db: float = -6.0,
    sample_rate: int = RATE_HZ,
    channels: int = 2,
) -> Signal:
    """Return a sine that starts at 0 going up, its peak ``gain_db`` from full scale."""
    seconds = np.arange(round(length_s * sample_rate)) / sample_rate
    wave = 10 ** (gain_db / 20) * np.sin(2 * np.pi * frequency_hz * seconds)
    return Signal(_everywhere(wave, channels), sample_rate)


def chord(
    midi_pitches: tuple[int, ...], length_s: float, *, gain_db: float = -12.0, sample_rate: int = RATE_HZ
) -> Signal:
    """Return equal-tempered sines (A4 = 440 Hz = 69) together, the loudest instant ``gain_db`` below full."""
    seconds = np.arange(round(length_s * sample_rate)) / sample_rate
    wave = np.zeros(len(seconds))
    for pitch in midi_pitches:
        wave += np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)
    peak = np.abs(wave).max(initial=1e-9)
    return Signal(_everywhere(wave * 10 ** (gain_db / 20) / peak, 2), sample_rate)


def clicks(
    bpm: float, length_s: float, *, first_at_s: float = 0.0, sample_rate: int = RATE_HZ, channels: int = 2
) -> Signal:
    """Return one 5 ms burst of a decaying 2 kHz tone on every beat, the first at ``first_at_s``."""
    wave = np.zeros(round(length_s * sample_rate))
    seconds = np.arange(round(0.005 * sample_rate)) / sample_rate
    burst = 0.8 * np.sin(2 * np.pi * 2000 * seconds) * np.exp(-seconds / 0.001)
    for at_s in np.arange(first_at_s, length_s, 60 / bpm):
        at = round(at_s * sample_rate)
        wave[at : at + len(burst)] += burst[: len(wave) - at]
    return Signal(_everywhere(wave, channels), sample_rate)


def noise(length_s: float, *, seed: int = 0, gain_db: float = -20.0, sample_rate: int = RATE_HZ) -> Signal:
    """Return stereo white noise, uniform up to ``gain_db`` from full scale, the same for the same seed."""
    dice = np.random.default_rng(seed)
    samples = dice.uniform(-1, 1, (2, round(length_s * sample_rate))) * 10 ** (gain_db / 20)
    return Signal(samples.astype(np.float32), sample_rate)


def on_16_bits(signal: Signal) -> Signal:
    """Return ``signal`` with every sample moved to the nearest 16-bit number."""
    whole = np.clip(np.rint(signal.samples * np.float32(32768)), -32768, 32767)
    return Signal((whole / np.float32(32768)).astype(np.float32), signal.sample_rate)


def _everywhere(wave: np.ndarray, channels: int) -> Samples:
    return np.ascontiguousarray(np.broadcast_to(wave.astype(np.float32), (channels, len(wave))))
