"""How lines are brought: rap and speech keep the rhythm and give up the tune; calls fill the gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cadenza.engines.embedded.sing.choir import Choir
from cadenza.engines.embedded.sing.delivery import Delivery, brought, call_after, delivery_of
from cadenza.engines.embedded.sing.voice import SAMPLE_RATE
from cadenza.music.brief import SectionKind
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Stress
from cadenza.music.pitch import midi_to_hz
from cadenza.music.vocal import Compass, TimedLine, TimedSyllable, TimedTone
from cadenza.words.reading import read_line


def timed(text, *, kind=SectionKind.VERSE, hints=(), note_s=0.5, pitches=(52, 57, 59)):
    line = replace(read_line(text), hints=hints)
    syllables = tuple(
        TimedSyllable(
            syllable=syllable,
            tones=(
                TimedTone(
                    begin_s=1 + i * note_s, end_s=1 + (i + 1) * note_s, midi_pitch=pitches[i % len(pitches)]
                ),
            ),
        )
        for i, syllable in enumerate(line.syllables)
    )
    return TimedLine(line=line, kind=kind, energy=0.6, syllables=syllables, breath_s=0.5)


LINE = timed("money in the morning and a river in my pocket")


@pytest.mark.parametrize("genre", ["hip hop", "trap", "drill"])
def test_verses_of_rap_are_rapped_and_their_choruses_sung(genre):
    assert delivery_of(LINE, genre) is Delivery.RAPPED
    assert delivery_of(replace(LINE, kind=SectionKind.CHORUS), genre) is Delivery.SUNG
    assert delivery_of(LINE, "folk") is Delivery.SUNG


def test_a_hint_of_the_section_goes_before_its_genre():
    assert delivery_of(timed("hello there", hints=("spoken",)), "folk") is Delivery.SPOKEN
    assert delivery_of(timed("hello there", hints=("rap",)), "folk") is Delivery.RAPPED
    assert delivery_of(timed("hello there", hints=("sung softly",)), "trap") is Delivery.SUNG


@pytest.mark.parametrize("delivery", [Delivery.RAPPED, Delivery.SPOKEN])
def test_spoken_syllables_keep_their_time_are_short_and_fall(delivery):
    spoken, manners = brought(LINE.syllables, delivery, Compass.LOW)
    assert manners.vibrato_cents == 0
    for before, after in zip(LINE.syllables, spoken, strict=True):
        assert after.begin_s == before.begin_s
        assert after.end_s - after.begin_s <= 0.35
        assert after.tones[0].midi_pitch > after.tones[-1].midi_pitch
    heights = {stress: [] for stress in Stress}
    for sung in spoken:
        heights[sung.syllable.stress].append(sung.tones[0].midi_pitch)
    assert np.mean(heights[Stress.PRIMARY]) > np.mean(heights[Stress.NONE]) + 2
    assert spoken[-1].tones[-1].midi_pitch == min(t.midi_pitch for s in spoken for t in s.tones)


def test_a_rapped_line_has_the_pitch_of_speech_not_of_its_notes(pitch_track):
    choir = Choir(Compass.LOW, Dice(1, 0), genre="hip hop")
    sung = choir.sing(LINE, 0)
    _, found_hz = pitch_track(sung.lead, SAMPLE_RATE, lowest_hz=70, highest_hz=500)
    speech_hz = midi_to_hz(Compass.LOW.lowest + 4)
    assert abs(12 * np.log2(np.median(found_hz) / speech_hz)) < 4
    assert np.square(sung.others).sum() > 0  # the double joins in the rhyme


def test_calls_follow_refrains_where_there_is_room_and_differ_by_genre():
    chorus = timed("hold me now and never let me fall", kind=SectionKind.CHORUS)
    many = [call_after(chorus, "gospel", 2.5, np.random.default_rng(seed)) for seed in range(40)]
    called = [calls for calls in many if calls]
    assert 0.3 < len(called) / len(many) < 0.9
    for (call,) in called:
        assert call.syllable.is_backing
        assert chorus.end_s < call.begin_s < call.end_s <= chorus.end_s + 2.5 - 0.5
    assert not any(call_after(chorus, "gospel", 1.0, np.random.default_rng(seed)) for seed in range(40))
    assert not any(call_after(chorus, "folk", 2.5, np.random.default_rng(seed)) for seed in range(40))
    assert not any(call_after(LINE, "gospel", 2.5, np.random.default_rng(seed)) for seed in range(40))


def test_a_call_sounds_after_the_line_and_only_from_the_sides():
    chorus = timed("hold me now and never let me fall", kind=SectionKind.CHORUS)
    for seed in range(20):
        choir = Choir(Compass.HIGH, Dice(seed, 0), genre="gospel")
        quiet, full = (choir.sing(chorus, 0, free_s) for free_s in (0.0, 2.5))
        if full.others.shape[1] > quiet.others.shape[1] + 0.2 * SAMPLE_RATE:
            after = round((chorus.end_s + 0.3) * SAMPLE_RATE) - full.begin
            assert np.square(full.others[:, after:]).mean() > 1e-5
            assert np.array_equal(full.lead[: len(quiet.lead)], quiet.lead)
            return
    pytest.fail("nobody called in twenty songs")
