"""Lyrics from prompts: they scan, they rhyme, and they are the same again for the same seed."""

from __future__ import annotations

import itertools
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadenza.music.brief import SectionKind
from cadenza.words.draw import Draw
from cadenza.words.reading import read_line, read_lyrics
from cadenza.words.themes import FALLBACK, manual, themes
from cadenza.words.wishes import read_wish
from cadenza.words.writing import TOLERANCE, as_we, title_case, write_lyrics

PROMPTS = (
    "a love song",
    "a sad song about losing my dog Rex",
    "an anthem for our team",
    "driving down the highway at night",
    "a song about a lonely robot on Mars",
    "an indie track about chess",
    "Weihnachten",
    "",
)
SEEDS = range(6)


def every_couplet():
    for theme in themes().values():
        for part, couplets in theme.couplets.items():
            for couplet in couplets:
                for values in itertools.product(*theme.slots.values()):
                    slots = dict(zip(theme.slots, values, strict=True))
                    yield theme.name, part, couplet.first.format(**slots), couplet.second.format(**slots)


@cache
def songs():
    return [(prompt, seed, write_lyrics(prompt, seed=seed)) for prompt in PROMPTS for seed in SEEDS]


@cache
def read(text):
    return read_lyrics(text)


def test_every_couplet_rhymes_by_the_dictionary_on_two_different_words():
    for theme, part, first, second in every_couplet():
        one, other = read_line(first), read_line(second)
        assert one.rhyme == other.rhyme, (theme, part, first, second)
        assert one.words[-1].text.lower() != other.words[-1].text.lower()


def test_every_line_of_the_data_keeps_within_two_syllables_of_its_pattern():
    sections = {
        "scene": "verse",
        "turn": "verse",
        "pre": "pre-chorus",
        "chorus": "chorus",
        "bridge": "bridge",
    }
    for theme, part, *lines in every_couplet():
        for line in lines:
            assert abs(len(read_line(line).syllables) - manual().pattern[sections[part]]) <= TOLERANCE, (
                theme,
                line,
            )
    for theme in themes().values():
        for hook in theme.hooks.values():
            assert abs(len(read_line(hook).syllables) - manual().pattern["chorus"]) <= TOLERANCE, hook


def test_no_word_of_the_data_has_to_be_guessed():
    for theme, _, first, second in every_couplet():
        assert read_lyrics(f"{first}\n{second}").guessed == (), theme


def test_every_theme_has_enough_for_a_song():
    for theme in themes().values():
        assert set(theme.couplets) == {"scene", "turn", "pre", "chorus", "bridge"}
        assert len(theme.hooks) >= 4
        assert len(theme.couplets["scene"]) >= 4
        assert len(theme.couplets["turn"]) >= 4
    assert FALLBACK in themes()
    assert set(manual().usual) <= set(themes())


def test_written_lyrics_scan_and_rhyme_and_repeat_only_their_chorus():
    for prompt, seed, song in songs():
        seen = set()
        for section in read(song.text).sections:
            texts = [line.text for line in section.lines]
            for line in section.lines:
                assert abs(len(line.syllables) - 8) <= TOLERANCE, (prompt, seed, line.text)
            if section.kind is SectionKind.CHORUS:
                continue
            assert not seen & set(texts), (prompt, seed)
            assert len(set(texts)) == len(texts)
            seen |= set(texts)
            rhymes = [line.rhyme for line in section.lines]
            assert all(rhymes.count(rhyme) >= 2 for rhyme in rhymes), (prompt, seed, texts)


def test_all_choruses_of_a_song_are_the_same_and_hold_the_hook():
    for _, _, song in songs():
        choruses = [s for s in read(song.text).sections if s.kind is SectionKind.CHORUS]
        assert len(choruses) > 1
        assert len({section.lines for section in choruses}) == 1
        texts = [line.text for line in choruses[0].lines]
        assert max(texts.count(text) for text in texts) == 2


def test_the_same_arguments_write_the_same_song_and_another_seed_or_variant_another():
    one = write_lyrics("a love song", seed=5)
    assert write_lyrics("a love song", seed=5) == one
    assert write_lyrics("a love song", seed=6).text != one.text
    two = write_lyrics("a love song", seed=5, variant=1)
    assert two.text != one.text
    assert two.title != one.title


def test_no_slot_is_left_open_and_lines_begin_with_capitals():
    for _, _, song in songs():
        assert not re.search(r"[{}]", song.text)
        assert all(line[0].isupper() or line[0] in "'[" for line in song.text.splitlines() if line)


@pytest.mark.parametrize(
    ("prompt", "theme"),
    [
        ("A romantic ballad for a wedding", "love"),
        ("heartbreak and tears after she left", "loss"),
        ("neon city nights", "city"),
        ("truckers on the highway", "road"),
        ("a sea shanty of sailors and ships", "sea"),
        ("rainy day", "rain"),
        ("sunny beach vacation", "summer"),
        ("never lose hope, rise up", "hope"),
        ("my mother's kitchen, family", "home"),
        ("birthday party", "celebration"),
        ("memories of childhood", "growing"),
        ("astronaut lost between the planets and stars", "stars"),
        ("christmas snow", "winter"),
        ("a revolution, we fight", "rebel"),
        ("about origami", "song"),
        ("heartbreak after the last train", "loss"),
    ],
)
def test_a_prompt_finds_its_theme(prompt, theme):
    assert write_lyrics(prompt).theme == theme


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("a song about a lonely robot on Mars", "a lonely robot"),
        ("about losing my dog Rex", "my dog Rex"),
        ("about growing old with grace", ""),  # "growing old" is the theme itself
        ("a tune for my sister Ana, waltz", "my sister Ana"),
        ("about how we met", ""),
        ("about the most extraordinary constitutional monarchy", ""),
        ("about <script>alert(1)</script>", ""),
        ("piano", ""),
    ],
)
def test_the_subject_is_taken_from_the_prompt_where_a_line_can_carry_it(prompt, subject):
    assert read_wish(prompt, "", Draw(0, 0, "wish")).subject == subject


def test_the_prompts_own_words_are_sung():
    assert "lonely robot" in write_lyrics("a song about a lonely robot on Mars").text
    song = write_lyrics("a song about origami")
    assert song.title == "Origami"
    assert "origami" in song.text.lower()


def test_a_title_that_the_prompt_names_is_kept():
    assert write_lyrics('a love song called "Paper Moons"').title == "Paper Moons"


def test_many_speak_as_we():
    song = write_lyrics("a party anthem for everybody, rise together", seed=3)
    assert song.viewpoint == "we"
    assert as_we("I was lost and I'm found") == "We were lost and we're found"
    assert as_we("The street is waking, so am I") is None
    assert as_we("I turn my head") is None
    assert as_we("I think of you") is None


@pytest.mark.parametrize(
    ("length_s", "least", "most"), [(30, 8, 8), (60, 16, 16), (100, 18, 24), (180, 26, 34), (400, 40, 60)]
)
def test_a_longer_song_has_more_lines(length_s, least, most):
    assert least <= len(read_lyrics(write_lyrics("home", duration_s=length_s).text).lines) <= most


def test_rap_has_longer_verses():
    def first_verse(style):
        lyrics = read_lyrics(write_lyrics("city", style=style).text)
        return next(s for s in lyrics.sections if s.kind is SectionKind.VERSE)

    assert len(first_verse("hip-hop, boom bap").lines) == 2 * len(first_verse("folk").lines)


def test_titles_are_written_as_titles():
    assert title_case("a walk in the park") == "A Walk in the Park"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.integers(0, 2**63 - 1))
def test_any_prompt_gets_a_song(prompt, seed):
    song = write_lyrics(prompt, seed=seed)
    assert song.title
    assert len(read_lyrics(song.text).lines) > 12
