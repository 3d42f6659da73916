"""A recording that stays whole: sung over in its key, or accompanied from behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Fidelity
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Continuation, GenerationRequest, Overlay, SourceUrl, Specified, Voice
from cadenza.domain.task import LyricLine
from cadenza.engines.embedded.continuations.overlay import company_for, lay_over
from cadenza.engines.embedded.continuations.singing_on import Song
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.embedded.songs.libretto import given_words
from cadenza.engines.protocol import Order
from cadenza.music.brief import Role
from cadenza.music.dice import Dice

LYRICS = "Walking down the empty street tonight\nEvery window holds a little light\n"
A_MINOR = {9, 11, 0, 2, 4, 5, 7}


class Hearing:
    def __init__(self):
        self.plans, self.heard = [], []

    def planned(self, plan):
        self.plans.append(plan)

    def progress(self, stage, fraction): ...

    def preview(self, _take_index, chunk):
        self.heard.append(chunk.samples)

    def should_stop(self):
        return False


def asked(overlay, *, avoid="metal", **wish):
    return GenerationRequest(
        wish=Specified(**{"title": "T", "style": "soul", **wish}),
        tier="v4.5plus",
        voice=Voice.FEMALE if overlay is Overlay.VOCALS else Voice.NOBODY,
        avoid=avoid,
        continuation=Continuation(source=SourceUrl(url="https://example.com/x"), overlay=overlay),
    )


def rendered(source, request, hearing=None):
    order = Order(request=request, seed=3, source=source, take_indices=(0,))
    (made,) = EmbeddedEngine().render(order, hearing or Hearing())
    return made


def likeness(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.fixture(scope="module")
def sung(piece):
    hearing = Hearing()
    return rendered(piece, asked(Overlay.VOCALS, lyrics=LYRICS), hearing), hearing


@pytest.fixture(scope="module")
def voice(piece):
    """A voice alone: one bare line in A minor, and silence after each of its phrases."""
    rate, beat_s = piece.sample_rate, 0.5
    times_s = np.arange(round(24 * rate)) / rate
    line = np.array([69, 72, 71, 69, 76, 74, 72, 71, 69, 67, 69, 72, 74, 72, 71, 69])
    hz = 440 * 2 ** ((line[(times_s / beat_s).astype(int) % 16] - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 6)) * np.exp(-(times_s % beat_s) / 0.4)
    return Signal((0.2 * sound * (times_s % 8 < 7))[None, :].astype(np.float32), rate)


@pytest.fixture(scope="module")
def played(voice):
    return rendered(voice, asked(Overlay.INSTRUMENTS, avoid="drums", style="soft piano, warm bass"))


def test_what_is_sung_over_keeps_its_length_and_its_music(sung, piece):
    made, hearing = sung
    assert made.signal.samples.shape == piece.samples.shape
    assert np.array_equal(np.concatenate(hearing.heard, axis=1), made.signal.samples)
    assert made.joined_at_s is None
    under = made.signal.samples - made.new_part.samples
    assert likeness(under, piece.samples) > 0.9
    first = round((made.lines[0].start_s - 1.5) * piece.sample_rate)
    assert np.abs(made.signal.samples - piece.samples)[:, :first].max() < 1e-6


def test_the_lead_enters_on_a_phrase_start(sung):
    made, _ = sung
    assert all(isinstance(line, LyricLine) for line in made.lines)
    assert [line.text for line in made.lines] == LYRICS.splitlines()
    assert made.lines[0].start_s == pytest.approx(8.0, abs=0.05)  # bars of two seconds, phrases of four


def test_the_lead_is_in_the_key_of_the_recording(sung, pitch_track):
    made, _ = sung
    tune = made.new_part.samples.mean(axis=0)
    _, hz = pitch_track(tune, made.new_part.sample_rate, lowest_hz=150, highest_hz=700)
    found = 69 + 12 * np.log2(hz / 440)
    nearest = np.round(found)
    assert len(found) > 100
    in_key = np.isin(nearest.astype(int) % 12, list(A_MINOR))
    assert ((np.abs(found - nearest) < 0.4) & in_key).mean() > 0.85


def test_what_became_of_a_sung_overlay_is_told(sung):
    made, _ = sung
    assert made.honoured["lyrics"].fidelity is Fidelity.EXACT
    assert made.honoured["vocal_gender"].fidelity is Fidelity.EXACT
    assert made.honoured["negative_tags"].fidelity is Fidelity.IGNORED


def test_words_are_written_from_a_description_and_shown_before_they_sound(piece):
    hearing = Hearing()
    made = rendered(piece, asked(Overlay.VOCALS, description="a song about the sea"), hearing)
    assert "sea" in hearing.plans[0].lyrics
    assert {line.text for line in made.lines} <= set(hearing.plans[0].lyrics.splitlines())
    assert "prompt" in made.honoured


def test_negative_tags_keep_a_lead_out(piece):
    made = rendered(piece, asked(Overlay.VOCALS, avoid="vocals", lyrics=LYRICS))
    assert np.array_equal(made.signal.samples, piece.samples)
    assert made.honoured["lyrics"].fidelity is Fidelity.IGNORED
    assert made.honoured["negative_tags"].fidelity is Fidelity.EXACT


def test_an_accompanied_voice_keeps_its_length_and_stays_in_front(played, voice):
    assert played.signal.samples.shape == voice.samples.shape
    assert likeness(played.signal.samples, voice.samples) > 0.9
    band = played.new_part
    kept = played.signal.samples - band.samples
    assert likeness(kept, voice.samples) > 0.9999
    assert 7.9 < integrated_lufs(Signal(kept, voice.sample_rate)) - integrated_lufs(band) < 12
    assert np.abs(played.signal.samples).max() <= 0.9 + 1e-6


def test_the_accompaniment_plays_the_notes_of_the_key(played):
    spectrum = np.abs(np.fft.rfft(played.new_part.samples.mean(axis=0))) ** 2
    hz = np.fft.rfftfreq(played.new_part.sample_count, 1 / played.new_part.sample_rate)
    inside = (hz > 60) & (hz < 1000)
    classes = np.round(69 + 12 * np.log2(hz[inside] / 440)).astype(int) % 12
    in_key = np.isin(classes, list(A_MINOR))
    assert spectrum[inside][in_key].sum() / spectrum[inside].sum() > 0.85


def test_tags_choose_the_players_and_negative_tags_win(played):
    assert "drums" not in played.honoured["style"].reason
    assert "bass" in played.honoured["style"].reason
    whole = company_for(asked(Overlay.INSTRUMENTS, style="soft piano, warm bass"))
    assert {Role.DRUMS, Role.BASS, Role.CHORDS} <= whole.roles
    without = company_for(asked(Overlay.INSTRUMENTS, style="drums, upright bass", avoid="drums, bass"))
    assert not {Role.DRUMS, Role.BASS} & without.roles
    alone = company_for(asked(Overlay.INSTRUMENTS, style="solo piano"))
    assert alone.roles == {Role.CHORDS}


@pytest.mark.parametrize("overlay", Overlay)
def test_an_overlay_stops_when_it_is_told_to(piece, portrait, overlay):
    request = asked(overlay, lyrics=LYRICS)
    song = Song(libretto=given_words(request), request=request)
    with pytest.raises(Stopped):
        lay_over(piece, portrait, song, Dice(1, 0), lambda: True)


def test_the_same_order_gives_the_same_bytes_and_another_seed_others(piece, portrait):
    request = asked(Overlay.VOCALS, lyrics=LYRICS.splitlines()[0])
    song = Song(libretto=given_words(request), request=request)
    one, two, other = (lay_over(piece, portrait, song, Dice(seed, 0), lambda: False) for seed in (1, 1, 2))
    assert one.signal.samples.tobytes() == two.signal.samples.tobytes()
    assert one.signal.samples.tobytes() != other.signal.samples.tobytes()


def test_an_overlay_has_no_place():
    where = Continuation(source=SourceUrl(url="https://example.com/x"), overlay=Overlay.VOCALS)
    with pytest.raises(AssertionError, match="no place"):
        replace(where, from_s=3.0)
