"""What the words and weights of a continuation change, measured on sound; and what is told of it."""

import numpy as np
import pytest

from cadenza.domain.abilities import Fidelity
from cadenza.domain.request import (
    Continuation,
    Controls,
    GenerationRequest,
    Inherited,
    SourceUpload,
    Specified,
    Weight,
)
from cadenza.engines.embedded.continuations.told import honoured_continuation
from cadenza.engines.embedded.mix.soften import softened
from cadenza.engines.embedded.mix.turn import turned
from cadenza.engines.embedded.plan.arrangement import arrange
from cadenza.engines.embedded.plan.direction import Direction, read_direction
from cadenza.engines.embedded.plan.ending import Ending
from cadenza.engines.embedded.plan.leaning import leaning
from cadenza.engines.embedded.songs.libretto import given_words
from cadenza.music.brief import Role

RATE_HZ = 22050


def asked(tags="", avoid="", style_weight=100, **more):
    return GenerationRequest(
        wish=Specified(title="", style=tags, **more),
        tier="v5",
        continuation=Continuation(source=SourceUpload(upload_id="")),
        avoid=avoid,
        controls=Controls(style_weight=Weight(style_weight)),
    )


def strokes(signal):
    """Return the power (dB) of what rises within 6 ms above 2 kHz, from short blocks of the spectrum."""
    mono = signal.samples.mean(axis=0, dtype=np.float64)
    blocks = mono[: len(mono) // 128 * 128].reshape(-1, 128) * np.hanning(128)
    loud = np.abs(np.fft.rfft(blocks, axis=1))[:, 12:].mean(axis=1)
    return 10 * np.log10((np.maximum(0, np.diff(loud)) ** 2).mean() + 1e-12)


@pytest.mark.parametrize(
    ("tags", "what", "wanted"),
    [
        ("calm", "energy", -1),
        ("energetic, faster", "energy", 1),
        ("slower", "pace", -1),
        ("slower", "energy", -1),
        ("brighter", "brightness", 1),
        ("a darker bridge", "brightness", -1),
        ("in minor", "minor", 1),
        ("A major", "minor", -1),
        ("soft rain on the roof", "pace", 0),
    ],
)
def test_words_point_somewhere(tags, what, wanted):
    assert np.sign(getattr(read_direction(asked(tags)), what)) == wanted


def test_what_is_avoided_wins_and_its_moods_pull_the_other_way():
    direction = read_direction(asked("add drums, add strings", avoid="drums, energetic"))
    assert direction.without == {Role.DRUMS}
    assert direction.adds == {Role.PAD}
    assert direction.energy < 0


@pytest.mark.parametrize("tags", ["no drums", "remove the drums", "drumless", "without percussion"])
def test_there_are_many_ways_to_want_no_drums(tags):
    assert read_direction(asked(tags)).without == {Role.DRUMS}


def test_an_inherited_style_asks_for_nothing():
    assert read_direction(asked("calm, no drums", style_is_inherited=True)).is_neutral


def test_the_style_weight_scales_what_is_done():
    tilts = [read_direction(asked("brighter", style_weight=w)).tilt_db for w in (0, 50, 100)]
    assert tilts[0] == 0
    assert tilts[0] < tilts[1] < tilts[2]


def test_the_audio_weight_hands_over_from_the_source_without_a_dip():
    stay = Direction(strength=0.0)
    plans = [arrange(stay, closeness=w / 100, has_drums=True) for w in range(0, 101, 5)]
    shares = np.array([[plan.body, plan.colour, plan.pulse] for plan in plans]) ** 2
    assert (np.diff(shares, axis=0) >= 0).all()
    assert shares[0].max() == 0
    assert shares[10:].min() == 1
    for plan, share in zip(plans[1:], shares[1:], strict=True):
        joined = [plan.joining.get(role, 0) ** 2 for role in (Role.BASS, Role.CHORDS, Role.DRUMS)]
        assert share + joined == pytest.approx(1)


def test_bars_in_minor_cost_less_where_minor_is_wanted(portrait):
    prices = leaning(portrait, read_direction(asked("minor")))
    is_minor = portrait.chords[: portrait.beat_count] >= 12
    assert prices[is_minor].mean() < prices[~is_minor].mean()


def test_softening_takes_a_stroke_and_leaves_a_tone():
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = (0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[None]
    stroke = np.zeros_like(tone)
    noise = np.random.default_rng(0).standard_normal(2000) * np.exp(-np.arange(2000) / 400)
    stroke[0, 40000:42000] = 0.2 * noise
    both = softened(tone + stroke, 1.0, RATE_HZ)
    left, alone = both - softened(tone, 1.0, RATE_HZ), softened(tone, 1.0, RATE_HZ)
    inside = slice(RATE_HZ, 3 * RATE_HZ)
    assert np.sum(left**2) < 0.05 * np.sum(stroke**2)
    assert np.std(alone[0, inside]) == pytest.approx(np.std(tone[0, inside]), rel=0.1)


def test_a_turn_of_tone_comes_in_slowly_and_makes_nothing_louder():
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 10 * RATE_HZ)).astype(np.float32)
    dark = turned(noise, tilt_db=-7, level_db=0, lead_in_s=0.04, rate=RATE_HZ)
    assert np.array_equal(dark[:, :500], noise[:, :500])
    assert np.std(dark[0, 5 * RATE_HZ :]) == pytest.approx(np.std(noise), rel=0.1)


def test_no_drums_are_gone_and_calm_is_calmer(piece, portrait, take, go_on):
    without = go_on(piece, seconds=6.0, portrait=portrait, direction=read_direction(asked(avoid="drums")))
    calm = go_on(piece, seconds=6.0, portrait=portrait, direction=read_direction(asked("calm")))
    assert strokes(without.new_part) < strokes(take.new_part) - 6
    assert strokes(calm.new_part) < strokes(take.new_part) - 3
    assert np.std(calm.new_part.samples) < np.std(take.new_part.samples)


def test_added_drums_strike_on_the_beats_of_the_source(song, go_on):
    source = song(bars=8, drums=False)
    plain = go_on(source, seconds=6.0)
    drums = go_on(source, seconds=6.0, direction=read_direction(asked("add drums")))
    assert not drums.has_drums
    assert drums.joined_by == {Role.DRUMS}
    assert strokes(drums.new_part) > strokes(plain.new_part) + 6
    added = np.abs(drums.new_part.samples[0] - plain.new_part.samples[0])
    blocks = added[: len(added) // 88 * 88].reshape(-1, 88).max(axis=1)  # of 4 ms
    before = np.array([blocks[max(0, i - 8) : i].max(initial=0) for i in range(len(blocks))])
    begins_s = np.flatnonzero((blocks > 0.2 * blocks.max()) & (blocks > 2 * before)) * 88 / RATE_HZ
    off_s = (begins_s + 0.0625) % 0.125 - 0.0625
    assert len(begins_s) > 10
    assert np.median(np.abs(off_s)) < 0.012


def test_at_no_audio_weight_nothing_of_the_source_sounds_but_its_beats_and_level(
    piece, portrait, take, go_on
):
    free = go_on(piece, seconds=6.0, portrait=portrait, controls=Controls(audio_weight=Weight(0)))
    assert not free.quoted
    assert {Role.BASS, Role.CHORDS, Role.DRUMS} <= free.joined_by
    assert np.std(free.new_part.samples) == pytest.approx(np.std(piece.samples), rel=0.3)


def told(request, portrait, take):
    return honoured_continuation(
        request, portrait, Ending.OPEN, given_words(request), read_direction(request), take
    )


def test_it_is_told_what_was_done_and_what_cannot_be(portrait, take):
    honoured = told(asked("calmer, brighter, xylocarp", avoid="drums, vocals"), portrait, take)
    assert honoured["style"].fidelity is Fidelity.APPROXIMATE
    assert "calmer; brighter" in honoured["style"].reason
    assert "xylocarp" in honoured["style"].reason
    assert "drums taken out" in honoured["negative_tags"].reason
    assert "cannot be taken out: vocals" in honoured["negative_tags"].reason


def test_words_that_change_nothing_are_told_as_ignored(portrait, take):
    plain = GenerationRequest(
        wish=Inherited(prompt="xylocarp"),
        tier="v5",
        continuation=Continuation(source=SourceUpload(upload_id="")),
        avoid="guitar",
    )
    honoured = told(plain, portrait, take)
    assert honoured["prompt"].fidelity is Fidelity.IGNORED
    assert honoured["negative_tags"].fidelity is Fidelity.IGNORED
