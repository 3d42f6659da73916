"""Loudness and true peak against known answers and an independent meter."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from cadenza.audio.loudness import SILENCE_LUFS, integrated_lufs, true_peak_dbtp, true_peaks
from cadenza.audio.signal import Signal

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyloudnorm


def sine(hz, level_db, *, rate=48_000, length_s=3.0, channels=1, phase=0.0):
    time_s = np.arange(round(length_s * rate)) / rate
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time_s + phase)
    return Signal(np.tile(wave, (channels, 1)).astype(np.float32), rate)


def test_a_full_scale_sine_of_997_hz_in_one_channel_reads_minus_3_lufs():
    assert integrated_lufs(sine(997, 0.0)) == pytest.approx(-3.01, abs=0.02)


def test_a_second_equal_channel_adds_three_loudness_units():
    one, two = sine(997, -20.0), sine(997, -20.0, channels=2)
    assert integrated_lufs(two) - integrated_lufs(one) == pytest.approx(3.01, abs=0.01)


def test_silence_and_the_shortest_sounds_read_as_silence():
    assert integrated_lufs(Signal(np.zeros((2, 44_100), dtype=np.float32), 44_100)) == SILENCE_LUFS
    assert integrated_lufs(sine(997, 0.0, length_s=0.3)) == SILENCE_LUFS


def test_pauses_do_not_make_a_piece_quieter():
    loud = sine(440, -12.0, length_s=4.0, rate=44_100).samples
    paused = np.concatenate([loud, np.zeros((1, 8 * 44_100), dtype=np.float32), loud], axis=1)
    assert integrated_lufs(Signal(paused, 44_100)) == pytest.approx(
        integrated_lufs(Signal(loud, 44_100)), abs=0.5
    )


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_independent_meter_agrees(rate, channels):
    dice = np.random.default_rng(4)
    envelope = np.repeat(dice.uniform(0.001, 0.5, 24), rate // 4)
    noise = np.cumsum(dice.standard_normal((channels, len(envelope))), axis=1)
    noise = np.diff(noise, axis=1, prepend=0.0) * envelope * 0.3
    mine = integrated_lufs(Signal(noise.astype(np.float32), rate))
    theirs = pyloudnorm.Meter(rate).integrated_loudness(noise.T)
    assert mine == pytest.approx(theirs, abs=0.15)


@pytest.mark.parametrize("phase", [0.0, 0.4, np.pi / 4])
def test_the_peak_between_samples_is_found(phase):
    # At a quarter of the rate and an eighth of a period off, no sample touches the crest.
    tone = sine(11_025, 0.0, rate=44_100, phase=phase, length_s=0.5)
    fade = np.hanning(tone.sample_count).astype(np.float32) ** 0.1
    assert true_peak_dbtp(Signal(tone.samples * fade, 44_100)) == pytest.approx(0.0, abs=0.15)


def test_true_peaks_are_never_below_the_samples():
    dice = np.random.default_rng(1)
    noise = Signal(dice.uniform(-0.9, 0.9, (2, 5_000)).astype(np.float32), 44_100)
    magnitude = np.abs(noise.samples).max(axis=0)
    blocks = np.pad(magnitude, (0, -len(magnitude) % 64)).reshape(-1, 64).max(axis=1)
    assert np.all(true_peaks(noise) >= blocks)


def test_silence_has_a_floor_and_no_error():
    assert true_peak_dbtp(Signal(np.zeros((1, 0), dtype=np.float32), 44_100)) == -120.0
