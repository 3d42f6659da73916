"""The plan of a continuation: which bars sound where."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls, Weight
from cadenza.engines.embedded.plan.ground import find_ground
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.music.dice import Dice
from cadenza.music.quotation import Layer


@pytest.fixture(scope="module")
def long_portrait(song):
    from cadenza.engines.embedded.listen import listen  # noqa: PLC0415 - only this fixture listens

    return listen(song(bars=40, bpm=132))


def journey(portrait, *, take=0, seed=5, seconds=24.0, **weights):
    character = Character.of(Controls(**{name: Weight(h) for name, h in weights.items()}))
    return plan_journey(
        portrait, seam_s=portrait.duration_s, seconds=seconds, character=character, dice=Dice(seed, take)
    )


def beats_of(spans):
    return [round(span.start) + step for span in spans for step in range(round(span.length))]


def test_all_layers_last_as_long_as_the_body_and_at_least_as_asked(long_portrait):
    plan = journey(long_portrait)
    lengths = [sum(span.length for span in plan.of(layer)) for layer in Layer]
    assert lengths == pytest.approx([plan.length] * 3)
    assert plan.length * 60 / 132 >= 24.0


def test_the_layers_begin_together_and_then_part(long_portrait):
    plan = journey(long_portrait)
    assert plan.body[0].start == plan.colour[0].start == plan.pulse[0].start
    pairs = list(zip(beats_of(plan.body), beats_of(plan.pulse), strict=True))
    assert np.mean([body == pulse for body, pulse in pairs]) < 0.5


def test_two_takes_share_at_most_half_of_their_bars(long_portrait):
    bars = [{beat // 4 for beat in beats_of(journey(long_portrait, take=take).body)} for take in (0, 1)]
    assert len(bars[0] & bars[1]) <= 0.5 * min(len(bars[0]), len(bars[1]))


def test_a_take_is_the_same_whether_or_not_the_other_is_made(long_portrait):
    assert journey(long_portrait, take=1) == journey(long_portrait, take=1)


def test_the_body_does_not_play_the_source_on_for_long(long_portrait):
    spans = journey(long_portrait, seconds=40.0).body
    run = longest = spans[0].length
    for before, after in itertools.pairwise(spans):
        run = run + after.length if abs(after.start - before.end) < 0.01 else after.length
        longest = max(longest, run)
    assert longest <= 8 * 4


@pytest.mark.parametrize("layer", [Layer.COLOUR, Layer.PULSE])
def test_a_higher_audio_weight_keeps_more_of_each_layer_with_the_body(long_portrait, layer):
    def together(weight):
        plan = journey(long_portrait, audio_weight=weight)
        pairs = list(zip(beats_of(plan.body), beats_of(plan.of(layer)), strict=True))
        return np.mean([a == b for a, b in pairs])

    assert together(0) <= together(50) <= together(100)


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_the_colour_tires_of_a_bar_it_has_played(long_portrait, seed):
    plan = journey(long_portrait, seconds=40.0, seed=seed)
    homes = beats_of(plan.body)[::4]
    places = [round(span.start) for span in plan.colour]
    away = Counter(place for place, home in zip(places, homes, strict=True) if place != home)
    once = sum(count == 1 for count in away.values())
    assert away.total() > 15
    assert once > 0.6 * away.total()


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("layer", [Layer.COLOUR, Layer.PULSE])
def test_no_upper_layer_plays_the_source_on_for_more_than_five_seconds(long_portrait, layer, seed):
    spans = journey(long_portrait, seconds=40.0, seed=seed).of(layer)
    run = longest = spans[0].length
    for before, after in itertools.pairwise(spans):
        run = run + after.length if abs(after.start - before.end) < 0.01 else after.length
        longest = max(longest, run)
    # The body may go on where the layer's run ends; a bar lasts 1.8 s.
    assert longest <= 4 * 4


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_two_takes_of_a_short_source_share_at_most_half_of_their_bars_too(song, seed):
    from cadenza.engines.embedded.listen import listen  # noqa: PLC0415 - as above

    portrait = listen(song(bars=20))
    bars = [{beat // 4 for beat in beats_of(journey(portrait, take=take, seed=seed).body)} for take in (0, 1)]
    assert len(bars[0] & bars[1]) <= 0.5 * min(len(bars[0]), len(bars[1]))


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_a_passage_that_hurries_is_not_quoted_elsewhere(hurrying, seed):
    portrait, first_s, last_s = hurrying
    inside = [
        first_s < portrait.seconds_at(beat + 0.5) < last_s
        for beat in beats_of(journey(portrait, seconds=30.0, seed=seed).body)
    ]
    # Four of its 36 bars hurry: without a price on that, 6 to 11 % of the beats come from there.
    assert np.mean(inside) < 0.04


def test_without_a_pulse_a_bar_may_begin_on_any_beat(long_portrait):
    loose = replace(long_portrait, pulse=replace(long_portrait.pulse, steady=False))
    grounds = [find_ground(portrait, portrait.duration_s - 0.7) for portrait in (long_portrait, loose)]
    assert [set(np.diff(ground.bars)) for ground in grounds] == [{4}, {1}]
    assert [0 <= ground.pickup < ground.step for ground in grounds] == [True, True]


def test_without_a_pulse_the_layers_last_as_long_as_the_body(long_portrait):
    loose = replace(long_portrait, pulse=replace(long_portrait.pulse, steady=False))
    plan = journey(loose)
    lengths = [sum(span.length for span in plan.of(layer)) for layer in Layer]
    assert lengths == pytest.approx([plan.length] * 3)
    assert all(span.end <= loose.beat_count for layer in Layer for span in plan.of(layer))


@pytest.fixture(scope="module")
def hurrying(song):
    from cadenza.engines.embedded.listen import listen  # noqa: PLC0415 - as above

    parts = [song(bars=16), song(bars=4, bpm=133.0, seed=1), song(bars=16, seed=2)]
    whole = Signal(np.concatenate([part.samples for part in parts], axis=1), parts[0].sample_rate)
    return listen(whole), parts[0].duration_s, parts[0].duration_s + parts[1].duration_s
