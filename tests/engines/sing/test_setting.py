"""Words on notes: stress on strong beats, breaths, reach, returning choruses, and room for all lines."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cadenza.domain.request import Voice
from cadenza.engines.embedded.songs.vocals import lines_of
from cadenza.music.brief import Role, SectionKind
from cadenza.music.score import score_text
from cadenza.music.vocal import Compass

SEEDS = (1, 2)
VERSE = "\n".join(["All the little rivers run to sea"] * 8)
STYLES = ("pop, 100 bpm", "folk waltz 3/4", "rock 150 bpm", "soul ballad 6/8", "lo-fi, 75 bpm")


def strength(place, metre):
    inside = place.quarters % metre.bar.quarters
    if inside == 0:
        return 2
    return 1 if inside % metre.beat.quarters == 0 else 0


@pytest.mark.parametrize("style", STYLES)
def test_stressed_syllables_fall_on_stronger_places_than_others(planned, style):
    stressed, others = [], []
    for seed in SEEDS:
        plan, score, _ = planned(style=style, seed=seed)
        for line in score.sung:
            for sung in line.syllables:
                place = strength(sung.tones[0].at, plan.brief.metre)
                (stressed if sung.syllable.weight >= 2 else others).append(place)
    assert np.mean(stressed) > np.mean(others) + 0.3


@pytest.mark.parametrize("style", STYLES)
def test_lines_end_on_a_beat_and_hold_their_last_syllable(planned, style):
    plan, score, _ = planned(style=style)
    on_beat = [strength(line.syllables[-1].tones[0].at, plan.brief.metre) > 0 for line in score.sung]
    assert np.mean(on_beat) >= 0.8
    lengths = [
        (line.syllables[-1].tones[-1].length, line.syllables[0].tones[0].length) for line in score.sung
    ]
    assert np.mean([last >= first for last, first in lengths]) >= 0.8


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("voice", [Voice.FEMALE, Voice.MALE])
def test_every_syllable_is_sung_in_order_within_reach_and_with_breaths(planned, style, voice):
    plan, score, performance = planned(style=style, voice=voice)
    assert plan.compass is (Compass.HIGH if voice is Voice.FEMALE else Compass.LOW)
    for slot, line in zip(plan.slots, score.sung, strict=True):
        assert tuple(sung.syllable for sung in line.syllables) == slot.line.syllables
        for tone in (tone for sung in line.syllables for tone in sung.tones):
            assert plan.compass.lowest <= tone.midi_pitch <= plan.compass.highest
    for line in performance.sung:
        starts = [sung.begin_s for sung in line.syllables]
        assert all(b - a > 0.09 for a, b in itertools.pairwise(starts))
    for before, after in itertools.pairwise(performance.sung):
        assert after.begin_s - before.end_s >= 0.15


def test_a_chorus_that_returns_keeps_its_tune(planned):
    for seed in SEEDS:
        _, score, _ = planned(seed=seed)
        chorus = [line for line in score.sung if line.kind is SectionKind.CHORUS]
        tunes = [[(t.midi_pitch, t.length) for s in line.syllables for t in s.tones] for line in chorus]
        assert len(tunes) == 4
        assert tunes[:2] == tunes[2:]


def test_a_second_voice_sings_below_the_chorus_and_only_there(planned):
    _, score, _ = planned()
    for line in score.sung:
        for tone in (tone for sung in line.syllables for tone in sung.tones):
            if line.kind is SectionKind.CHORUS:
                assert 2 <= tone.midi_pitch - tone.second_pitch <= 9
            else:
                assert tone.second_pitch is None


def test_the_tune_is_written_into_the_score(planned):
    _, score, _ = planned()
    text = score_text(score)
    assert "sung Walking down the empty street tonight" in text
    assert text == score_text(planned()[1])


def test_the_instrument_with_the_tune_is_silent_while_somebody_sings(planned):
    _, score, _ = planned()
    melody = score.part(Role.MELODY)
    for note in melody.notes if melody else ():
        for line in score.sung:
            assert note.at + note.length <= line.begins or note.at >= line.ends


@pytest.mark.parametrize("duration_s", [20.0, 45.0, 90.0, 200.0])
def test_the_length_that_is_asked_for_is_kept_and_all_lines_are_sung_or_told(planned, duration_s):
    plan, score, _ = planned(duration_s=duration_s)
    assert plan.brief.duration_s == duration_s
    sung = [line.line.text for line in score.sung]
    assert len({*sung, *(line.text for line in plan.unsung)}) == 8
    assert not plan.unsung or duration_s < 40
    assert max(float(score.tempo.seconds_at(line.ends)) for line in score.sung) <= duration_s


def test_without_a_length_the_form_is_as_long_as_the_words_need(planned):
    lyrics = "\n".join(f"[Verse {n}]\n" + VERSE for n in range(4))
    short, _, _ = planned(lyrics="Only one line is all I have to sing")
    long, _, _ = planned(lyrics=lyrics)
    assert not short.unsung
    assert not long.unsung
    assert short.brief.duration_s < long.brief.duration_s <= 480


def test_words_without_tags_are_sung_too_and_what_returns_is_the_chorus(planned):
    verse = "Morning on the river\nLight upon the hill\nNobody to talk to\nEverything is still"
    chorus = "Carry me over\nCarry me home\nOver the water\nNever alone"
    _, score, _ = planned(lyrics="\n\n".join([verse, chorus, verse.replace("Morning", "Evening"), chorus]))
    kinds = {line.line.text: line.kind for line in score.sung}
    assert kinds["Carry me home"] is SectionKind.CHORUS
    assert kinds["Light upon the hill"] is SectionKind.VERSE
    assert len(score.sung) >= 16


def test_words_in_parentheses_belong_to_the_backing_voices(planned):
    _, score, _ = planned()
    line = next(line for line in score.sung if "let me fall" in line.line.text)
    backing = [sung.syllable.text.lower() for sung in line.syllables if sung.syllable.is_backing]
    assert backing == ["let", "me", "fall"]


def test_words_are_told_from_their_first_vowel_to_the_end_of_their_last_note(planned):
    _, _, performance = planned()
    for told, sung in zip(lines_of(performance.sung), performance.sung, strict=True):
        assert [word.text for word in told.words] == [word.text for word in sung.line.words]
        assert (told.words[0].start_s, told.words[-1].end_s) == (told.start_s, told.end_s)
        starts_s = {syllable.begin_s for syllable in sung.syllables}
        assert {word.start_s for word in told.words} <= starts_s
        for word, following in itertools.pairwise(told.words):
            assert word.start_s < word.end_s <= following.start_s + 1e-9
