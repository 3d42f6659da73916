"""Whole songs, short ones: length, loudness, peaks, ending, stems, repeatability, stopping."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from cadenza.audio.loudness import integrated_lufs, true_peak_dbtp
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Described, GenerationRequest, Voice
from cadenza.engines.embedded.songs.song import make_song, plan_song

PROMPTS = (
    "warm lo-fi piano, 80 bpm",
    "rock 150 bpm",
    "ambient, no drums",
    "deep house in A minor",
    "solo piano waltz",
)


def instrumental(prompt, duration_s):
    return GenerationRequest(
        wish=Described(prompt=prompt), tier="v5", voice=Voice.NOBODY, duration_s=duration_s
    )


@functools.cache
def song(prompt, *, seed=3, take=0, duration_s=12.0):
    plan = plan_song(
        instrumental(prompt, duration_s),
        seed=seed,
        take_index=take,
    )
    windows = []
    made = make_song(
        plan, progress=lambda *_: None, should_stop=lambda: False, preview=windows.append, keeps_stems=True
    )
    return made, windows


def level_db(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-9)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_songs_last_as_asked_at_the_asked_loudness(prompt):
    made, _ = song(prompt)
    assert made.signal.channel_count == 2
    assert made.signal.sample_rate == 44_100
    assert made.signal.duration_s == pytest.approx(12.0, abs=0.01)
    assert integrated_lufs(made.signal) == pytest.approx(-14.0, abs=0.5)
    assert true_peak_dbtp(made.signal) <= -1.0
    assert np.abs(made.signal.samples.mean()) < 1e-3


@pytest.mark.parametrize("prompt", PROMPTS)
def test_songs_end_by_ringing_out(prompt):
    made, _ = song(prompt)
    last = made.signal.samples[:, -22_050:]
    assert np.abs(last[:, -200:]).max() < 0.003
    rings = level_db(made.signal.between(10.0, 10.8).samples)
    assert rings > level_db(last) + 3
    assert rings > -45


@pytest.mark.parametrize("prompt", PROMPTS[:3])
def test_stems_have_their_names_and_sound(prompt):
    made, _ = song(prompt)
    expected = {"drums", "bass", "chords", "melody", "pad"} - ({"drums"} if "no drums" in prompt else set())
    assert expected <= set(made.stems) <= expected | {"counter", "effects"}
    for stem in made.stems.values():
        assert stem.sample_count == made.signal.sample_count
        assert level_db(stem.samples) > -60


def test_previews_are_the_whole_song_in_order_and_near_its_level():
    made, windows = song(PROMPTS[0])
    joined = np.concatenate([window.samples for window in windows], axis=1)
    assert joined.shape == made.signal.samples.shape
    assert abs(level_db(joined) - level_db(made.signal.samples)) < 6
    assert np.abs(joined).max() <= 1.0
    mono, final = joined.mean(axis=0), made.signal.samples.mean(axis=0)
    assert np.corrcoef(mono, final)[0, 1] > 0.85


def test_a_window_more_or_less_changes_nothing():
    # Windows of 2 and 8 s: the seam at 2 s must not be heard in any stem.
    made, _ = song(PROMPTS[0])
    seam = 2 * 44_100
    for stem in made.stems.values():
        jumps = np.abs(np.diff(stem.samples[:, seam - 2000 : seam + 2000], n=2, axis=1))
        assert jumps[:, 1998:2001].max() <= jumps.max()
        assert jumps[:, 1998:2001].max() <= 6 * np.percentile(jumps, 99)


def test_the_same_order_gives_the_same_bytes():
    one, _ = song(PROMPTS[0])
    song.cache_clear()
    two, _ = song(PROMPTS[0])
    assert one.signal.samples.tobytes() == two.signal.samples.tobytes()


def test_two_takes_are_different_music():
    one, _ = song(PROMPTS[1])
    two, _ = song(PROMPTS[1], take=1)
    assert one.key != two.key
    assert one.score.chords != two.score.chords
    assert one.bpm == two.bpm == 150


def test_a_song_that_is_stopped_stops():
    plan = plan_song(instrumental("pop", 30), seed=1, take_index=0)
    answers = iter([False, False, True])
    with pytest.raises(Stopped):
        make_song(plan, progress=lambda *_: None, should_stop=lambda: next(answers), preview=lambda _: None)


def test_progress_never_goes_back():
    plan = plan_song(instrumental("pop", 10), seed=1, take_index=0)
    told = []
    make_song(plan, progress=lambda _, f: told.append(f), should_stop=lambda: False, preview=lambda _: None)
    assert told == sorted(told)
    assert told[-1] == 1.0
