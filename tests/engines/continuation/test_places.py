"""Where a new part may go: before a recording, in the place of a section, after a continuation."""

import numpy as np
import pytest

from cadenza.audio.loudness import integrated_lufs
from cadenza.domain.errors import SourceUnusable
from cadenza.domain.request import Controls, Side, Weight
from cadenza.engines.embedded.continuations.mirror import mirrored_portrait
from cadenza.engines.embedded.listen import listen

RATE_HZ, FADE = 22050, round(0.04 * 22050)


@pytest.fixture(scope="module")
def lead_in(piece, portrait, go_on):
    return go_on(piece, seconds=8.0, from_s=None, portrait=portrait, side=Side.LEFT)


def beats_off_s(signal, joined_at_s, beat_s=0.5):
    beats_s = listen(signal).pulse.beats_s
    inside = beats_s[(beats_s > 1) & (beats_s < signal.duration_s - 1)] - joined_at_s
    return np.abs((inside + beat_s / 2) % beat_s - beat_s / 2)


def tilt_db(signal):
    power = (np.abs(np.fft.rfft(signal.samples, axis=1)) ** 2).sum(axis=0)
    high = np.fft.rfftfreq(signal.sample_count, 1 / signal.sample_rate) > 1000
    return 10 * np.log10(power[high].sum() / power[~high].sum())


def test_a_lead_in_comes_first_and_the_source_stays_as_it_is(piece, lead_in):
    assert lead_in.joined_at_s == pytest.approx(8.0, abs=0.001)
    assert lead_in.signal.duration_s == pytest.approx(piece.duration_s + 8.0, abs=0.002)
    kept = lead_in.signal.samples[:, lead_in.new_part.sample_count + FADE :]
    assert np.array_equal(kept, piece.samples[:, -kept.shape[1] :])


def test_a_lead_in_is_in_time_and_not_backwards(lead_in):
    assert beats_off_s(lead_in.signal, lead_in.joined_at_s).max() < 0.03
    power = (lead_in.new_part.samples.mean(axis=0)[: 7 * RATE_HZ] ** 2).reshape(-1, 147).mean(axis=1)
    rises = np.diff(10 * np.log10(power + 1e-9))
    assert (rises**3).mean() > 0  # struck notes rise fast and fall slowly


def test_what_was_quoted_for_a_lead_in_is_told_in_the_time_of_the_song(piece, lead_in):
    rate = piece.sample_rate
    longest = max((q for q in lead_in.quoted if q.layer.value == "body"), key=lambda q: q.length_s)
    middle_s, width = longest.length_s / 2, rate // 4
    there, here = (round((s + middle_s) * rate) for s in (longest.source_s, longest.at_s))
    old = piece.samples[0, there - width : there + width]
    new = lead_in.signal.samples[0, here - width : here + width]
    assert np.corrcoef(old, new)[0, 1] > 0.6


def test_a_mirror_of_a_mirror_shows_the_same(portrait):
    twice = mirrored_portrait(mirrored_portrait(portrait))
    assert np.allclose(twice.pulse.beats_s, portrait.pulse.beats_s)
    assert twice.metre == portrait.metre
    assert np.array_equal(twice.views.timbre, portrait.views.timbre)
    assert np.array_equal(twice.chords, portrait.chords[: portrait.beat_count])


def test_players_of_ours_play_forwards_in_a_lead_in(piece, portrait, go_on):
    free = Controls(audio_weight=Weight(0))
    take = go_on(piece, seconds=6.0, from_s=None, portrait=portrait, side=Side.LEFT, controls=free)
    assert beats_off_s(take.signal, take.joined_at_s).max() < 0.04


@pytest.mark.parametrize(("from_s", "until_s"), [(18.1, 24.0), (0.0, 5.0)])
def test_a_section_is_exchanged_and_nothing_else(piece, portrait, go_on, from_s, until_s):
    take = go_on(piece, seconds=None, from_s=from_s, until_s=until_s, portrait=portrait)
    first, last = (round(s * RATE_HZ) for s in (from_s, until_s))
    after = slice(last if from_s else last + FADE, None)
    assert take.signal.sample_count == piece.sample_count
    before = slice(0, max(0, first - FADE))
    assert np.array_equal(take.signal.samples[:, before], piece.samples[:, before])
    assert np.array_equal(take.signal.samples[:, after], piece.samples[:, after])
    inside = slice(first + FADE, last - FADE)
    assert not np.allclose(take.signal.samples[:, inside], piece.samples[:, inside], atol=0.01)


def test_what_is_exchanged_is_not_quoted(piece, portrait, go_on):
    take = go_on(piece, seconds=None, from_s=8.0, until_s=14.0, portrait=portrait)
    for one in take.quoted:
        assert one.source_s + one.length_s < 8.1 or one.source_s > 13.9


def test_a_section_outside_the_recording_is_refused(piece, portrait, go_on):
    with pytest.raises(SourceUnusable, match=r"inside the 28.00 s"):
        go_on(piece, seconds=None, from_s=27.9, until_s=40.0, portrait=portrait)


def test_only_the_context_is_quoted(piece, portrait, go_on):
    take = go_on(piece, seconds=6.0, context_s=14.0, portrait=portrait)
    assert min(one.source_s for one in take.quoted) > 28.0 - 14.0 - 2.1


@pytest.mark.parametrize("from_s", [21.8])
def test_a_join_amid_a_phrase_lies_on_the_grid_without_a_gap(piece, portrait, go_on, from_s):
    take = go_on(piece, seconds=6.0, from_s=from_s, portrait=portrait)
    assert beats_off_s(take.signal, 0.0).max() < 0.03
    around = take.signal.between(from_s - 0.5, from_s + 0.5).samples.mean(axis=0)
    blocks = (around[: len(around) // 441 * 441].reshape(-1, 441) ** 2).mean(axis=1)
    assert blocks.min() > 1e-3 * blocks.mean()


def test_a_continuation_that_is_continued_three_times_stays_what_it_was(piece, go_on):
    song, parts, tempi = piece, [], []
    for generation in range(4):
        take = go_on(song, seconds=6.0, seed=generation)
        song = take.signal
        parts.append(take.new_part)
        tempi.append(take.bpm)
    loudness = [integrated_lufs(part) for part in parts]
    assert np.ptp(loudness) < 1.0
    assert np.ptp([tilt_db(part) for part in parts]) < 1.0
    assert np.ptp(tempi) < 0.01 * tempi[0]
