"""What a continuation promises, on synthesised pieces."""

from itertools import pairwise

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.errors import SourceUnusable, Stopped
from cadenza.domain.request import Controls, Weight
from cadenza.engines.embedded.listen import listen
from cadenza.music.quotation import Layer

RATE_HZ = 22050
FADE_S = 0.04


def level_db(samples):
    return 10 * np.log10((samples.astype(np.float64) ** 2).mean() + 1e-12)


def pad(rate_hz=RATE_HZ, length_s=20.0):
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    sines = [np.sin(2 * np.pi * hz * t + i) for i, hz in enumerate((220.0, 277.18, 329.63))]
    return Signal((0.15 * sum(sines)).astype(np.float32)[None], rate_hz)


def test_the_source_is_kept_bit_by_bit_up_to_the_crossfade(piece, take):
    kept = round((take.joined_at_s - FADE_S) * piece.sample_rate)
    assert np.array_equal(take.signal.samples[:, :kept], piece.samples[:, :kept])


def test_the_take_has_the_asked_length_and_the_layout_of_its_source(piece, take):
    assert take.signal.duration_s == pytest.approx(piece.duration_s + 20.0, abs=0.002)
    assert take.new_part.duration_s == pytest.approx(20.0, abs=0.002)
    assert (take.signal.sample_rate, take.signal.channel_count) == (RATE_HZ, 2)


def test_the_new_part_is_the_end_of_the_joined_take(take):
    length = take.new_part.sample_count
    assert np.array_equal(take.signal.samples[:, -length:], take.new_part.samples)


def test_the_tempo_goes_on_across_the_join(piece, take):
    beats_s = listen(take.signal).pulse.beats_s
    inside = beats_s[(beats_s > 1) & (beats_s < take.signal.duration_s - 1)]
    off_s = (inside + 0.25) % 0.5 - 0.25
    assert take.bpm == pytest.approx(120, rel=0.005)
    assert np.abs(off_s).max() < 0.03


def test_beats_lie_where_sounds_begin(portrait):
    inside = portrait.pulse.beats_s[(portrait.pulse.beats_s > 1) & (portrait.pulse.beats_s < 27)]
    assert abs(((inside + 0.25) % 0.5 - 0.25).mean()) < 0.003


def test_the_level_and_the_peak_of_the_source_are_held(piece, take):
    last = piece.between(piece.duration_s - 20, piece.duration_s)
    assert level_db(take.new_part.samples) == pytest.approx(level_db(last.samples), abs=1.5)
    assert np.abs(take.signal.samples).max() <= np.abs(piece.samples).max()


def best_match(piece, new_part, first_s, length_s):
    """Return lag (s) and height of the best normalised correlation of a stretch with the source."""
    old = piece.samples.mean(axis=0, dtype=np.float64)
    rate = piece.sample_rate
    stretch = new_part.samples.mean(axis=0, dtype=np.float64)
    stretch = stretch[round(first_s * rate) : round((first_s + length_s) * rate)]
    size = len(old) + len(stretch)
    match = np.fft.irfft(np.fft.rfft(old, size) * np.conj(np.fft.rfft(stretch, size)), size)
    match = match[: len(old) - len(stretch)]
    energy = np.concatenate([[0], np.cumsum(old**2)])
    energy = energy[len(stretch) : len(stretch) + len(match)] - energy[: len(match)]
    match = match / np.sqrt(energy * (stretch**2).sum() + 1e-9)
    best = int(match.argmax())
    return piece.duration_s + first_s - best / rate, float(match[best])


def test_a_continuation_is_not_the_last_bars_looped(piece, take):
    found = [best_match(piece, take.new_part, first_s, 2.0) for first_s in range(0, 18, 2)]
    lags_s = [round(lag_s, 1) for lag_s, _ in found]
    assert max(lags_s.count(lag_s) for lag_s in lags_s) <= 5
    assert np.mean([height for _, height in found]) < 0.97


def test_the_same_seed_gives_the_same_bytes(piece, portrait, take, go_on):
    again = go_on(piece, seconds=20.0)
    assert again.signal.samples.tobytes() == take.signal.samples.tobytes()


def test_two_takes_are_different_ideas(piece, portrait, take, go_on):
    other = go_on(piece, seconds=20.0, take=1, portrait=portrait)
    ours, theirs = (t.new_part.samples.mean(axis=0)[: 20 * RATE_HZ] for t in (take, other))
    alike = [
        abs(np.corrcoef(ours[at : at + RATE_HZ], theirs[at : at + RATE_HZ])[0, 1]) > 0.97
        for at in range(0, 19 * RATE_HZ, RATE_HZ)
    ]
    assert np.mean(alike) <= 0.5


def test_another_seed_is_another_take(piece, portrait, take, go_on):
    other = go_on(piece, seconds=20.0, seed=2, portrait=portrait)
    assert not np.array_equal(other.new_part.samples, take.new_part.samples)


def test_the_join_in_a_pad_does_not_click(go_on):
    source = pad()
    joined = go_on(source, seconds=8.0, from_s=13.337).signal.samples[0].astype(np.float64)
    bend = np.abs(np.diff(joined, 3))
    seam = round(13.337 * RATE_HZ)
    usual = np.abs(np.diff(source.samples[0].astype(np.float64), 3)).max()
    assert bend[seam - 2000 : seam + 2000].max() < 1.6 * usual


def test_a_pad_keeps_its_level_through_all_joins(go_on):
    take = go_on(pad(), seconds=10.0)
    power = (take.new_part.samples[0].astype(np.float64) ** 2)[: 9 * RATE_HZ].reshape(-1, RATE_HZ // 5)
    assert np.ptp(10 * np.log10(power.mean(axis=1))) < 8
    assert take.bpm is None


@pytest.mark.parametrize(
    ("rate_hz", "channels", "length_s", "from_s"),
    [(8000, 1, 20.0, 15.0), (48000, 2, 12.0, 12.0), (22050, 1, 5.0, 5.0), (22050, 1, 2.8, 2.8)],
)
def test_any_rate_and_short_sources_go_on(rate_hz, channels, length_s, from_s, go_on, song):
    source = song(bars=10, rate_hz=rate_hz, channels=channels).between(0, length_s)
    take = go_on(source, seconds=6.0, from_s=from_s)
    assert take.signal.duration_s == pytest.approx(from_s + 6.0, abs=0.01)
    assert np.isfinite(take.signal.samples).all()
    assert level_db(take.new_part.samples) == pytest.approx(level_db(source.samples), abs=3)


@pytest.mark.parametrize("from_s", [0.0, 0.5])
def test_a_seam_at_the_very_start_draws_on_what_follows(piece, portrait, from_s, go_on):
    take = go_on(piece, seconds=6.0, from_s=from_s, portrait=portrait)
    assert take.signal.duration_s == pytest.approx(from_s + 6.0, abs=0.01)
    assert level_db(take.new_part.samples) > level_db(piece.samples) - 3


def test_noise_goes_on_as_noise(go_on):
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 10 * RATE_HZ))
    take = go_on(Signal(noise.astype(np.float32), RATE_HZ), seconds=5.0)
    assert level_db(take.new_part.samples) == pytest.approx(-20, abs=1.5)
    assert (take.bpm, take.key) == (None, None)


def test_silence_cannot_be_continued(go_on):
    with pytest.raises(SourceUnusable):
        go_on(Signal(np.zeros((2, 10 * RATE_HZ), dtype=np.float32), RATE_HZ))


def test_without_a_place_the_music_goes_on_from_a_bar_line_in_whole_phrases(piece, portrait, go_on):
    take = go_on(piece, seconds=None, from_s=None, portrait=portrait)
    bar_s = 2.0  # four beats at 120 bpm
    assert take.joined_at_s == pytest.approx(piece.duration_s, abs=0.05)
    assert 40 <= take.new_part.duration_s <= 90
    phrases = take.new_part.duration_s / (8 * bar_s)
    assert phrases == pytest.approx(round(phrases), abs=0.01)


def test_after_trailing_silence_the_music_goes_on_at_its_level(go_on, song):
    music = song(bars=10)
    silent_end = Signal(np.pad(music.samples, ((0, 0), (0, 4 * RATE_HZ))), RATE_HZ)
    take = go_on(silent_end, seconds=6.0)
    assert level_db(take.new_part.samples) == pytest.approx(level_db(music.samples), abs=3)


def test_a_cancelled_continuation_stops(piece, portrait, go_on):
    with pytest.raises(Stopped):
        go_on(piece, portrait=portrait, should_stop=lambda: True)


def test_a_continuation_asks_often_whether_to_stop(piece, portrait, go_on):
    asked = []
    go_on(piece, seconds=6.0, portrait=portrait, should_stop=lambda: bool(asked.append(1)))
    assert len(asked) > 6


def test_the_preview_is_the_whole_take_in_order_and_gapless(piece, portrait, go_on):
    chunks = []
    take = go_on(piece, seconds=6.0, portrait=portrait, preview=chunks.append)
    assert np.array_equal(np.concatenate([c.samples for c in chunks], axis=1), take.signal.samples)
    assert chunks[0].duration_s <= 5.0


def test_progress_never_goes_back_and_ends_at_one(piece, portrait, go_on):
    heard = []
    go_on(piece, seconds=6.0, portrait=portrait, progress=lambda *told: heard.append(told[1]))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_weirdness_changes_the_path(piece, portrait, go_on):
    tame, wild = (
        go_on(piece, portrait=portrait, controls=Controls(weirdness=Weight(h))).new_part.samples
        for h in (0, 100)
    )
    assert not np.array_equal(tame, wild)


def test_what_sounds_is_told_stretch_by_stretch(take, piece):
    for layer in Layer:
        stretches = [one for one in take.quoted if one.layer is layer]
        assert stretches[0].at_s == take.joined_at_s
        for one, following in pairwise(stretches):
            assert following.at_s == pytest.approx(one.at_s + one.length_s, abs=1e-6)
        assert stretches[-1].at_s + stretches[-1].length_s == pytest.approx(take.signal.duration_s, abs=1e-3)
        assert all(-0.1 < one.source_s < piece.duration_s for one in stretches)
