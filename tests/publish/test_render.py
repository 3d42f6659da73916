import io
import json
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from PIL import Image

from cadenza.audio.decode import decode
from cadenza.audio.encode import Depth
from cadenza.audio.signal import Signal
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.provenance import DigitalSource
from cadenza.domain.request import ExtraFile
from cadenza.engines.protocol import Rendition, TakePlan
from cadenza.music.brief import Role
from cadenza.music.pitch import Key, Mode
from cadenza.music.score import Note, Part, Score
from cadenza.music.time import START, Length, Metre, Position, TempoMap
from cadenza.publish.render import render_files
from cadenza.testing.audio import chord, noise, on_16_bits


def rendition(**more):
    signal = on_16_bits(chord((57, 60, 64), 3))
    more.setdefault("stems", {"drums": noise(3), "chords": loud(chord((57, 60, 64), 3))})
    plan = TakePlan(take_index=0, title="Night", style="slow")
    facts = dict(seed=1, bpm=96.0, key="A minor", loudness_lufs=-14.0)
    return Rendition(plan=plan, signal=signal, **facts, **more)


def loud(signal):
    return Signal(signal.samples * np.float32(1.5 / np.abs(signal.samples).max()), signal.sample_rate)


@pytest.fixture(scope="module")
def continued(tmp_path_factory):
    whole = rendition(new_part=chord((57, 60, 64), 1), joined_at_s=2.0)
    return whole, render_files(whole, tmp_path_factory.mktemp("files"), take_id="take")


def test_a_continuation_has_all_files(continued):
    assert {kind.value for kind in continued[1].by_kind} == {
        "audio_mp3", "audio_flac", "new_part_mp3", "cover", "cover_large", "peaks",
    }  # fmt: skip
    assert len(set(continued[1].by_kind.values())) == 6


def test_a_new_song_has_no_new_part(tmp_path):
    files = render_files(rendition(), tmp_path, take_id="take")
    assert ArtefactKind.NEW_PART_MP3 not in files.by_kind
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in files.by_kind.values()}


def test_the_flac_holds_the_samples_themselves(continued):
    whole, files = continued
    heard = decode(files[ArtefactKind.AUDIO_FLAC], longest_s=5)
    assert heard.subtype == "PCM_16"
    assert np.array_equal(heard.signal.samples, whole.signal.samples)


def test_the_mp3s_last_as_long_as_their_music(continued):
    _, files = continued
    assert decode(files[ArtefactKind.AUDIO_MP3], longest_s=5).signal.duration_s == pytest.approx(3, abs=0.05)
    assert decode(files[ArtefactKind.NEW_PART_MP3], longest_s=5).signal.duration_s == pytest.approx(
        1, abs=0.05
    )


def test_the_covers_are_pictures_of_two_sizes(continued):
    for kind, side in ((ArtefactKind.COVER, 400), (ArtefactKind.COVER_LARGE, 1024)):
        with Image.open(continued[1][kind]) as picture:
            assert (picture.format, picture.size) == ("JPEG", (side, side))


def test_the_peaks_tell_the_duration(continued):
    assert json.loads(continued[1][ArtefactKind.PEAKS].read_text())["duration_s"] == 3.0


def test_the_same_rendition_gives_the_same_bytes_whatever_its_id(tmp_path, continued):
    whole, files = continued
    again = render_files(whole, tmp_path, take_id="other")
    for kind, path in files.by_kind.items():
        assert again[kind].read_bytes() == path.read_bytes()


def test_a_finer_source_gets_a_finer_flac(tmp_path):
    files = render_files(rendition(), tmp_path, take_id="take", depth=Depth.BITS_24)
    assert decode(files[ArtefactKind.AUDIO_FLAC], longest_s=5).subtype == "PCM_24"


def test_what_is_asked_for_comes_beside_the_rest(tmp_path):
    files = render_files(rendition(), tmp_path, take_id="take", extra_files=frozenset(ExtraFile))
    depths = {ArtefactKind.AUDIO_WAV_16: "PCM_16", ArtefactKind.AUDIO_WAV_24: "PCM_24"}
    for kind, depth in depths.items():
        assert decode(files[kind], longest_s=5).subtype == depth
    assert decode(files[ArtefactKind.AUDIO_OGG], longest_s=5).signal.duration_s == pytest.approx(3, abs=0.03)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in files.by_kind.values()}


def test_the_stems_in_the_archive_keep_their_proportions(tmp_path):
    whole = rendition()
    files = render_files(whole, tmp_path, take_id="take", extra_files={ExtraFile.STEMS})
    with zipfile.ZipFile(files[ArtefactKind.STEMS]) as archive:
        assert archive.namelist() == ["drums.flac", "chords.flac"]
        read = [
            soundfile.read(io.BytesIO(archive.read(name)), dtype="float32")[0].T
            for name in archive.namelist()
        ]
    mix = sum(stem.samples for stem in whole.stems.values())
    gain = 0.999 / 1.5
    left = sum(read) / gain - mix
    assert 20 * np.log10(np.abs(left).max() / np.abs(mix).max()) < -100


def test_what_was_composed_comes_as_notes_too(tmp_path):
    pitch = Note(at=START, length=Length(Fraction(1)), midi_pitch=69, loudness=0.5)
    score = Score(
        title="Night",
        key=Key(9, Mode.MINOR),
        metre=Metre(4, 4),
        tempo=TempoMap.steady(Fraction(96), Length(Fraction(1))),
        marks=(),
        chords=(),
        parts=(Part(role=Role.MELODY, instrument="piano", notes=(pitch,)),),
        end=Position(Fraction(4)),
    )
    notes = render_files(rendition(score=score), tmp_path, take_id="take")[ArtefactKind.MIDI].read_bytes()
    assert notes.startswith(b"MThd")
    assert bytes([0x45]) in notes


def test_the_files_tell_who_made_them_and_how(tmp_path):
    files = render_files(rendition(source=DigitalSource.COMPOSITE), tmp_path, take_id="take", artist="Ada")
    for kind in (ArtefactKind.AUDIO_MP3, ArtefactKind.AUDIO_FLAC):
        with soundfile.SoundFile(str(files[kind])) as file:
            assert (file.title, file.artist) == ("Night", "Ada")
            assert file.comment == (
                "96 bpm, A minor. A recording, continued by a computer program. Cadenza, seed 1."
            )
        assert DigitalSource.COMPOSITE.uri.encode() in files[kind].read_bytes()
