"""What is heard with the pack ears, on tiny models of its format."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from cadenza.audio.signal import Signal
from cadenza.cli import main
from cadenza.domain.errors import Damaged, Stopped, Unavailable
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.embedded.hearing import take_apart, with_voice
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.listen.ears.build import build
from cadenza.engines.embedded.listen.ears.ears import chroma_of, open_ears
from cadenza.engines.embedded.listen.ears.notes import (
    HeardNote,
    KeyMaps,
    bass_of,
    hear_keys,
    melody_of,
    read_notes,
)
from cadenza.engines.embedded.listen.ears.onnx import read_graph
from cadenza.engines.embedded.listen.ears.voice import Geometry, VoiceSplitter
from cadenza.engines.embedded.plan.direction import Direction
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.engines.embedded.plan.leaning import leaning
from cadenza.music.dice import Dice
from cadenza.music.quotation import Layer
from cadenza.packs.catalogue import catalogue
from cadenza.packs.digest import sha256_of
from cadenza.packs.shelf import RECORD, Kept, Shelf, record_text
from cadenza.testing.models import checkpoint, keys_model, unet_tensors

SMALL = Geometry(window=256, bins=64, hops=64)


class All:
    """A network to which everything is its part."""

    def masked(self, magnitudes):
        return magnitudes


class Nothing:
    """A network to which nothing is."""

    def masked(self, magnitudes):
        return 0 * magnitudes


def sines(rate_hz=44_100, channels=2, length_s=3.0):
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    rows = [np.sin(2 * np.pi * hz * t) * np.sin(np.pi * t / length_s) for hz in (440.0, 660.0)]
    return Signal(np.array(rows[:channels], np.float32) / 2, rate_hz)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A shelf with the pack ears, built of tiny models."""
    folder = tmp_path_factory.mktemp("packs")
    pack = folder / "ears"
    pack.mkdir()
    index, data = checkpoint(unet_tensors())
    (pack / "spleeter.index").write_bytes(index)
    (pack / "spleeter.data").write_bytes(data)
    build(pack)
    (pack / "notes.onnx").write_bytes(keys_model())
    files = {
        path.name: Kept(size_bytes=path.stat().st_size, sha256=sha256_of(path)) for path in pack.iterdir()
    }
    (pack / RECORD).write_text(record_text(catalogue()["ears"], files))
    return Shelf(folder)


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 2), (48_000, 1), (22_050, 2)])
def test_a_voice_that_is_everything_is_the_mix_itself(rate_hz, channels):
    mix = sines(rate_hz, channels)
    voice = VoiceSplitter(voice=All(), rest=Nothing(), geometry=SMALL).split(mix)
    assert voice.sample_rate == rate_hz
    assert voice.samples.shape == mix.samples.shape
    if channels == 2:
        assert np.abs(voice.samples - mix.samples).max() < 2e-3
    assert np.abs(VoiceSplitter(voice=Nothing(), rest=All(), geometry=SMALL).split(mix).samples).max() < 1e-4


def test_presence_is_told_where_it_is():
    class Loud:
        """Hears a voice where it is loud."""

        def masked(self, magnitudes):
            return magnitudes * (magnitudes.sum(axis=(1, 2), keepdims=True) > 10)

    samples = np.zeros((2, 44_100 * 2), np.float32)
    samples[:, 44_100:66_150] = np.random.default_rng(0).normal(0, 0.1, 22_050)
    share, rate_hz = VoiceSplitter(voice=Loud(), rest=All(), geometry=SMALL).presence(Signal(samples, 44_100))
    assert abs(len(share) / rate_hz - 2) < 0.01
    times_s = np.arange(len(share)) / rate_hz
    inside = (times_s > 1.01) & (times_s < 1.49)
    assert share[inside].min() > 0.3
    assert share[(times_s < 0.99) | (times_s > 1.51)].max() == 0


def test_splitting_can_be_stopped_between_two_pieces():
    def stop():
        raise Stopped("enough")

    with pytest.raises(Stopped):
        VoiceSplitter(voice=All(), rest=All(), geometry=SMALL).split(sines(), stop)


def maps(notes, hops=400, hop_s=0.01):
    """Key maps of known notes: (first hop, last hop, key)."""
    sounding, beginning = np.zeros((hops, 88)), np.zeros((hops, 88))
    for first, last, key in notes:
        sounding[first:last, key] = 0.8
        beginning[first, key] = 0.9
    return KeyMaps(sounding=sounding, beginning=beginning, times_s=np.arange(hops) * hop_s)


def test_notes_begin_at_their_onset_and_end_where_their_row_goes_dark():
    notes = read_notes(maps([(10, 60, 39), (100, 110, 40), (100, 200, 44)]))
    assert [(note.midi_pitch, round(note.start_s, 2), round(note.end_s, 2)) for note in notes] == [
        (60, 0.1, 0.6),
        (61, 1.0, 1.1),
        (65, 1.0, 2.0),
    ]


def test_a_note_struck_again_is_two_notes_and_a_blink_is_none():
    struck = read_notes(maps([(10, 60, 39), (60, 90, 39), (200, 203, 39)]))
    assert [round(note.start_s, 2) for note in struck] == [0.1, 0.6]
    assert struck[0].end_s <= struck[1].start_s + 1e-9


def test_silence_has_no_notes():
    assert read_notes(maps([])) == ()
    assert bass_of(()) == ()
    assert melody_of(()) == ()


@pytest.mark.parametrize("at_s", [0.03, 1.5, 1.64, 3.3, 4.9])
def test_what_is_heard_keeps_its_time_in_every_window(at_s):
    samples = np.zeros((1, 22_050 * 5), np.float32)
    samples[0, round(at_s * 22_050) :][:200] = 1.0
    heard = hear_keys(Signal(samples, 22_050), read_graph(keys_model()))
    assert abs(heard.times_s[heard.sounding[:, 48].argmax()] - at_s) < 0.03
    assert heard.sounding[:, 47].max() == 0
    assert heard.times_s[0] == 0
    assert heard.times_s[-1] < 5


def note(start_s, end_s, midi_pitch):
    return HeardNote(start_s=start_s, end_s=end_s, midi_pitch=midi_pitch, strength=0.5)


def test_bass_and_melody_are_the_outer_voices():
    low, chord, tune = note(0, 1, 36), note(0, 1, 60), note(0, 1, 76)
    alone = note(1, 2, 62)
    assert bass_of([low, chord, tune, alone]) == (low,)
    assert melody_of([low, chord, tune, alone]) == (tune, alone)


def test_chroma_is_told_span_by_span():
    chroma = chroma_of([note(0, 1, 60), note(1, 2, 67)], np.array([0.0, 1.0, 2.0, 3.0]))
    assert chroma.argmax(axis=1).tolist()[:2] == [0, 7]
    assert chroma[2].sum() == 0


def test_without_the_pack_a_portrait_stays_as_it_is(short_song, tmp_path):
    portrait = listen(short_song)
    assert with_voice(portrait, short_song, None, lambda: False) is portrait
    assert with_voice(portrait, short_song, Shelf(tmp_path), lambda: False) is portrait
    with pytest.raises(Unavailable, match="packs install ears"):
        take_apart(short_song, Shelf(tmp_path))


def test_with_the_pack_every_beat_is_listened_to_and_it_can_be_stopped(short_song, shelf):
    portrait = listen(short_song)
    heard = with_voice(portrait, short_song, shelf, lambda: False)
    assert heard.voice.shape == (portrait.beat_count,)
    assert ((heard.voice >= 0) & (heard.voice <= 1)).all()
    with pytest.raises(Stopped):
        with_voice(portrait, short_song, shelf, lambda: True)


def test_a_damaged_pack_is_not_heard_with(short_song, shelf, tmp_path):
    copy = tmp_path / "ears"
    copy.mkdir()
    for path in (shelf.folder / "ears").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    spoilt = bytearray((copy / "voice.npz").read_bytes())
    spoilt[-100] ^= 1
    (copy / "voice.npz").write_bytes(spoilt)
    other = Shelf(tmp_path)
    with pytest.raises(Damaged):
        open_ears(other.find("ears"))
    portrait = listen(short_song)
    assert with_voice(portrait, short_song, other, lambda: False) is portrait


def test_sc_04_a_model_that_holds_pickled_objects_is_not_read(shelf, tmp_path):
    copy = tmp_path / "ears"
    copy.mkdir()
    np.savez(copy / "voice.npz", **{"voice-0-kernel": np.array([print], dtype=object)})
    (copy / "notes.onnx").write_bytes(keys_model())
    files = {
        path.name: Kept(size_bytes=path.stat().st_size, sha256=sha256_of(path)) for path in copy.iterdir()
    }
    (copy / RECORD).write_text(record_text(catalogue()["ears"], files))
    with pytest.raises(Damaged):
        open_ears(Shelf(tmp_path).find("ears"))


def test_the_engines_version_tells_with_what_it_hears(shelf):
    assert EmbeddedEngine(shelf=shelf).version == EmbeddedEngine().version + "+ears1"


def test_sung_beats_cost_more_and_nothing_else_changes_without_a_voice(short_song):
    portrait = listen(short_song)
    assert leaning(portrait, Direction(strength=0.5)) is None
    voice = np.linspace(0, 1, portrait.beat_count)
    prices = leaning(dataclasses.replace(portrait, voice=voice), Direction(strength=0.5))
    assert np.corrcoef(prices, voice)[0, 1] > 0.999


def test_no_layer_quotes_a_stretch_that_is_sung(short_song):
    song = Signal(np.tile(short_song.samples, 4), short_song.sample_rate)
    portrait = listen(song)
    is_sung = np.zeros(portrait.beat_count)
    is_sung[16:32] = 1.0

    def share(heard, seed):
        planned = plan_journey(
            heard,
            seam_s=song.duration_s,
            seconds=20.0,
            character=Character(closeness=0.5, weirdness=0.5),
            dice=Dice(seed, 0),
            leaning=leaning(heard, Direction(strength=0.5)),
        )
        spans = [span for layer in Layer for span in planned.of(layer)]
        beats = np.concatenate([np.arange(span.start, span.start + span.length) for span in spans])
        return is_sung[np.clip(beats.astype(int), 0, len(is_sung) - 1)].mean()

    seeds = range(2)
    assert np.mean([share(portrait, seed) for seed in seeds]) > 0.1
    assert max(share(dataclasses.replace(portrait, voice=is_sung), seed) for seed in seeds) < 0.02


def test_unmix_writes_stems_that_sum_to_the_recording_and_one_json_object(
    short_song, shelf, tmp_path, capsys, monkeypatch
):
    song = tmp_path / "song.wav"
    soundfile.write(song, short_song.samples.T, short_song.sample_rate)
    monkeypatch.setenv("CADENZA_PACKS", str(shelf.folder))
    assert main(["unmix", str(song), "--stems", str(tmp_path / "stems"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"sung", "notes", "bass", "melody", "beats_s", "chords", "stems"} == told.keys()
    assert len(told["chords"]) == len(told["beats_s"]) - 1
    parts = [soundfile.read(path, dtype="float32")[0] for path in told["stems"]]
    assert np.allclose(parts[0] + parts[1], soundfile.read(song)[0], atol=1e-4)


def test_unmix_without_the_pack_says_how_to_get_it(short_song, tmp_path, capsys, monkeypatch):
    song = tmp_path / "song.wav"
    soundfile.write(song, short_song.samples.T, short_song.sample_rate)
    monkeypatch.setenv("CADENZA_PACKS", str(tmp_path / "none"))
    assert main(["unmix", str(song)]) == 1
    assert "cadenza packs install ears" in capsys.readouterr().err
