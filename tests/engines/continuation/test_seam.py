"""Crossfades, joins, levels and peaks."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.seam import blend, held_under, join, levelled

RATE_HZ = 22050


def noise(length_s, seed=0, height=0.1):
    samples = height * np.random.default_rng(seed).standard_normal((1, round(length_s * RATE_HZ)))
    return samples.astype(np.float32)


def power(samples):
    return float((samples.astype(np.float64) ** 2).mean())


@pytest.mark.parametrize("seeds", [(0, 1), (0, 0)])
def test_a_blend_keeps_the_power_whether_or_not_its_sides_are_alike(seeds):
    before, after = (noise(2.0, seed) for seed in seeds)
    middle = blend(before, after)[:, RATE_HZ // 2 : -RATE_HZ // 2]
    assert power(middle) == pytest.approx(0.01, rel=0.1)


def test_a_blend_of_a_sound_with_itself_is_that_sound():
    sound = noise(0.1)
    assert np.allclose(blend(sound, sound), sound, atol=1e-6)


def test_a_join_changes_only_the_crossfade_before_it():
    source = Signal(noise(1.0), RATE_HZ)
    new = noise(0.54, seed=1)
    joined = join(source, new, at_s=0.8, crossfade_s=0.04)
    seam, fade = round(0.8 * RATE_HZ), round(0.04 * RATE_HZ)
    assert np.array_equal(joined.samples[:, : seam - fade], source.samples[:, : seam - fade])
    assert np.array_equal(joined.samples[:, seam:], new[:, fade:])


def test_peaks_are_held_without_touching_what_lies_below():
    samples = noise(1.0, height=0.05)
    samples[0, 9000:9050] = 0.9
    held = held_under(samples, 0.5, RATE_HZ)
    assert np.abs(held).max() <= 0.5
    assert np.array_equal(held[:, :8000], samples[:, :8000])


def test_a_part_that_is_quiet_enough_is_left_alone():
    samples = noise(0.2)
    assert held_under(samples, 2.0, RATE_HZ) is samples


@pytest.mark.parametrize(("height", "expected_db"), [(0.05, 0.0), (0.2, 0.0), (0.01, -14.0)])
def test_a_part_is_brought_to_level_by_at_most_six_decibels(height, expected_db):
    reference = Signal(noise(3.0), RATE_HZ)
    made = levelled(noise(6.0, seed=1, height=height), reference, most_db=6.0)[:, 3 * RATE_HZ : -RATE_HZ]
    assert 10 * np.log10(power(made) / 0.01) == pytest.approx(expected_db, abs=0.5)
