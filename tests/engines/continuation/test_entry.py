"""Where the new part enters: steps over the join in the recording's own measure."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.plan.levels import openness
from cadenza.engines.embedded.plan.steps import steps_to

RATE_HZ = 22050


@pytest.fixture(scope="module")
def moments(portrait):
    return portrait.moments


def steps(moments, places_s, *, seam_s=20.0, gain_db=0.0):
    return steps_to(np.array(places_s), moments, seam_s, np.full(len(places_s), gain_db))


def test_playing_on_is_a_step_as_the_recording_makes_them(moments):
    assert steps(moments, [20.0]).worst[0] <= 1.3


def test_a_louder_entry_is_a_larger_step_of_level_and_a_harder_attack(moments):
    as_it_is, louder = (steps(moments, [12.0], gain_db=gain_db) for gain_db in (0.0, 9.0))
    assert louder.level[0] > as_it_is.level[0] + 1
    assert louder.attack[0] > as_it_is.attack[0]
    assert louder.timbre[0] == as_it_is.timbre[0]


def test_the_same_chord_is_a_smaller_step_of_harmony_than_a_foreign_one(moments):
    # The round has four chords of one bar (2 s) each: after bar 10 comes bar 10 again every 8 s.
    same, foreign = steps(moments, [18.0, 14.0], seam_s=18.0 + 1.0).harmony
    assert same < foreign


def test_what_lies_after_the_seam_does_not_matter_but_for_the_places(piece, portrait):
    cut = listen(piece.between(0, 19.98))
    known, unknown = (steps(m, [4.0], seam_s=19.98).level for m in (portrait.moments, cut.moments))
    assert known == pytest.approx(unknown, abs=0.03)


def test_too_little_before_the_seam_to_compare_with_is_no_step(moments):
    assert steps(moments, [4.0], seam_s=0.3).worst.tolist() == [0.0]


@pytest.mark.parametrize(("fall_db", "expected"), [(0.0, 1.0), (30.0, 0.0)])
def test_music_is_open_until_it_has_rung_out(song, fall_db, expected):
    music = song(bars=14)
    down = np.ones(music.sample_count)
    down[-2 * RATE_HZ :] = 10 ** (np.linspace(0, -fall_db, 2 * RATE_HZ) / 20)
    source = Signal((music.samples * down).astype(np.float32), RATE_HZ)
    assert openness(listen(source), 28.0) == pytest.approx(expected, abs=0.05)


def sectioned(song):
    """Eight soft bars, sixteen that are 12 dB louder, and the soft ones again, cut early in the third."""
    soft, loud = song(bars=8), song(bars=16, seed=1)
    quiet = soft.samples * 10 ** (-12 / 20)
    return Signal(np.concatenate([quiet, loud.samples, quiet[:, : round(4.4 * RATE_HZ)]], axis=1), RATE_HZ)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_level_does_not_step_at_the_join(song, go_on, seed):
    source = sectioned(song)
    take = go_on(source, seconds=8.0, seed=seed)
    before, after = (
        take.signal.between(take.joined_at_s + first_s, take.joined_at_s + first_s + 2).samples
        for first_s in (-2, 0)
    )
    step_db = 10 * np.log10((after**2).mean() / (before**2).mean())
    assert abs(step_db) < 6
