"""Endings, where they are asked for."""

import numpy as np
import pytest

from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified
from cadenza.engines.embedded.plan.ending import Ending, wanted_ending
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.music.dice import Dice

RATE_HZ = 22050
BAR_S = 2.0


def level_db(signal, first_s, last_s):
    piece = signal.between(first_s, last_s).samples.astype(np.float64)
    return 10 * np.log10((piece**2).mean() + 1e-12)


def request(wish):
    return GenerationRequest(wish=wish, tier="any")


def with_lyrics(lyrics):
    return Specified(title="", style="folk", lyrics=lyrics)


@pytest.mark.parametrize(
    ("wish", "ending"),
    [
        (with_lyrics("[Verse]\nover the hill\n[Outro]\nhome"), Ending.CADENCE),
        (with_lyrics("[Chorus]\nhome\n[End]"), Ending.CADENCE),
        (with_lyrics("[Fade Out]"), Ending.FADE),
        (with_lyrics("[Verse]\nthe ending of the day"), Ending.OPEN),
        (Described(prompt="more of it, with an ending"), Ending.CADENCE),
        (Described(prompt="a calm outro that fades out"), Ending.FADE),
        (Described(prompt="never-ending groove, no outro"), Ending.OPEN),
        (Inherited(), Ending.OPEN),
        (Inherited(prompt="[Outro]"), Ending.CADENCE),
    ],
)
def test_an_ending_is_what_the_words_ask_for(wish, ending, portrait):
    assert wanted_ending(request(wish), portrait) is ending


@pytest.fixture(scope="module")
def closed(piece, portrait, go_on):
    return go_on(piece, seconds=17.5, portrait=portrait, ending=Ending.CADENCE)


def test_a_cadence_ends_on_the_tonic_bar_of_the_source(piece, portrait):
    journey = plan_journey(
        portrait,
        seam_s=piece.duration_s,
        seconds=17.5,
        character=Character(closeness=0.5, weirdness=0.5),
        dice=Dice(1, 0),
        ending=Ending.CADENCE,
    )
    # The round is Am F C G: bars 0, 4, 8 and 12 are on the tonic of A minor.
    assert round(journey.body[-1].start / 4) % 4 == 0
    assert {spans[-1].start for spans in (journey.body, journey.colour, journey.pulse)} == {
        journey.body[-1].start
    }
    assert journey.home_s == pytest.approx(14.0, abs=0.1)


def test_a_cadence_rings_out_to_silence_within_the_asked_length(piece, closed):
    end_s = closed.signal.duration_s
    assert end_s == pytest.approx(piece.duration_s + 17.5, abs=0.002)
    home_s = piece.duration_s + 14.0
    assert level_db(closed.signal, home_s, home_s + 0.5) > level_db(piece, 0, 28) - 6
    falling = [level_db(closed.signal, at, at + 0.3) for at in np.arange(home_s + 1, end_s - 0.3, 0.4)]
    assert falling == sorted(falling, reverse=True)
    assert level_db(closed.signal, end_s - 0.2, end_s) < -60


def test_until_its_end_a_take_with_a_cadence_is_the_take_without(piece, portrait, closed, go_on):
    opened = go_on(piece, seconds=17.5, portrait=portrait)
    until = round((piece.duration_s + 8) * RATE_HZ)
    assert np.allclose(closed.signal.samples[:, :until], opened.signal.samples[:, :until], atol=0.05)


def test_a_fade_falls_evenly_over_the_last_seconds(piece, portrait, go_on):
    take = go_on(piece, seconds=18.0, portrait=portrait, ending=Ending.FADE)
    end_s = take.signal.duration_s
    bars = [level_db(take.signal, at, at + BAR_S) for at in (end_s - 8, end_s - 4, end_s - 2)]
    assert bars[0] > bars[1] + 2 > bars[2] + 6
    assert level_db(take.signal, end_s - 0.1, end_s) < -50


@pytest.mark.parametrize("seconds", [2.0, 5.0])
def test_a_very_short_part_may_end_too(piece, portrait, go_on, seconds):
    take = go_on(piece, seconds=seconds, portrait=portrait, ending=Ending.CADENCE)
    assert take.new_part.duration_s == pytest.approx(seconds, abs=0.002)
    assert np.isfinite(take.signal.samples).all()
