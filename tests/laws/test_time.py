"""The laws of musical time."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cadenza.engines.embedded.perform.perform import swung
from cadenza.music.time import START, Length, Metre, Position, TempoMap

quarters = st.fractions(min_value=0, max_value=2000, max_denominator=96)
places = quarters.map(Position)
lengths = quarters.map(Length)
paces = st.fractions(min_value=Fraction(1, 5), max_value=2, max_denominator=500)


@st.composite
def tempo_maps(draw):
    later = sorted(draw(st.sets(st.fractions(1, 1500, max_denominator=8), max_size=5)))
    return TempoMap(tuple((Position(at), draw(paces)) for at in (Fraction(0), *later)))


@given(places, lengths)
def test_a_place_moved_forth_and_back_is_the_same_place(place, length):
    assert (place + length) - length == place
    assert (place + length) - place == length


@given(places, lengths, lengths)
def test_two_stretches_reach_as_far_as_their_sum(place, one, other):
    assert (place + one) + other == place + (one + other)


@given(lengths, st.integers(min_value=1, max_value=24))
def test_a_stretch_cut_in_parts_is_whole_again(length, parts):
    assert (length / parts) * parts == length


@given(tempo_maps(), places)
def test_a_place_survives_the_trip_to_seconds_and_back(tempo, place):
    assert tempo.position_at(tempo.seconds_at(place)) == place


@given(tempo_maps(), places, lengths)
def test_later_places_sound_later(tempo, place, length):
    later = place + length
    assert (tempo.seconds_at(later) > tempo.seconds_at(place)) == (later > place)


@given(st.fractions(min_value=30, max_value=260, max_denominator=100), st.integers(1, 400))
def test_beats_are_as_far_apart_as_the_metronome_says(beats_per_minute, count):
    for metre in (Metre(4, 4), Metre(3, 4), Metre(6, 8), Metre(7, 8), Metre(2, 2)):
        tempo = TempoMap.steady(beats_per_minute, metre.beat)
        assert tempo.seconds_at(START + metre.beat * count) == 60 * count / beats_per_minute


@given(
    places,
    lengths,
    st.fractions(Fraction(1, 2), Fraction(3, 4)),
    st.sampled_from([Fraction(1, 4), Fraction(1, 2)]),
)
def test_swing_keeps_order_and_the_starts_of_pairs(place, length, swing, step):
    later = place + length
    assert (swung(later, swing, step) > swung(place, swing, step)) == (later > place)
    pair = Position(place.quarters // (2 * step) * 2 * step)
    assert swung(pair, swing, step) == pair


@given(places, st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(1)]))
def test_straight_swing_moves_nothing(place, step):
    assert swung(place, Fraction(1, 2), step) == place
