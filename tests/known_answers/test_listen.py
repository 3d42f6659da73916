"""Listening to sounds whose tempo, metre, key and extent are known because they were made so."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.errors import SourceUnusable
from cadenza.engines.embedded.listen import listen
from cadenza.music.portrait import NO_CHORD

RATE_HZ = 22050
A_MINOR, D_MINOR, E_MAJOR, F_MAJOR = (57, 60, 64), (50, 53, 57), (52, 56, 59), (53, 57, 60)


def seconds(length_s):
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def mono(samples):
    return Signal(np.asarray(samples, dtype=np.float32)[None], RATE_HZ)


def clicks(bpm, length_s, accent_every=4):
    out = np.zeros(round(length_s * RATE_HZ))
    click = np.random.default_rng(0).standard_normal(600) * np.exp(-np.arange(600) / 120)
    boom = np.sin(2 * np.pi * 70 * np.arange(2400) / RATE_HZ) * np.exp(-np.arange(2400) / 700)
    for beat, at_s in enumerate(np.arange(0.2, length_s - 0.2, 60 / bpm)):
        first = round(at_s * RATE_HZ)
        out[first : first + 600] += 0.3 * click
        if beat % accent_every == 0:
            out[first : first + 2400] += 0.8 * boom
    return out


def note(midi, length_s):
    t = seconds(length_s)
    hz = 440 * 2 ** ((midi - 69) / 12)
    return sum(np.sin(2 * np.pi * hz * k * t) / k**1.5 for k in range(1, 6)) * np.exp(-t / 0.8)


def progression(chords, bar_s, bars, tuning_semitones=0.0):
    bar = [sum(note(midi + tuning_semitones, bar_s) for midi in chord) for chord in chords]
    return 0.1 * np.concatenate([bar[i % len(bar)] for i in range(bars)])


@pytest.mark.parametrize("bpm", [72, 97, 128, 165])
def test_clicks_are_found_at_their_tempo(bpm):
    pulse = listen(mono(clicks(bpm, 24))).pulse
    assert pulse.steady
    assert pulse.bpm == pytest.approx(bpm, rel=0.005)


def test_beats_lie_on_the_clicks():
    beats_s = listen(mono(clicks(97, 24))).pulse.beats_s
    inside = beats_s[(beats_s > 1) & (beats_s < 22)]
    period_s = 60 / 97
    off_s = (inside - 0.2 + period_s / 2) % period_s - period_s / 2
    assert np.abs(off_s).max() < 0.02


def strokes(heights, spacing_s, length_s):
    """Noise strokes of recurring heights at an even spacing."""
    out = np.zeros(round(length_s * RATE_HZ))
    stroke = np.random.default_rng(0).standard_normal(1200) * np.exp(-np.arange(1200) / 250)
    for i, at_s in enumerate(np.arange(0.2, length_s - 0.2, spacing_s)):
        first = round(at_s * RATE_HZ)
        out[first : first + 1200] += heights[i % len(heights)] * stroke
    return out


def test_a_crawling_pulse_with_strong_quarters_is_counted_in_halves():
    syncopated = strokes((0.6, 0.05, 0.02, 0.06), 0.25, 30)
    assert listen(mono(syncopated)).pulse.bpm == pytest.approx(120, rel=0.01)


def test_a_slow_pulse_with_nothing_between_stays_slow():
    assert listen(mono(clicks(58, 40))).pulse.bpm == pytest.approx(58, rel=0.01)


def test_the_bar_begins_where_the_bass_strikes():
    portrait = listen(mono(clicks(120, 24)))
    downbeats_s = portrait.pulse.beats_s[portrait.downbeats]
    off_s = (downbeats_s - 0.2 + 1) % 2 - 1
    assert portrait.metre.beats_per_bar == 4
    assert np.abs(off_s).max() < 0.03


def test_a_waltz_has_three_beats():
    chords = [A_MINOR, D_MINOR, E_MAJOR, A_MINOR]
    music = progression(chords, 3 * 0.4, 20)
    strokes = clicks(150, len(music) / RATE_HZ, accent_every=3)[round(0.2 * RATE_HZ) :]
    music[: len(strokes)] += strokes
    assert listen(mono(music)).metre.beats_per_bar == 3


def test_a_progression_in_a_minor_tells_its_key_and_chords():
    portrait = listen(mono(progression([A_MINOR, D_MINOR, E_MAJOR, A_MINOR], 2.0, 12)))
    assert str(portrait.key) == "A minor"
    middle = [round(portrait.beat_position(2.0 * bar + 1.0)) for bar in range(4)]
    assert [int(portrait.chords[i]) for i in middle] == [12 + 9, 12 + 2, 4, 12 + 9]


def test_tuning_is_heard_to_five_cents():
    portrait = listen(mono(progression([A_MINOR, F_MAJOR], 2.0, 6, tuning_semitones=0.3)))
    assert portrait.tuning_semitones == pytest.approx(0.3, abs=0.05)


def test_music_ends_before_trailing_silence():
    music = progression([A_MINOR, F_MAJOR], 2.0, 8)
    portrait = listen(mono(np.concatenate([music, np.zeros(6 * RATE_HZ)])))
    assert portrait.music_end_s == pytest.approx(16.0, abs=0.6)


def test_music_ends_where_its_fade_begins_to_be_low():
    music = clicks(120, 40) + progression([A_MINOR, F_MAJOR], 2.0, 20)
    fade = np.clip((40 - seconds(40)) / 8, 0, 1) ** 2
    portrait = listen(mono(music * fade))
    assert 31 < portrait.music_end_s < 38


@pytest.mark.parametrize("gain_db", [-15, -18, -22])
def test_a_soft_last_section_is_no_fade(gain_db):
    music = progression([A_MINOR, F_MAJOR], 2.0, 20)
    softly = np.where(seconds(40) < 32, 1.0, 10 ** (gain_db / 20))
    assert listen(mono(music * softly)).music_end_s == pytest.approx(40.0, abs=1.0)


@pytest.mark.parametrize("fade_s", [4, 8, 12])
def test_fades_of_any_length_are_found(fade_s):
    music = progression([A_MINOR, F_MAJOR], 2.0, 20)
    fade = np.clip((40 - seconds(40)) / fade_s, 0, 1) ** 2
    assert listen(mono(music * fade)).music_end_s < 40 - fade_s / 4


def test_a_pad_without_beats_is_not_steady_and_still_has_a_grid():
    t = seconds(20)
    pad = 0.1 * sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 261.63, 329.63))
    portrait = listen(mono(pad))
    assert not portrait.pulse.steady
    assert portrait.beat_count > 20


def test_noise_has_no_pulse():
    noise = 0.1 * np.random.default_rng(0).standard_normal(20 * RATE_HZ)
    assert not listen(mono(noise)).pulse.steady


def test_silence_is_refused_with_a_reason():
    with pytest.raises(SourceUnusable, match="silent"):
        listen(mono(np.zeros(10 * RATE_HZ)))


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_a_click_in_silence_is_not_taken_for_music(offset):
    samples = np.full(10 * RATE_HZ, offset)
    samples[5 * RATE_HZ] += 0.5
    with pytest.raises(SourceUnusable, match="silent but for a few clicks"):
        listen(mono(samples))


def test_a_second_of_music_is_refused_with_its_length():
    with pytest.raises(SourceUnusable, match=r"1\.0 s"):
        listen(mono(clicks(120, 1.0)))


@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_the_rate_of_the_recording_does_not_change_what_is_heard(rate_hz):
    t = np.arange(round(20 * rate_hz)) / rate_hz
    beat = 0.3 * np.sin(2 * np.pi * 440 * t) * np.exp(-(t % 0.6) / 0.1)
    portrait = listen(Signal(beat.astype(np.float32)[None], rate_hz))
    assert portrait.pulse.bpm == pytest.approx(100, rel=0.005)
    assert np.isfinite(portrait.views.timbre).all()
    assert ((portrait.chords >= 0) & (portrait.chords <= NO_CHORD)).all()


def test_positions_in_beats_and_seconds_are_inverse():
    portrait = listen(mono(clicks(97, 12)))
    for time_s in (0.0, 1.234, 7.7, 11.9):
        assert portrait.seconds_at(portrait.beat_position(time_s)) == pytest.approx(time_s, abs=1e-9)
