import importlib.util
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cadenza.audio import children
from cadenza.audio import decode as decode_module
from cadenza.audio.decode import decode
from cadenza.audio.signal import Signal
from cadenza.audio.sniff import Container
from cadenza.domain.errors import SourceUnusable
from cadenza.testing.audio import noise, on_16_bits, sine
from cadenza.testing.files import FORMATS, file_bytes

FIXTURES = Path(__file__).parent / "fixtures"
HAS_PYAV = importlib.util.find_spec("av") is not None


@pytest.mark.parametrize("name", ["wav", "rf64", "aiff", "flac", "wav24", "flac24"])
def test_a_16_bit_recording_comes_in_bit_for_bit(name):
    sound = on_16_bits(noise(0.7))
    assert np.array_equal(decode(file_bytes(sound, name), longest_s=5).signal.samples, sound.samples)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_comes_in_at_its_own_rate_and_length(name):
    sound = sine(440, 1.0, sample_rate=48000)
    decoded = decode(file_bytes(sound, name), longest_s=5)
    assert decoded.signal.sample_rate == 48000
    assert decoded.signal.sample_count == sound.sample_count
    assert decoded.subtype == FORMATS[name][1]


@pytest.mark.parametrize("name", ["mp3", "ogg", "opus"])
def test_a_lossy_format_still_sounds_the_same(name):
    sound = sine(440, 1.0, sample_rate=48000)
    heard = decode(file_bytes(sound, name), longest_s=5).signal.samples
    middle = slice(12000, 36000)
    assert np.corrcoef(heard[0, middle], sound.samples[0, middle])[0, 1] > 0.999


def test_only_whole_16_bit_numbers_are_said_to_fit_16_bits():
    fits = {name: decode(file_bytes(noise(0.1), name), longest_s=1).fits_16_bits for name in FORMATS}
    assert {name for name, fit in fits.items() if fit} == {"wav", "rf64", "aiff", "flac"}


def test_a_path_and_its_bytes_give_the_same(tmp_path):
    data = file_bytes(noise(0.2), "flac")
    path = tmp_path / "misleading.mp3"
    path.write_bytes(data)
    here, there = decode(path, longest_s=1), decode(data, longest_s=1)
    assert here.container is there.container is Container.FLAC
    assert np.array_equal(here.signal.samples, there.signal.samples)


def test_a_tag_before_flac_is_stepped_over():
    tag = b"ID3\x04\x00\x00\x00\x00\x08\x00" + bytes(1024)
    assert decode(tag + file_bytes(noise(0.2), "flac"), longest_s=1).container is Container.FLAC


def test_a_large_tag_before_mp3_is_stepped_over():
    tag = b"ID3\x04\x00\x00\x00\x3f\x00\x00" + bytes(0x3F << 14)
    data = file_bytes(sine(440, 1.0), "mp3")
    assert decode(tag + data, longest_s=5).signal.duration_s == pytest.approx(1.0, abs=0.06)


def test_surround_is_folded_to_stereo_without_going_over_full_scale():
    channels = np.zeros((4410, 6), np.float32)
    channels[:, 0] = channels[:, 2] = channels[:, 4] = 1.0  # left, centre, left surround
    written = io.BytesIO()
    soundfile.write(written, channels, 44100, format="WAV", subtype="FLOAT")
    folded = decode(written.getvalue(), longest_s=1).signal.samples
    assert folded.shape == (2, 4410)
    assert folded[0].max() == pytest.approx(1.0)
    assert folded[1].max() == pytest.approx(0.7071 / 2.4142, abs=1e-3)


def test_ME_11_what_is_no_number_becomes_silence():
    samples = sine(440, 0.1).samples.copy()
    samples[0, 10:13] = [np.nan, np.inf, -np.inf]
    heard = decode(file_bytes(Signal(samples, 44100), "wavfloat"), longest_s=1).signal.samples
    assert not heard[0, 10:13].any()
    assert np.array_equal(heard[1], samples[1])


def test_ME_11_numbers_that_are_no_sound_are_refused():
    samples = np.full((2, 100), 1e30, np.float32)
    with pytest.raises(SourceUnusable, match="beyond 16 times full scale"):
        decode(file_bytes(Signal(samples, 44100), "wavfloat"), longest_s=1)


@pytest.mark.parametrize("name", FORMATS)
def test_ME_10_a_recording_over_the_length_limit_is_refused_with_the_limit(name):
    with pytest.raises(SourceUnusable, match=r"limit is 1 s|limit of 1 s"):
        decode(file_bytes(noise(1.5), name), longest_s=1)


def test_a_file_over_the_size_limit_is_refused_with_both_numbers():
    with pytest.raises(SourceUnusable, match="200 bytes; the limit is 100"):
        decode(bytes(200), longest_s=1, max_bytes=100)


def test_a_missing_file_is_the_callers_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "nothing.wav", longest_s=1)


def test_a_pipe_or_folder_is_refused_and_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", tmp_path):
        with pytest.raises(SourceUnusable, match="not a file"):
            decode(path, longest_s=1)


@pytest.mark.parametrize(
    ("file", "subtype"), [("sine.m4a", "AAC"), ("sine.aac", "AAC"), ("sine.webm", "OPUS")]
)
def test_m4a_aac_and_webm_come_in_with_the_extra_and_name_it_without(file, subtype):
    if not HAS_PYAV:
        with pytest.raises(SourceUnusable, match=r"cadenza\[formats\]"):
            decode(FIXTURES / file, longest_s=5)
        return
    decoded = decode(FIXTURES / file, longest_s=5)
    assert decoded.subtype == subtype
    assert decoded.signal.duration_s == pytest.approx(1.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(decoded.signal.samples[0, 4096 : 4096 + 32768]))
    assert np.argmax(spectrum) * decoded.signal.sample_rate / 32768 == pytest.approx(440, abs=2)


def test_ME_06_a_film_is_refused():
    with pytest.raises(SourceUnusable, match="film" if HAS_PYAV else "formats"):
        decode(FIXTURES / "film.mp4", longest_s=5)


def test_ME_09_a_decoder_that_takes_too_long_is_killed(monkeypatch):
    started = []
    real = children.subprocess.Popen
    monkeypatch.setattr(
        children.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1]
    )
    with pytest.raises(SourceUnusable, match=r"within 0\.001 s"):
        decode(file_bytes(noise(0.5), "wav"), longest_s=1, wall_clock_s=0.001)
    assert started[0].returncode == -9


HEADER = {"container": "WAV", "subtype": "PCM_16", "sample_rate": 8000, "channel_count": 2}


@pytest.mark.parametrize(
    "records",
    [
        [],
        [(b"P", bytes(16))],
        [(b"E", b"not json")],
        [(b"E", b"[]")],
        [(b"H", b"{}")],
        [(b"H", b"null")],
        [(b"H", json.dumps(HEADER | {"channel_count": 0}).encode())],
        [(b"H", json.dumps(HEADER | {"channel_count": 1024}).encode())],
        [(b"H", json.dumps(HEADER | {"sample_rate": "8000"}).encode())],
        [(b"H", json.dumps(HEADER | {"sample_rate": 1e9}).encode())],
        [(b"H", json.dumps(HEADER | {"container": "EXE"}).encode())],
        [(b"H", json.dumps(HEADER).encode()), (b"P", bytes(7))],
        [(b"H", json.dumps(HEADER).encode()), (b"P", bytes(8 * 8001)), (b"E", b'{"reason": null}')],
        [(b"H", json.dumps(HEADER).encode()), (b"P", bytes(16))],
        [(b"H", json.dumps(HEADER).encode()), (b"H", json.dumps(HEADER).encode())],
        [(b"?", b"")],
    ],
)
def test_ME_08_a_child_that_was_taken_over_is_not_believed(records):
    with pytest.raises(SourceUnusable):
        decode_module._received(iter(records), 1.0)
