"""Instruments and drums by measurement: in tune, at comparable level, without clicks at the end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as dsp

from cadenza.engines.embedded.plan.brief.data import genres, lexicon
from cadenza.engines.embedded.synth.held import HELD
from cadenza.engines.embedded.synth.kit import KITS, hit
from cadenza.engines.embedded.synth.orchestra import INSTRUMENTS, sound_note
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE, read_wave, ring
from cadenza.music.pitch import midi_to_hz, nearest_with_class
from cadenza.music.score import DRUM_PITCHES

BASSES = {"plucked_bass", "pick_bass", "upright_bass", "sub_bass", "synth_bass", "bowed_bass"}


def cents_off(sound, expected_hz, *, partials=(1, 2, 3, 4)):
    """Return how far the strongest of some partials is from its place, in cents.

    The centre of power within 30 cents around each place, over all channels: for one string that is
    its pitch, for an ensemble the middle of its voices.
    """
    size = 1 << 19
    window = np.hanning(sound.shape[-1])
    power = np.square(np.abs(np.fft.rfft(np.atleast_2d(sound) * window, size))).sum(axis=0)
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    best = (0.0, 0.0)
    for number in partials:
        near = np.abs(1200 * np.log2(np.maximum(hz, 1e-6) / (expected_hz * number))) < 30
        centre_hz = np.sum(hz[near] * power[near]) / np.sum(power[near])
        best = max(best, (float(power[near].max()), 1200 * np.log2(centre_hz / (expected_hz * number))))
    return best[1]


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
def test_instruments_are_in_tune_within_three_cents(instrument):
    is_ensemble = instrument in HELD and len(HELD[instrument].voices) > 1
    length_s, settled_s = (9.0, 1.0) if is_ensemble else (2.0, 0.8 if instrument in HELD else 0.05)
    for midi_pitch in (31, 40, 47) if instrument in BASSES else (52, 60, 69, 76):
        note = sound_note(instrument, midi_pitch, 0.7, length_s, np.random.default_rng(1))
        settled = note[:, round(settled_s * SAMPLE_RATE) :].astype(float)
        assert abs(cents_off(settled, midi_to_hz(midi_pitch))) <= 3.0


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
def test_notes_are_finite_and_of_comparable_level(instrument):
    midi_pitch = 36 if instrument in BASSES else 64
    note = sound_note(instrument, midi_pitch, 0.8, 1.5, np.random.default_rng(1))
    assert note.dtype == np.float32
    assert np.isfinite(note).all()
    assert 0.1 < np.abs(note).max() < 3.0


@pytest.mark.parametrize("kit", sorted(KITS))
@pytest.mark.parametrize("tonic", [0, 5, 9])
def test_the_bass_drum_ends_on_the_tonic(kit, tonic):
    sound = hit(KITS[kit], "kick", tonic, 0.8, np.random.default_rng(2)).mean(axis=0)
    # A drum is too short for cents: measure how fast its phase turns once the fall is over.
    phase = np.unwrap(np.angle(dsp.hilbert(sound.astype(float))))
    begin, end = round(0.13 * SAMPLE_RATE), round(0.2 * SAMPLE_RATE)
    turning_hz = (phase[end] - phase[begin]) / (2 * np.pi * 0.07)
    expected_hz = midi_to_hz(nearest_with_class(tonic, 33))
    assert abs(12 * np.log2(turning_hz / expected_hz)) < 0.5


@pytest.mark.parametrize("drum", sorted(DRUM_PITCHES))
def test_no_two_hits_are_the_same_and_all_end_quietly(drum):
    one, two = (hit(KITS["acoustic_kit"], drum, 9, 0.7, np.random.default_rng(seed)) for seed in (1, 2))
    length = min(one.shape[1], two.shape[1])
    assert not np.array_equal(one[:, :length], two[:, :length])
    assert np.abs(one[:, -40:]).max() < 0.02


def test_a_ringing_partial_is_the_sine_it_claims_to_be():
    decay_s, hz, count = 0.3, 523.25, 5000
    sound = ring(np.array([hz]), np.array([0.8]), np.array([decay_s]), np.array([0.3]), count)
    time_s = np.arange(count) / SAMPLE_RATE
    assert np.allclose(
        sound, 0.8 * np.exp(-time_s / decay_s) * np.cos(2 * np.pi * hz * time_s + 0.3), atol=1e-5
    )


def test_partials_that_cannot_be_heard_do_not_fold_back():
    silent = ring(np.array([30_000.0]), np.ones(1), np.ones(1), np.zeros(1), 1000)
    assert not silent.any()


def test_a_table_read_at_a_steady_phase_is_the_sum_of_its_harmonics():
    phase = np.arange(4000) * 220 / SAMPLE_RATE
    expected = np.sin(2 * np.pi * phase) + 0.5 * np.sin(4 * np.pi * phase)
    assert np.allclose(read_wave(np.array([1.0, 0.5]), phase), expected, atol=2e-5)


def test_every_instrument_that_a_genre_or_a_word_names_exists():
    for genre in genres().values():
        for role, names in genre.palette.items():
            assert set(names) <= (set(KITS) if role == "drums" else INSTRUMENTS)
    named = {wanted.name for wanted in lexicon().instruments.values() if not wanted.name.startswith("*")}
    assert named - {""} <= INSTRUMENTS | set(KITS)
