"""Faders ridden into the new part, and what rings over a join."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.ride import ridden_in
from cadenza.engines.embedded.mix.ring import faded_out, ringing, ringing_over, rung_out

RATE_HZ = 22050
LEAD_S = 0.04


def noise(length_s, seed=0, height=0.1):
    samples = height * np.random.default_rng(seed).standard_normal((2, round(length_s * RATE_HZ)))
    return samples.astype(np.float32)


def tone(length_s, hz=440.0, height=0.2):
    t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return np.tile(height * np.sin(2 * np.pi * hz * t), (2, 1)).astype(np.float32)


def level_db(samples, first_s, last_s):
    piece = samples[:, round(first_s * RATE_HZ) : round(last_s * RATE_HZ)].astype(np.float64)
    return 10 * np.log10((piece**2).mean() + 1e-12)


@pytest.mark.parametrize(("step_db", "taken_db"), [(12, 8), (6, 6), (-10, -4)])
def test_a_step_of_level_comes_in_gradually(step_db, taken_db):
    new = noise(6.0, seed=1, height=0.1 * 10 ** (step_db / 20))
    ridden = ridden_in(new, Signal(noise(20.0), RATE_HZ), lead_in_s=LEAD_S)
    assert level_db(ridden, 0, 0.4) == pytest.approx(-20 + step_db - taken_db, abs=1)
    assert np.array_equal(ridden[:, 4 * RATE_HZ :], new[:, 4 * RATE_HZ :])
    levels = [level_db(ridden, at, at + 0.25) for at in np.arange(0, 3, 0.25)]
    assert np.abs(np.diff(levels)).max() < 2.5


def test_a_part_that_does_not_step_stays_as_it_is():
    new = noise(6.0, seed=1)
    ridden = ridden_in(new, Signal(noise(20.0), RATE_HZ), lead_in_s=LEAD_S)
    assert np.abs(ridden - new).max() < 0.01


def test_steps_that_the_music_makes_itself_are_left_to_it():
    loud_and_soft = np.concatenate([noise(1.0, seed=i, height=0.1 * 4 ** (i % 2)) for i in range(20)], axis=1)
    new = np.concatenate([noise(1.0, seed=30 + i, height=0.1 * 4 ** (i % 2)) for i in range(6)], axis=1)
    ridden = ridden_in(new, Signal(loud_and_soft, RATE_HZ), lead_in_s=0.0)
    assert level_db(ridden, 0, 1) == pytest.approx(level_db(new, 0, 1), abs=2)


def test_only_the_band_that_steps_is_ridden():
    bass = tone(6.0, hz=100.0, height=0.3)
    new = noise(6.0, seed=1, height=0.02) + bass
    ridden = ridden_in(new, Signal(noise(20.0, height=0.02), RATE_HZ), lead_in_s=LEAD_S)
    spectrum, was = (np.abs(np.fft.rfft(x[0, : RATE_HZ // 4])) for x in (ridden, new))
    hz = np.fft.rfftfreq(RATE_HZ // 4, 1 / RATE_HZ)
    high, low = hz > 2000, np.abs(hz - 100) < 6
    assert 20 * np.log10(spectrum[low].max() / was[low].max()) < -6
    assert 10 * np.log10((spectrum[high] ** 2).sum() / (was[high] ** 2).sum()) == pytest.approx(0, abs=1)


def test_a_tone_rings_on_in_phase_and_dies_away_as_asked():
    sound = tone(1.0)
    rung = ringing(sound, seconds=2.0, decay_db_per_s=20.0, rate=RATE_HZ)
    joined = np.concatenate([sound, rung], axis=1)
    bend = np.abs(np.diff(joined[0].astype(np.float64), 3))
    assert bend[RATE_HZ - 200 : RATE_HZ + 200].max() < 1.5 * bend[: RATE_HZ // 2].max()
    assert level_db(rung, 0.4, 0.6) - level_db(rung, 1.4, 1.6) == pytest.approx(20, abs=2)
    peak = np.abs(np.fft.rfft(rung[0])).argmax() / 2.0
    assert peak == pytest.approx(440, abs=1)


def test_too_short_a_sound_does_not_ring():
    assert not ringing(tone(0.05), seconds=1.0, decay_db_per_s=20.0, rate=RATE_HZ).any()


def test_a_tail_lies_over_the_new_part_without_a_gap():
    dying = (tone(1.0) * np.linspace(1, 0.2, RATE_HZ)).astype(np.float32)
    new = np.zeros((2, 4 * RATE_HZ), dtype=np.float32)
    over = ringing_over(new, dying, lead_in_s=LEAD_S, share=1.0, rate=RATE_HZ)
    lead = round(LEAD_S * RATE_HZ)
    assert np.allclose(over[:, :lead], dying[:, -lead:])
    levels = [level_db(over, at, at + 0.1) for at in (0.05, 0.5, 1.0, 1.5)]
    assert levels == sorted(levels, reverse=True)
    assert level_db(over, 3.5, 4) < -80


def test_a_last_chord_rings_out_to_silence():
    out = rung_out(tone(5.0), at=2 * RATE_HZ, rate=RATE_HZ)
    assert out.shape == (2, 5 * RATE_HZ)
    assert np.array_equal(out[:, : 2 * RATE_HZ], tone(5.0)[:, : 2 * RATE_HZ])
    assert level_db(out, 4.8, 5.0) < level_db(out, 2.0, 2.2) - 40
    assert np.abs(np.diff(out[0])).max() < 1.2 * np.abs(np.diff(tone(1.0)[0])).max()


def test_a_fade_ends_in_silence_and_never_rises():
    out = faded_out(tone(6.0), seconds=4.0, rate=RATE_HZ)
    levels = [level_db(out, at, at + 0.5) for at in np.arange(2, 6, 0.5)]
    assert levels == sorted(levels, reverse=True)
    assert np.abs(out[:, -1]).max() < 1e-4
