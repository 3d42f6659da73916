import numpy as np
import pytest
import soundfile

from cadenza.audio.decode import decode
from cadenza.audio.encode import Depth, FileKind, Mp3Stream, write_sound
from cadenza.audio.ogg import ogg_checksum
from cadenza.audio.signal import Signal
from cadenza.audio.tagging import Tags
from cadenza.testing.audio import noise, on_16_bits, silence, sine

TAGS = Tags(title="Überfahrt", comment="96.5 bpm, A minor")


def written(tmp_path, signal, kind, depth=Depth.BITS_16):
    path = tmp_path / f"out{kind.suffix}"
    write_sound(path, signal, kind, depth=depth, tags=lambda: TAGS)
    return path


@pytest.mark.parametrize("kind", [FileKind.WAV, FileKind.FLAC])
@pytest.mark.parametrize("depth", Depth)
def test_16_bit_samples_survive_the_trip_bit_for_bit(tmp_path, kind, depth):
    sound = on_16_bits(noise(3, gain_db=0))
    sound.samples[0, :2] = [-1.0, 32767 / 32768]
    heard = decode(written(tmp_path, sound, kind, depth), longest_s=5)
    assert heard.subtype == depth.value
    assert np.array_equal(heard.signal.samples, sound.samples)


@pytest.mark.parametrize("kind", [FileKind.WAV, FileKind.FLAC])
def test_24_bit_samples_survive_the_trip_bit_for_bit(tmp_path, kind):
    sound = noise(1)
    fine = Signal((np.rint(sound.samples.astype(np.float64) * 2**23) / 2**23).astype(np.float32), 44100)
    heard = decode(written(tmp_path, fine, kind, Depth.BITS_24), longest_s=5)
    assert np.array_equal(heard.signal.samples, fine.samples)


def test_only_new_samples_are_dithered(tmp_path):
    source = on_16_bits(noise(1))
    new = sine(440, 1)
    joined = Signal(np.concatenate([source.samples, new.samples], axis=1), 44100)
    heard = decode(written(tmp_path, joined, FileKind.WAV), longest_s=5).signal.samples
    assert np.array_equal(heard[:, :44100], source.samples)
    error = (heard[:, 44100:] - new.samples) * 32768
    # Triangular dither of two steps and rounding: sqrt(1/6 + 1/12); rounding alone would give 0.29.
    assert error.std() == pytest.approx(0.5, abs=0.02)
    assert abs(np.corrcoef(error[0], new.samples[0])[0, 1]) < 0.02


def test_silence_stays_silent(tmp_path):
    assert not decode(written(tmp_path, silence(0.5), FileKind.WAV), longest_s=5).signal.samples.any()


@pytest.mark.parametrize("kind", FileKind)
def test_the_same_signal_gives_the_same_bytes(tmp_path, kind):
    first = written(tmp_path, noise(2), kind).read_bytes()
    assert written(tmp_path, noise(2), kind).read_bytes() == first


@pytest.mark.parametrize("kind", FileKind)
def test_samples_beyond_full_scale_are_clipped_and_do_not_wrap(tmp_path, kind):
    loud = Signal(sine(100, 0.5).samples * 3, 44100)
    heard = decode(written(tmp_path, loud, kind), longest_s=5).signal.samples
    assert np.sign(heard[0, 2000:20000]) @ np.sign(loud.samples[0, 2000:20000]) > 17000


@pytest.mark.parametrize("kind", FileKind)
def test_title_and_tempo_stand_in_the_file(tmp_path, kind):
    with soundfile.SoundFile(str(written(tmp_path, sine(440, 0.5), kind))) as file:
        assert file.title == "Überfahrt"
        assert file.artist == "Cadenza"
        assert file.comment == "96.5 bpm, A minor"


@pytest.mark.parametrize("kind", FileKind)
def test_a_long_file_is_written_whole(tmp_path, kind):
    sound = sine(220, 200, sample_rate=16000)  # in one call, Ogg Vorbis of this length ends the process
    assert decode(written(tmp_path, sound, kind), longest_s=300).signal.duration_s == pytest.approx(
        200, abs=0.1
    )


def test_mp3_takes_rates_it_does_not_know(tmp_path):
    heard = decode(written(tmp_path, sine(440, 1, sample_rate=96000), FileKind.MP3), longest_s=5).signal
    assert heard.sample_rate == 48000
    assert heard.duration_s == pytest.approx(1.0, abs=0.05)


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="cannot be written"):
        write_sound(tmp_path / "no" / "out.wav", sine(440, 0.1), FileKind.WAV, depth=Depth.BITS_16, tags=Tags)


def test_a_growing_stream_can_be_played_at_any_time(tmp_path):
    sound = sine(440, 4)
    path = tmp_path / "stream.mp3"
    with Mp3Stream(path) as stream:
        for second in range(4):
            stream.write(sound.between(second, second + 1))
            so_far = decode(path.read_bytes(), longest_s=10).signal
            assert so_far.duration_s == pytest.approx(second + 1, abs=0.15)
    whole = decode(path, longest_s=10).signal
    assert whole.duration_s == pytest.approx(4, abs=0.05)
    middle = slice(44100, 3 * 44100)
    assert np.corrcoef(whole.samples[0, middle], sound.samples[0, middle])[0, 1] > 0.999


def test_a_stream_without_sound_leaves_no_file(tmp_path):
    with Mp3Stream(tmp_path / "stream.mp3"):
        pass
    assert not list(tmp_path.iterdir())


def test_the_checksum_of_an_ogg_page_is_the_one_of_the_format():
    # The polynomial bit by bit, as RFC 3533 defines it.
    data = bytes(range(200))
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    assert ogg_checksum(data) == register
