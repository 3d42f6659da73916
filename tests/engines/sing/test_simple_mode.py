"""A description is sung: words are written from it, unless it asks for music without a voice."""

from __future__ import annotations

import pytest

from cadenza.domain.abilities import Fidelity
from cadenza.domain.request import Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.honoured import honoured_song
from cadenza.engines.embedded.songs.song import plan_song
from cadenza.music.vocal import Compass
from cadenza.words.writing import write_lyrics


def described(prompt="a folk song about my cat", *, voice=Voice.ANYBODY, duration_s=None, avoid=""):
    return GenerationRequest(
        wish=Described(prompt=prompt), tier="v5", voice=voice, duration_s=duration_s, avoid=avoid
    )


def planned(prompt="a folk song about my cat", *, seed=5, take=0, **changes):
    return plan_song(described(prompt, **changes), seed=seed, take_index=take)


def test_a_description_is_sung_to_words_written_from_it():
    plan = planned()
    assert "my cat" in plan.lyrics.lower()
    assert plan.lyrics.startswith("[")
    sung = {slot.line.text for slot in plan.slots}
    assert {line for line in plan.lyrics.splitlines() if line and line[0] != "["} <= sung
    assert plan.title in plan.brief.title


def test_words_of_the_same_order_are_those_that_the_lyrics_route_writes():
    written = write_lyrics("a song about the sea", seed=9, variant=1)
    plan = planned("a song about the sea", seed=9, take=1)
    assert (plan.lyrics, plan.title) == (written.text, written.title)
    assert plan.lyrics == planned("a song about the sea", seed=9, take=1).lyrics
    assert plan.lyrics != planned("a song about the sea", seed=9, take=0).lyrics


@pytest.mark.parametrize(
    "prompt",
    [
        "instrumental lo-fi", "warm piano, no vocals", "techno without any singing", "solo piano waltz",
        "a wordless choir of strings", "synthwave karaoke track", "calm instrumentals for reading",
    ],
)  # fmt: skip
def test_a_description_without_a_voice_is_not_sung(prompt):
    plan = planned(prompt)
    assert not plan.slots
    assert plan.lyrics == ""


@pytest.mark.parametrize(
    "prompt", ["not an instrumental, sing it loud", "soul with a vocal solo", "folk, no drums", "a solo"]
)
def test_other_refusals_leave_the_voice(prompt):
    assert planned(prompt).slots


def test_instrumental_and_negative_tags_always_silence_the_voice():
    assert not planned(voice=Voice.NOBODY).slots
    assert not planned(avoid="metal, vocals").slots
    assert planned(avoid="female vocals, robotic voice").slots


def test_negative_tags_silence_given_words_and_it_is_told():
    wish = Specified(title="T", style="pop", lyrics="Hold me now\nHold me close")
    asked = GenerationRequest(wish=wish, tier="v5", avoid="vocals", voice=Voice.FEMALE)
    plan = plan_song(asked, seed=1, take_index=0)
    told = honoured_song(asked, plan)
    assert not plan.slots
    assert "negative tags" in told["lyrics"].reason
    assert told["vocal_gender"].fidelity is Fidelity.IGNORED


def test_the_voice_that_a_description_names_sings():
    assert planned("pop with a female singer about rain").compass is Compass.HIGH
    assert planned("country, male vocals, about trucks").compass is Compass.LOW
    assert planned(voice=Voice.FEMALE).compass is Compass.HIGH


def test_the_words_shown_are_those_that_have_room():
    plan = planned(duration_s=14.0)
    shown = [line for line in plan.lyrics.splitlines() if line and line[0] != "["]
    assert plan.unsung
    assert shown == [slot.line.text for slot in plan.slots]
    assert plan.lyrics.splitlines()[-1] == shown[-1]


def test_words_of_the_prompt_that_became_the_subject_are_not_called_unknown():
    assert "cat" not in planned().unknown_words
    assert "theorbo" in planned("folk with theorbo about my cat").unknown_words


def test_words_for_who_sings_are_not_called_unknown_and_choose_the_voice():
    for prompt, compass in (("folk, female voice", Compass.HIGH), ("folk, male singer", Compass.LOW)):
        song = planned(prompt)
        assert (song.compass, song.unknown_words) == (compass, ())


@pytest.mark.parametrize("length", [None, 60.0, 180.0])
def test_songs_of_usual_lengths_sing_all_that_was_written(length):
    for seed, style in enumerate(("synthwave, 100 bpm", "slow ballad, 60 bpm", "punk, 180 bpm", "waltz")):
        plan = planned(f"{style}, driving through the city at night", seed=seed, duration_s=length)
        assert len(plan.unsung) <= (8 if length == 60.0 else 0)
        assert (length or 120.0) <= plan.brief.duration_s <= (length or 180.0)
