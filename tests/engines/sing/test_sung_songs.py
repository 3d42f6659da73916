"""Whole songs with words: the voice is a stem above the backing, its lines are told, and no one pretends."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from cadenza.audio.loudness import integrated_lufs, true_peak_dbtp
from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Fidelity
from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.honoured import honoured_song
from cadenza.engines.embedded.songs.song import make_song, plan_song

LYRICS = (
    "[Verse]\nI can hear the river calling me\nSomewhere out beyond the tree\n[Chorus]\nHold me now (hold me)"
)

RUSSIAN = "Я помню чудное мгновенье\nI remember the wonderful moment"


def request(*, lyrics=LYRICS, voice=Voice.FEMALE, duration_s=14.0):
    return GenerationRequest(
        wish=Specified(title="River", style="pop, 110 bpm", lyrics=lyrics),
        tier="v5",
        voice=voice,
        duration_s=duration_s,
    )


@functools.cache
def song(voice):
    plan = plan_song(request(voice=voice), seed=3, take_index=0)
    windows = []
    made = make_song(
        plan, progress=lambda *_: None, should_stop=lambda: False, preview=windows.append, keeps_stems=True
    )
    return made, windows


def test_the_voice_sits_above_the_backing_while_it_sings():
    made, _ = song(Voice.FEMALE)
    vocals = made.stems["vocals"].samples
    backing = sum(stem.samples for name, stem in made.stems.items() if name != "vocals")
    singing = np.zeros(vocals.shape[1], dtype=bool)
    for line in made.lines:
        singing[round(line.start_s * 44_100) : round(line.end_s * 44_100)] = True
    over_lu = integrated_lufs(Signal(np.ascontiguousarray(vocals[:, singing]), 44_100)) - integrated_lufs(
        Signal(np.ascontiguousarray(backing[:, singing]), 44_100)
    )
    assert 3.5 <= over_lu <= 7.0


def test_a_sung_song_is_mastered_like_any_other():
    made, windows = song(Voice.FEMALE)
    assert made.signal.duration_s == pytest.approx(14.0, abs=0.01)
    assert integrated_lufs(made.signal) == pytest.approx(-14.0, abs=0.5)
    assert true_peak_dbtp(made.signal) <= -1.0
    joined = np.concatenate([window.samples for window in windows], axis=1)
    assert np.corrcoef(joined.mean(axis=0), made.signal.samples.mean(axis=0))[0, 1] > 0.8


def test_lines_are_told_in_order_with_the_times_at_which_the_voice_sounds():
    made, _ = song(Voice.FEMALE)
    assert [line.text for line in made.lines[:3]] == [
        "I can hear the river calling me", "Somewhere out beyond the tree", "Hold me now (hold me)",
    ]  # fmt: skip
    power = np.square(made.stems["vocals"].samples).mean(axis=0)
    inside, near = np.zeros((2, len(power)), dtype=bool)
    for line in made.lines:
        assert 0 <= line.start_s < line.end_s <= 14.0
        inside[round(line.start_s * 44_100) : round(line.end_s * 44_100)] = True
        near[max(0, round((line.start_s - 0.5) * 44_100)) : round((line.end_s + 0.6) * 44_100)] = True
    assert power[inside].mean() > 10 * power[~near].mean()


def test_the_same_order_is_sung_to_the_same_bytes():
    one, _ = song(Voice.FEMALE)
    song.cache_clear()
    two, _ = song(Voice.FEMALE)
    assert one.signal.samples.tobytes() == two.signal.samples.tobytes()


def test_an_instrumental_with_tags_has_no_voice():
    plan = plan_song(request(voice=Voice.NOBODY, duration_s=10.0), seed=3, take_index=0)
    assert not plan.slots
    assert honoured_song(request(voice=Voice.NOBODY), plan)["lyrics"].fidelity is Fidelity.IGNORED


def told(**changes):
    asked = request(**changes)
    return honoured_song(asked, plan_song(asked, seed=1, take_index=0))


def test_lyrics_that_are_sung_as_written_are_exact_and_so_is_the_voice():
    answer = told(duration_s=None)
    assert answer["lyrics"].fidelity is Fidelity.EXACT
    assert answer["vocal_gender"].fidelity is Fidelity.EXACT


def test_lines_without_room_are_told():
    lyrics = "\n".join(f"This is number {n} of very many lines to sing" for n in range(40))
    answer = told(lyrics=lyrics, duration_s=14.0)["lyrics"]
    assert answer.fidelity is Fidelity.APPROXIMATE
    assert "of 40 lines" in answer.reason


def test_words_that_no_dictionary_knows_are_named():
    answer = told(lyrics="The zibberish flooned away\nAnd never came back")["lyrics"]
    assert answer.fidelity is Fidelity.APPROXIMATE
    assert "zibberish" in answer.reason


def test_words_in_a_script_that_is_not_read_are_not_claimed_to_be_sung():
    answer = told(lyrics=RUSSIAN, duration_s=None)["lyrics"]
    assert answer.fidelity is Fidelity.APPROXIMATE
    assert "script" in answer.reason


def test_a_voice_without_words_is_told_to_be_silent():
    answer = told(lyrics=None, voice=Voice.MALE)
    assert answer["vocal_gender"].fidelity is Fidelity.IGNORED
