"""A continuation with words: the voice is in the source's key and time, above a backing that makes room."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as dsp

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Fidelity
from cadenza.domain.request import (
    Continuation,
    Described,
    GenerationRequest,
    SourceUpload,
    Specified,
    Voice,
)
from cadenza.engines.embedded.continuations.singing_on import Song, sing_over
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.engines.embedded.plan.sung_path import path_over, seconds_for
from cadenza.engines.embedded.recombine.quote import beat_marks
from cadenza.engines.embedded.songs.libretto import given_words
from cadenza.engines.protocol import Order
from cadenza.music.dice import Dice

LYRICS = "Walking down the empty street tonight\nEvery window holds a little light\n"
A_MINOR = {9, 11, 0, 2, 4, 5, 7}


def asked(lyrics=LYRICS, *, voice=Voice.FEMALE, seconds=16.0, wish=None, from_s=None):
    return GenerationRequest(
        wish=wish or Specified(title="Street", style="pop", lyrics=lyrics),
        tier="v5",
        voice=voice,
        duration_s=seconds,
        continuation=Continuation(source=SourceUpload(upload_id="u"), from_s=from_s),
    )


class Silent:
    def planned(self, plan):
        pass

    def progress(self, stage, fraction):
        pass

    def preview(self, take_index, chunk):
        pass

    def should_stop(self):
        return False


def rendered(source, request, *, seed=3):
    (made,) = EmbeddedEngine().render(
        Order(request=request, seed=seed, source=source, take_indices=(0,)), Silent()
    )
    return made


@pytest.fixture(scope="module")
def made(piece):
    return rendered(piece, asked())


def sung(source, *, seed=1, request=None, seconds=16.0):
    """Sing over the end of the source itself instead of its continuation, along the path of one."""
    request = request or asked()
    portrait = listen(source)
    dice = Dice(seed, 0)
    journey = plan_journey(
        portrait,
        seam_s=source.duration_s,
        seconds=seconds,
        character=Character(closeness=0.5, weirdness=0.5),
        dice=dice,
    )
    path = path_over(journey.body, beat_marks(journey.body, portrait), portrait, seconds)
    music = source.between(0.0, seconds)
    song = Song(libretto=given_words(request), request=request)
    return sing_over(music, song, path, portrait, dice, lambda: None), music, path


@pytest.fixture(scope="module")
def over(piece):
    return sung(piece)


def pitches(track, voice, rate):
    _, hz = track(voice.mean(axis=0), rate, lowest_hz=150, highest_hz=700)
    return 69 + 12 * np.log2(hz / 440)


def test_the_voice_enters_on_a_bar_line_where_a_phrase_begins(made):
    first = made.lines[0]
    after_s = first.start_s - made.joined_at_s
    assert after_s > 0.8
    assert min(first.start_s % 2.0, 2.0 - first.start_s % 2.0) < 0.03  # bars of two seconds from second 0 on
    assert after_s == pytest.approx(4.0, abs=0.05) or after_s == pytest.approx(8.0, abs=0.05)


def test_lines_are_told_in_seconds_of_the_joined_song(made, piece):
    assert [line.text for line in made.lines[:2]] == LYRICS.split("\n")[:2]
    assert made.joined_at_s < made.lines[0].start_s < made.lines[-1].end_s <= made.signal.duration_s
    without = rendered(piece, asked(lyrics=None))
    apart = np.abs(made.signal.samples - without.signal.samples).mean(axis=0)
    times_s = np.arange(len(apart)) / piece.sample_rate
    sings = np.zeros(len(apart), dtype=bool)
    for line in made.lines:
        sings |= (times_s > line.start_s) & (times_s < line.end_s)
    assert apart[sings].mean() > 0.01
    assert apart[times_s < made.lines[0].start_s - 1.5].max() < 1e-6


def test_all_before_the_crossfade_stays_bit_by_bit(made, piece):
    kept = round((made.joined_at_s - 0.04) * piece.sample_rate)
    assert np.array_equal(made.signal.samples[:, :kept], piece.samples[:, :kept])


def test_an_instrumental_is_that_of_a_request_without_words(piece):
    silent = rendered(piece, asked(voice=Voice.NOBODY, seconds=4.0))
    plain = rendered(piece, asked(lyrics=None, voice=Voice.NOBODY, seconds=4.0))
    assert not silent.lines
    assert silent.signal.samples.tobytes() == plain.signal.samples.tobytes()
    assert silent.honoured["lyrics"].fidelity is Fidelity.IGNORED


def test_what_is_sung_is_told_exact(made):
    assert made.honoured["lyrics"].fidelity is Fidelity.EXACT
    assert made.honoured["vocal_gender"].fidelity is Fidelity.EXACT


def test_lines_without_room_are_told(piece):
    many = "\n".join(f"This is number {n} of very many lines to sing" for n in range(40))
    told = rendered(piece, asked(many, seconds=7.0)).honoured["lyrics"]
    assert told.fidelity is Fidelity.APPROXIMATE
    assert "of 40 lines" in told.reason


def test_without_words_nobody_sings_and_a_wanted_voice_is_told(piece):
    wish = Described(prompt="more of it")
    made = rendered(piece, asked(wish=wish, seconds=4.0))
    assert not made.lines
    assert made.honoured["vocal_gender"].fidelity is Fidelity.IGNORED


def test_the_tune_is_in_the_key_of_the_source(over, pitch_track):
    sung_over, music, _ = over
    found = pitches(pitch_track, sung_over.voice, music.sample_rate)
    assert len(found) > 100
    nearest = np.round(found)
    near = np.abs(found - nearest) < 0.4
    in_key = np.isin(nearest.astype(int) % 12, list(A_MINOR))
    assert (near & in_key).mean() > 0.85


def test_the_voice_takes_the_tuning_of_the_source(piece, pitch_track):
    higher = Signal(piece.samples, round(piece.sample_rate * 2 ** (0.3 / 12)))
    over, music, _ = sung(higher, seconds=9.0)
    found = pitches(pitch_track, over.voice, music.sample_rate)
    away = (found - 0.3 + 0.5) % 1 - 0.5
    assert abs(np.median(away)) < 0.08


def band_lufs(sound, sings, rate):
    sections = dsp.butter(2, (200.0, 4000.0), "bandpass", fs=rate, output="sos")
    band = dsp.sosfilt(sections, sound, axis=1)[:, sings].astype(np.float32)
    return integrated_lufs(Signal(np.ascontiguousarray(band), rate))


def singing(over, music):
    sings = np.zeros(music.sample_count, dtype=bool)
    for line in over.lines:
        sings[round(line.start_s * music.sample_rate) : round(line.end_s * music.sample_rate)] = True
    return sings


def test_the_voice_is_four_to_six_units_above_the_backing_in_its_band(over):
    sung_over, music, _ = over
    sings = singing(sung_over, music)
    voice, backing = (band_lufs(s, sings, music.sample_rate) for s in (sung_over.voice, sung_over.backing))
    assert 4.0 <= voice - backing <= 6.5


def test_the_music_grows_no_louder_than_by_a_good_unit(over):
    sung_over, music, _ = over
    sings = singing(sung_over, music)
    before, after = (
        integrated_lufs(Signal(np.ascontiguousarray(s[:, sings]), music.sample_rate))
        for s in (music.samples, sung_over.mix)
    )
    assert before - 0.5 < after < before + 1.5
    assert np.abs(sung_over.mix).max() <= 0.9 + 1e-6


def test_the_backing_dips_where_words_are_understood(over):
    sung_over, music, _ = over
    sings = singing(sung_over, music)

    def share(sound):
        spectrum = np.abs(np.fft.rfft(sound[:, sings])) ** 2
        hz = np.fft.rfftfreq(sings.sum(), 1 / music.sample_rate)
        middle, low = ((hz > 1500) & (hz < 2700)), ((hz > 60) & (hz < 400))
        return 10 * np.log10(spectrum[:, middle].sum() / spectrum[:, low].sum())

    assert share(music.samples) - share(sung_over.backing) > 2.5


@pytest.mark.parametrize("form", [{"channels": 1, "rate_hz": 8000}, {"metre": 3, "bars": 16}])
def test_mono_low_rates_and_waltzes_are_sung_too(song, form):
    source = song(**form)
    over, music, path = sung(source, seconds=9.0)
    assert over.lines
    assert over.mix.shape == music.samples.shape
    assert path.beats_per_bar == form.get("metre", 4)


def test_where_there_is_no_bar_to_sing_in_nobody_sings(piece, portrait):
    journey = plan_journey(
        portrait, seam_s=28.0, seconds=8.0, character=Character(closeness=0.5, weirdness=0.5), dice=Dice(1, 0)
    )
    marks = beat_marks(journey.body, portrait)
    assert path_over(journey.body, marks, portrait, 1.0) is None
    request = asked()
    song = Song(libretto=given_words(request), request=request)
    over = sing_over(piece.between(0, 1), song, None, portrait, Dice(1, 0), lambda: None)
    assert not over.lines
    assert len(over.unsung) == 2
    assert np.array_equal(over.mix, piece.between(0, 1).samples)


def test_more_words_ask_for_a_longer_new_part(portrait):
    few, many = (given_words(asked(LYRICS * count)).read for count in (1, 10))
    assert seconds_for(few, portrait) < 30
    assert seconds_for(many, portrait) > 60


def test_the_same_order_is_sung_to_the_same_bytes(made, piece):
    again = rendered(piece, asked())
    assert again.signal.samples.tobytes() == made.signal.samples.tobytes()
