"""Keys, chords, dice and scores: small known answers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cadenza.music.dice import Dice
from cadenza.music.harmony import QUALITIES, Chord, chord_from_numeral, dominant_of, tonic_of
from cadenza.music.pitch import Key, Mode, midi_to_hz, nearest_with_class, pitch_class_of, pitch_name
from cadenza.music.time import Length, Metre

C_MAJOR, A_MINOR = Key(0, Mode.MAJOR), Key(9, Mode.MINOR)


def test_keys_read_as_people_write_them():
    assert [str(Key(9, Mode.MINOR)), str(Key(6, Mode.MAJOR)), str(Key(10, Mode.MAJOR))] == [
        "A minor",
        "F# major",
        "Bb major",
    ]


def test_pitches_have_their_names_and_frequencies():
    assert (pitch_name(60), pitch_name(33), pitch_class_of("Bb"), pitch_class_of("f#")) == ("C4", "A1", 10, 6)
    assert midi_to_hz(69) == 440.0
    assert [nearest_with_class(0, near) for near in (58, 60, 65, 66)] == [60, 60, 60, 60]


@pytest.mark.parametrize(
    ("numeral", "key", "name"),
    [
        ("I", C_MAJOR, "C"),
        ("ii7", C_MAJOR, "Dm7"),
        ("V7sus4", C_MAJOR, "G7sus4"),
        ("bVIImaj7", C_MAJOR, "A#maj7"),
        ("viio", C_MAJOR, "Bdim"),
        ("iim7b5", C_MAJOR, "Dm7b5"),
        ("i9", A_MINOR, "Am9"),
        ("VI", A_MINOR, "F"),
        ("VII", A_MINOR, "G"),
        ("V7", A_MINOR, "E7"),
        ("iv6", A_MINOR, "Dm6"),
        ("Iadd9", A_MINOR, "Aadd9"),
        ("imaj7", A_MINOR, "Ammaj7"),
    ],
)
def test_roman_numerals_name_chords_in_their_key(numeral, key, name):
    assert str(chord_from_numeral(numeral, key)) == name


@pytest.mark.parametrize("numeral", ["", "VIII", "Ix", "H7", "V7b13"])
def test_what_is_no_numeral_is_refused(numeral):
    with pytest.raises(ValueError, match="not a Roman numeral"):
        chord_from_numeral(numeral, C_MAJOR)


def test_every_quality_begins_with_its_root():
    assert all(steps[0] == 0 and len(set(steps)) == len(steps) for steps in QUALITIES.values())


def test_dominant_and_tonic_of_a_minor_key():
    assert (str(dominant_of(A_MINOR)), str(tonic_of(A_MINOR))) == ("E7", "Am")
    assert Chord(9, "m").third == 0


@pytest.mark.parametrize(
    ("metre", "bar", "beat"),
    [("4/4", 4, 1), ("3/4", 3, 1), ("6/8", 3, Fraction(3, 2)), ("7/8", Fraction(7, 2), 1), ("2/2", 4, 2)],
)
def test_metres_know_their_bar_and_their_beat(metre, bar, beat):
    assert (Metre.parse(metre).bar, Metre.parse(metre).beat) == (
        Length(Fraction(bar)),
        Length(Fraction(beat)),
    )


def test_dice_fall_the_same_way_again_and_each_name_for_itself():
    first, again, other = (Dice(5, 0).named(name).random(4).tolist() for name in ("bass", "bass", "drums"))
    assert first == again != other
    assert Dice(5, 1).named("bass").random() != Dice(5, 0).named("bass").random()
    assert Dice(5, 1).shared == Dice(5, 0).shared
