"""What makes an arrangement: answers in gaps, what leads into peaks, the lifted chorus, keys that move."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from cadenza.domain.request import Controls, Described, GenerationRequest, Specified, Weight
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.compose.counter import gaps_between
from cadenza.engines.embedded.compose.effects import peaks
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.plan.brief.data import genres
from cadenza.engines.embedded.plan.brief.harmony import lifted_chorus
from cadenza.engines.embedded.synth.effects import effect
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE
from cadenza.music.brief import Role, SectionKind
from cadenza.music.dice import Dice
from cadenza.music.genre import EFFECTS
from cadenza.music.harmony import chord_from_numeral
from cadenza.music.score import DRUM_PITCHES, EFFECT_PITCHES


def planned(prompt, seed=1, *, take=0, lyrics="", duration_s=150.0, weirdness=50):
    wish = Specified(title="T", style=prompt, lyrics=lyrics) if lyrics else Described(prompt=prompt)
    controls = Controls(weirdness=Weight(weirdness))
    request = GenerationRequest(wish=wish, tier="v5", duration_s=duration_s, controls=controls)
    return draw_brief(request, Dice(seed, take)).brief


@functools.cache
def written(prompt, seed=1, *, take=0, lyrics="", duration_s=150.0, weirdness=50):
    brief = planned(prompt, seed, take=take, lyrics=lyrics, duration_s=duration_s, weirdness=weirdness)
    return brief, compose(brief, Dice(seed, take))


def sections(brief):
    return list(zip(brief.form, brief.section_starts(), strict=True))


@pytest.mark.parametrize("prompt", ["pop", "folk", "edm", "jazz", "city pop"])
def test_the_second_lead_answers_only_where_the_tune_leaves_room(prompt):
    brief, score = written(prompt)
    tune, counter = score.part(Role.MELODY), score.part(Role.COUNTER)
    assert counter is not None
    assert len(counter.notes) >= 8
    for section, start in sections(brief):
        end = start + brief.bar * section.bars
        gaps = gaps_between(brief, start, end, tune.notes, ())
        inside = [n for n in counter.notes if start <= n.at < end]
        if section.is_lifted:
            together = {n.at for n in tune.notes}
            inside = [n for n in inside if n.at not in together]
        assert all(any(g.begin <= n.at and n.at + n.length <= g.end for g in gaps) for n in inside)


def test_the_second_lead_goes_along_in_the_last_chorus():
    brief, score = written("pop")
    lifted, start = next((s, at) for s, at in sections(brief) if s.is_lifted)
    end = start + brief.bar * lifted.bars
    tune = {n.at: n.midi_pitch for n in score.part(Role.MELODY).notes if start <= n.at < end}
    below = [
        tune[n.at] - n.midi_pitch
        for n in score.part(Role.COUNTER).notes
        if start <= n.at < end and n.at in tune
    ]
    assert len(below) >= len(tune) / 3
    assert set(below) <= set(range(3, 10))


def test_risers_end_and_booms_strike_where_a_peak_begins():
    brief, score = written("edm, 128 bpm")
    starts = [start for _, _, start in peaks(brief)]
    assert len(starts) >= 2
    notes = score.part(Role.EFFECTS).notes
    risers = [n for n in notes if n.midi_pitch == EFFECT_PITCHES["riser"]]
    booms = [n for n in notes if n.midi_pitch == EFFECT_PITCHES["impact"]]
    assert [n.at + n.length for n in risers] == starts
    assert [n.at for n in booms] == starts


def test_the_band_holds_its_breath_before_a_drop():
    brief, score = written("edm, 128 bpm")
    for _, _, start in peaks(brief):
        breath = start - brief.metre.beat
        for role in (Role.DRUMS, Role.BASS, Role.CHORDS, Role.PAD):
            notes = score.part(role).notes
            assert not any(breath <= n.at < start for n in notes)
            if role is not Role.DRUMS:
                assert not any(n.at < start and n.at + n.length > breath for n in notes)


def test_rolls_grow_and_quicken():
    brief, score = written("house, 124 bpm")
    before, _, start = next(peaks(brief))
    begin = start - brief.bar * min(2, before.bars)
    snare = [
        n
        for n in score.part(Role.DRUMS).notes
        if begin <= n.at < start and n.midi_pitch == DRUM_PITCHES["snare"]
    ]
    assert len(snare) >= 20
    assert snare[-1].loudness > 2 * snare[0].loudness


@pytest.mark.parametrize("prompt", ["folk", "edm without drums", "only piano"])
def test_there_are_no_effects_where_the_style_has_none(prompt):
    assert written(prompt)[1].part(Role.EFFECTS) is None


def test_every_effect_of_a_genre_file_exists():
    assert all(genre.effects <= EFFECTS for genre in genres().values())


@pytest.mark.parametrize("prompt", ["pop", "rock", "ballad", "edm"])
def test_the_last_chorus_is_the_fullest(prompt):
    brief, score = written(prompt)
    choruses = [(s, at) for s, at in sections(brief) if s.kind is SectionKind.CHORUS]
    (first, first_at), (last, last_at) = choruses[0], choruses[-1]
    assert last.is_lifted
    assert last.energy >= first.energy
    assert last.roles >= first.roles

    def notes_per_bar(section, start):
        end = start + brief.bar * section.bars
        return sum(start <= n.at < end for part in score.parts for n in part.notes) / section.bars

    assert notes_per_bar(last, last_at) > 1.02 * notes_per_bar(first, first_at)


def stepped_up(prompt):
    seed = next(s for s in range(40) if planned(prompt, s).final_key != planned(prompt, s).key)
    return written(prompt, seed)


def test_a_step_up_takes_everybody_along():
    brief, score = stepped_up("ballad")
    assert (brief.final_key.tonic - brief.key.tonic) % 12 == brief.genre.lift_semitones
    (change_at, key), *others = score.key_changes
    assert not others
    assert key == brief.final_key
    index = lifted_chorus([*brief.form])
    assert change_at == brief.section_starts()[index]
    dominant = next(s.chord for s in reversed(score.chords) if s.at < change_at)
    assert dominant.root == (key.tonic + 7) % 12
    assert score.chords[-1].chord.root == key.tonic
    classes = {key.tonic, *key.scale} | {
        c for s in score.chords if s.at >= change_at for c in s.chord.pitch_classes
    }
    after = [n for n in score.part(Role.MELODY).notes if n.at >= change_at]
    assert all(n.midi_pitch % 12 in classes for n in after)
    assert after[-1].midi_pitch % 12 == key.tonic


def test_drums_are_tuned_to_the_key_of_their_place():
    brief, score = stepped_up("ballad")
    drums = perform(score, brief, Dice(1, 0)).part(Role.DRUMS)
    step = brief.genre.lift_semitones
    assert [s.shift for s in drums.strikes] == sorted(s.shift for s in drums.strikes)
    assert {s.shift for s in drums.strikes} == {0, step}


def test_a_key_that_was_asked_for_is_kept_to_the_end():
    for seed in range(25):
        brief = planned("ballad in E major", seed)
        assert {section.key for section in brief.form} == {brief.key}


def is_at_home(numeral, key):
    return set(chord_from_numeral(numeral, key).pitch_classes) <= set(key.scale)


def strangers(prompt, weirdness):
    """Return the share of chords outside their key, and of pieces that visit another key."""
    outside, visits = [], []
    for seed in range(25):
        brief = planned(prompt, seed, weirdness=weirdness)
        outside += [not is_at_home(n, s.key) for s in brief.form for n in s.numerals]
        visits.append(any(s.key != brief.key for s in brief.form))
    return np.mean(outside), np.mean(visits)


def test_weirdness_borrows_chords_and_visits_keys():
    (plain, stays), (usual, _), (odd, goes) = (strangers("indie in C major", w) for w in (0, 50, 100))
    assert stays == 0
    assert plain <= usual < odd
    assert odd >= plain + 0.15
    assert goes >= 0.7


TAGGED = "[Intro]\n\n[Verse]\n\n[Chorus]\n\n[{tag}]\n\n[Chorus]\n\n[Outro]"


@pytest.mark.parametrize(
    ("tag", "instrument"),
    [
        ("Guitar Solo", "power_guitar"),
        ("Piano Solo", "piano"),
        ("Solo: flute", "flute"),
        ("Sax solo", "soft_lead"),
    ],
)
def test_a_named_soloist_has_the_tune(tag, instrument):
    brief, score = written("rock", lyrics=TAGGED.format(tag=tag), duration_s=80.0)
    solo, start = next((s, at) for s, at in sections(brief) if s.kind is SectionKind.SOLO)
    end = start + brief.bar * solo.bars
    assert brief.instruments[solo.lead] == instrument
    assert sum(start <= n.at < end for n in score.part(solo.lead).notes) >= 2 * solo.bars
    assert Role.MELODY is solo.lead or not any(start <= n.at < end for n in score.part(Role.MELODY).notes)


@pytest.mark.parametrize(
    ("tag", "kind", "roles", "silent"),
    [
        ("Drum Solo", SectionKind.SOLO, {Role.DRUMS}, {Role.MELODY}),
        ("Break: no bass", SectionKind.BREAK, {Role.DRUMS}, {Role.BASS}),
        ("Break: piano only", SectionKind.BREAK, {Role.CHORDS}, {Role.DRUMS, Role.BASS, Role.PAD}),
        ("Instrumental", SectionKind.SOLO, {Role.MELODY}, set()),
        ("Break", SectionKind.BREAK, {Role.DRUMS}, {Role.MELODY, Role.BASS}),
    ],
)
def test_tags_say_who_plays(tag, kind, roles, silent):
    brief, _ = written("rock with piano", lyrics=TAGGED.format(tag=tag), duration_s=80.0)
    kinds = [section.kind.value for section in brief.form]
    assert kinds == ["intro", "verse", "chorus", kind.value, "chorus", "outro"]
    section = next(section for section in brief.form if section.kind is kind)
    assert roles <= section.roles
    assert not silent & section.roles


@pytest.mark.parametrize("name", sorted(EFFECT_PITCHES))
def test_effects_are_as_long_as_asked_wide_and_end_quietly(name):
    sound = effect(name, 2.0, 9, 0.8, np.random.default_rng(1))
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    if name != "impact":
        assert sound.shape == (2, 2 * SAMPLE_RATE)
    assert np.abs(sound[:, -3:]).max() < 0.01
    assert np.abs(sound[:, :3]).max() < 0.05 or name == "fall"
    assert 0.2 < np.abs(sound).max() < 0.9


def test_a_riser_grows_and_opens():
    sound = effect("riser", 4.0, 9, 0.8, np.random.default_rng(1)).mean(axis=0).astype(float)
    parts = np.split(sound[: 4 * SAMPLE_RATE], 4)
    levels = [np.sqrt(np.mean(part**2)) for part in parts]
    assert levels == sorted(levels)
    hz = np.fft.rfftfreq(SAMPLE_RATE, 1 / SAMPLE_RATE)
    centres = [np.sum(hz * p) / np.sum(p) for p in (np.abs(np.fft.rfft(part)) ** 2 for part in parts)]
    assert centres[3] > 2 * centres[0]
