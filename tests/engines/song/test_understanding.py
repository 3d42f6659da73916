"""What words in a request become in the brief."""

from __future__ import annotations

import pytest

from cadenza.domain.request import Controls, Described, GenerationRequest, Specified, Weight
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.plan.brief.data import genres, lexicon
from cadenza.engines.embedded.plan.brief.words import read_wishes
from cadenza.music.brief import Role, SectionKind
from cadenza.music.dice import Dice
from cadenza.music.harmony import chord_from_numeral
from cadenza.music.pitch import Key, Mode
from cadenza.music.score import DRUM_PITCHES
from cadenza.music.time import Metre


def brief_of(prompt, *, seed=1, take=0, avoid="", duration_s=60.0, **controls):
    weights = {name: Weight(value) for name, value in controls.items()}
    request = GenerationRequest(
        wish=Described(prompt=prompt),
        tier="v5",
        avoid=avoid,
        duration_s=duration_s,
        controls=Controls(**weights),
    )
    return draw_brief(request, Dice(seed, take)).brief


@pytest.mark.parametrize(
    ("text", "bpm"),
    [("80 bpm", 80), ("about 120 BPM please", 120), ("tempo of 96", 96), ("at 128.5bpm", 128.5),
     ("100 beats per minute", 100), ("lo-fi", None), ("999 bpm", None), ("1980s 80 drums", None)],
)  # fmt: skip
def test_tempo_numbers_are_read(text, bpm):
    assert read_wishes(text, "").beats_per_minute == bpm


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [("in F# minor", 6, Mode.MINOR), ("A minor", 9, Mode.MINOR), ("Bb major jazz", 10, Mode.MAJOR),
     ("key of E flat major", 3, Mode.MAJOR), ("ballad in Am", 9, Mode.MINOR), ("in C", 0, None),
     ("C sharp minor", 1, Mode.MINOR), ("a sad song", None, None), ("minor key", None, Mode.MINOR),
     ("I am happy", None, None)],
)  # fmt: skip
def test_keys_are_read(text, tonic, mode):
    wishes = read_wishes(text, "")
    assert (wishes.tonic, wishes.mode) == (tonic, mode)


@pytest.mark.parametrize(
    ("text", "metre"),
    [("a waltz", "3/4"), ("in 7/8", "7/8"), ("6/8 ballad", "6/8"), ("lo-fi", "4/4"), ("11/8", "11/8")],
)
def test_metres_are_read_and_every_metre_has_a_groove(text, metre):
    brief = brief_of(text)
    assert str(brief.metre) == metre
    assert brief.groove.lines


@pytest.mark.parametrize(
    "prompt", ["rock without drums", "rock, no drums", "non-drums rock", "rock no bass or drums"]
)
def test_a_negated_role_is_silent(prompt):
    assert Role.DRUMS not in brief_of(prompt).instruments


@pytest.mark.parametrize("prompt", ["pop with piano and drums", "drums, piano, pop"])
def test_what_is_to_be_avoided_wins_over_what_is_asked(prompt):
    brief = brief_of(prompt, avoid="piano, drums")
    assert Role.DRUMS not in brief.instruments
    assert not any("piano" in name for name in brief.instruments.values())


def test_an_avoided_genre_is_not_chosen():
    assert all(
        brief_of("happy song", seed=seed, avoid="pop, funk").genre.name not in {"pop", "funk"}
        for seed in range(12)
    )


@pytest.mark.parametrize(
    ("prompt", "genre"),
    [("warm lo-fi piano", "lo-fi hip hop"), ("jazzy house", "house"), ("80s retro", "synthwave"),
     ("Bossa Nova", "bossa nova"), ("boom bap", "hip hop"), ("heavy metal", "metal"),
     ("punk", "punk rock"), ("UK drill", "drill"), ("bachata", "salsa"), ("8-bit boss fight", "chiptune")],
)  # fmt: skip
def test_genres_are_known_by_many_names(prompt, genre):
    assert brief_of(prompt).genre.name == genre


def test_a_named_instrument_plays():
    assert brief_of("lo-fi with piano and flute").instruments[Role.CHORDS] == "piano"
    assert brief_of("lo-fi with piano and flute").instruments[Role.MELODY] == "flute"
    assert brief_of("rock guitar").instruments[Role.CHORDS] == "power_guitar"


def test_a_soloist_is_alone():
    assert dict(brief_of("solo piano").instruments) == {Role.CHORDS: "piano", Role.MELODY: "piano"}


@pytest.mark.parametrize(
    ("prompt", "roles"),
    [("solo flute", {Role.MELODY}), ("only drums and bass", {Role.DRUMS, Role.BASS}),
     ("only pads", {Role.PAD}), ("pop with a guitar solo and drums", set(Role))],
)  # fmt: skip
def test_only_who_is_asked_for_alone_plays_and_never_a_silent_section(prompt, roles):
    brief = brief_of(prompt, duration_s=90.0)
    assert set(brief.instruments) == roles
    assert all(section.roles for section in brief.form)


@pytest.mark.parametrize("avoid", ["guitar", "drums, bass, chords, melody, pads", "clean guitar, synths"])
def test_somebody_plays_however_much_is_refused(avoid):
    assert brief_of("only clean guitar", avoid=avoid).instruments


def test_moods_pull_at_the_mode():
    sad = [brief_of("sad", seed=seed).key.mode for seed in range(12)]
    happy = [brief_of("happy pop", seed=seed).key.mode for seed in range(12)]
    assert sad.count(Mode.MINOR) >= 10
    assert happy.count(Mode.MAJOR) >= 10


def test_slow_is_slower_than_fast():
    slow, fast = brief_of("slow jazz").beats_per_minute, brief_of("fast jazz").beats_per_minute
    assert slow < 110 < fast


def test_unknown_words_and_stand_ins_are_told():
    request = GenerationRequest(
        wish=Described(prompt="lo-fi with saxophone and theorbo"), tier="v5", duration_s=30
    )
    planned = draw_brief(request, Dice(1, 0))
    assert planned.unknown == ("theorbo",)
    assert planned.neighbours == ("saxophone",)


def test_half_time_keeps_the_tempo_and_stretches_the_groove():
    brief = brief_of("half-time rock 140 bpm")
    assert (brief.beats_per_minute, brief.drum_stretch) == (140, 2)


def test_lyrics_shape_the_form_and_a_title_is_kept():
    lyrics = "[Intro]\n[Verse 1]\nla\n[Chorus]\nla\n[Bridge]\nla\n[Chorus]\nla\n[Outro]"
    wish = Specified(title="Mine", style="pop, 100 bpm", lyrics=lyrics)
    planned = draw_brief(GenerationRequest(wish=wish, tier="v5", duration_s=90), Dice(1, 0))
    kinds = [section.kind.value for section in planned.brief.form]
    assert kinds == ["intro", "verse", "chorus", "bridge", "chorus", "outro"]
    assert (planned.brief.title, planned.style, planned.lyrics) == ("Mine", "pop, 100 bpm", lyrics)


def test_two_takes_are_two_ideas():
    one, two = brief_of("pop", take=0), brief_of("pop", take=1)
    assert one.key != two.key
    assert one.groove != two.groove
    assert one.form[0].numerals != two.form[0].numerals
    assert one.instruments != two.instruments
    assert one.title != two.title


def test_what_is_asked_is_the_same_in_both_takes():
    one, two = (brief_of("pop in D minor, 101 bpm", take=take) for take in (0, 1))
    assert one.key == two.key == Key(2, Mode.MINOR)
    assert one.beats_per_minute == two.beats_per_minute == 101


def test_a_high_style_weight_keeps_to_what_is_typical():
    def palettes(**controls):
        return {brief_of("pop", seed=seed, **controls).instruments[Role.MELODY] for seed in range(24)}

    assert len(palettes(style_weight=Weight(100).hundredths, weirdness=0)) < len(
        palettes(style_weight=0, weirdness=100)
    )


@pytest.mark.parametrize("duration_s", [10, 17.5, 31, 60, 125, 300, 480])
def test_a_form_fills_the_time_that_is_asked(duration_s):
    for prompt in ("ambient", "fast rock", "slow waltz", "7/8 funk"):
        brief = brief_of(prompt, duration_s=duration_s)
        bar_s = float(brief.bar.quarters / brief.metre.beat.quarters * 60 / brief.beats_per_minute)
        ring_s = brief.duration_s - brief.bar_count * bar_s
        assert brief.duration_s == duration_s
        assert 1.5 <= ring_s <= 3.6 + 2 * bar_s


def test_without_a_wish_a_song_lasts_two_to_three_minutes():
    for genre in genres():
        assert 110 <= brief_of(genre, duration_s=None).duration_s <= 184


def test_a_long_song_has_choruses_and_ends_with_its_outro():
    kinds = [section.kind for section in brief_of("pop", duration_s=240).form]
    assert kinds.count(SectionKind.CHORUS) >= 3
    assert kinds[-1] is SectionKind.OUTRO


def test_odd_text_is_survived():
    for text in ("", "   ", "🎹🎹", "no", "without", "-" * 3000, "bpm bpm 0/0 16/16 99/4", "a" * 5000):
        assert brief_of(text).form


def test_every_genre_file_is_sound():
    assert len(genres()) >= 40
    for genre in genres().values():
        for mode, lines in genre.progressions.items():
            for numeral in (numeral for line in lines for numeral in line):
                chord_from_numeral(numeral, Key(0, mode))
        for texture in genre.textures.values():
            assert texture.comping
            assert texture.bass
            for groove in texture.grooves:
                assert set(groove.lines) <= set(DRUM_PITCHES)
        slowest, fastest, typical = genre.tempo_bpm
        assert slowest <= typical <= fastest
        assert str(Metre.parse(genre.metre)) in genre.textures
        assert all(SectionKind(name) for name in genre.form)


def test_the_chords_of_a_genre_belong_to_its_key():
    for genre in genres().values():
        for mode, lines in genre.progressions.items():
            key = Key(4, mode)
            for line in lines:
                tones = [tone for numeral in line for tone in chord_from_numeral(numeral, key).pitch_classes]
                assert sum(tone in key.scale for tone in tones) / len(tones) >= 0.75


def test_no_word_means_two_genres():
    words = [word for genre in genres().values() for word in genre.words]
    assert len(words) == len(set(words))
    assert set(words) <= set(lexicon().genres)
