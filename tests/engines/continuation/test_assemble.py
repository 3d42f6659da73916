"""Stretches put one after the other."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.seam import blend
from cadenza.engines.embedded.recombine.assemble import assemble
from cadenza.engines.embedded.recombine.quote import Quote
from cadenza.engines.embedded.recombine.separate import Separator
from cadenza.music.quotation import Layer

RATE_HZ = 8000
LEAD_IN_S, FADE_S, MARGIN_S = 0.04, 0.03, 0.006


@pytest.fixture(scope="module")
def noise():
    samples = 0.1 * np.random.default_rng(3).standard_normal((2, 8 * RATE_HZ))
    return Signal(samples.astype(np.float32), RATE_HZ)


def put_together(source, *quotes):
    return assemble(
        quotes,
        frozenset(Layer),
        Separator(source, crossover_hz=500.0),
        rate=RATE_HZ,
        lead_in_s=LEAD_IN_S,
        crossfade_s=FADE_S,
        blend=blend,
        between=lambda: None,
    )


def quote(source_s, at_s, length_s):
    return Quote(source_s=source_s, at_s=at_s, length_s=length_s, gain_db=0.0)


def test_an_attack_is_whole_from_some_milliseconds_before_it(noise):
    sound = put_together(noise, quote(1.0, 0.0, 1.0), quote(5.0, 1.0, 1.0))
    first = round((LEAD_IN_S + 1.0 - MARGIN_S) * RATE_HZ)
    there = round((5.0 - MARGIN_S) * RATE_HZ)
    assert np.array_equal(sound[:, first:], noise.samples[:, there : there + sound.shape[1] - first])


def test_nothing_but_the_crossfade_differs_from_what_is_quoted(noise):
    sound = put_together(noise, quote(1.0, 0.0, 1.0), quote(5.0, 1.0, 1.0))
    count = round((LEAD_IN_S + 1.0 - MARGIN_S - FADE_S) * RATE_HZ)
    start = round((1.0 - LEAD_IN_S) * RATE_HZ)
    assert np.array_equal(sound[:, :count], noise.samples[:, start : start + count])


def test_a_first_stretch_shorter_than_the_crossfade_is_possible(noise):
    sound = assemble(
        (quote(1.0, 0.0, 0.01), quote(5.0, 0.01, 1.0)),
        frozenset(Layer),
        Separator(noise, crossover_hz=500.0),
        rate=RATE_HZ,
        lead_in_s=LEAD_IN_S,
        crossfade_s=0.35,
        blend=blend,
        between=lambda: None,
    )
    assert sound.shape[1] == round((LEAD_IN_S + 1.01) * RATE_HZ)
    assert np.array_equal(sound[:, -RATE_HZ:], noise.samples[:, 5 * RATE_HZ : 6 * RATE_HZ])
