"""Files made to hurt: each ends with a clear refusal (or a recording), and this process goes on."""

import struct

import numpy as np
import pytest

from cadenza.audio.decode import DecodedSource, decode
from cadenza.domain.errors import SourceUnusable
from cadenza.testing.audio import noise, silence
from cadenza.testing.files import file_bytes

KINDS = ["wav", "aiff", "flac", "mp3", "ogg", "opus"]


def refusal(data):
    with pytest.raises(SourceUnusable) as refused:
        decode(data, longest_s=5)
    return str(refused.value)


def decoded_or_refused(data):
    try:
        source = decode(data, longest_s=5)
    except SourceUnusable:
        return None
    assert isinstance(source, DecodedSource)
    assert np.isfinite(source.signal.samples).all()
    return source


def wav_head(*, channels=2, rate=44100, bits=16, data_bytes=400):
    block = channels * bits // 8
    return (
        b"RIFF" + struct.pack("<I", 36 + data_bytes & 0xFFFFFFFF) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits)
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:10,\n{other}\n",
        "ffconcat version 1.0\nfile {other}\n",
        '<?xml version="1.0"?><MPD><BaseURL>{other}</BaseURL></MPD>',
        "v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na={other}\n",
        "[playlist]\nFile1={other}\n",
        "{other}\n",
    ],
)
@pytest.mark.parametrize("name", ["song.mp3", "song.m3u8", "song.wav"])
def test_a_playlist_that_names_another_tenants_file_is_refused(text, name, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(file_bytes(noise(0.2), "wav"))
    path = tmp_path / name
    path.write_text(text.format(other=other))
    with pytest.raises(SourceUnusable):
        decode(path, longest_s=5)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\x00", "no known kind"),
        (b"\x7fELF" + bytes(2000), "program"),
        (b"<html><script>alert(1)</script></html>", "web page"),
        (b"PK\x03\x04" + bytes(200), "ZIP"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "no known kind"),
        (b"OggS" + bytes(100), "no known kind"),
    ],
)
def test_other_things_under_the_name_of_a_recording_are_refused_for_what_they_are(data, what):
    assert what in refusal(data)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (wav_head(channels=1024, data_bytes=1024 * 2 * 50), "1024 channels; the limit is 8"),
        (wav_head(channels=0), "damaged"),
        (wav_head(rate=2**31 - 1), "2147483647 Hz"),
        (wav_head(rate=0), ""),
        (wav_head(rate=7999), "7999 Hz"),
        (wav_head(rate=192_001), "192001 Hz"),
    ],
)
def test_an_impossible_shape_is_refused(head, told):
    assert told in refusal(head + bytes(1024 * 2 * 50))


@pytest.mark.parametrize("size", [0, 0xFFFFFFF0, 0xFFFFFFFF])
def test_a_wav_that_lies_about_its_length_is_as_long_as_it_is(size):
    source = decoded_or_refused(wav_head(data_bytes=size) + bytes(4 * 4410))
    assert source is None or source.signal.duration_s <= 0.1


def test_a_cue_chunk_with_negative_points_does_no_harm():
    cue = b"cue " + struct.pack("<Ii", 28, -1) + struct.pack("<iiIiii", -5, -5, 0x61746164, -1, -1, -1)
    plain = file_bytes(noise(0.1), "wav")
    decoded_or_refused(plain[:36] + cue + plain[36:])


def test_a_silence_bomb_is_refused_by_what_it_says():
    assert refusal(file_bytes(silence(60), "flac")) == "The recording lasts 60.0 s; the limit is 5 s."


def test_a_silence_bomb_that_hides_its_length_is_refused_while_it_unrolls():
    bomb = bytearray(file_bytes(silence(60), "flac"))
    bomb[21] &= 0xF0  # STREAMINFO: the number of samples becomes "unknown"
    bomb[22:26] = bytes(4)
    assert refusal(bytes(bomb)) == "The recording lasts longer than the limit of 5 s."


@pytest.mark.parametrize("name", ["ogg", "opus", "mp3"])
def test_lossy_silence_bombs_are_refused(name):
    assert "limit" in refusal(file_bytes(silence(20), name))


def test_an_endless_tag_is_refused():
    tag = b"ID3\x04\x00\x00" + bytes([0x60, 0, 0, 0])  # 201 MB, says it
    assert "the limit is 16777216" in refusal(tag + file_bytes(noise(0.1), "mp3"))


def test_a_tag_that_ends_behind_the_file_is_refused():
    assert "empty" in refusal(b"ID3\x04\x00\x00" + bytes([0, 0x7F, 0, 0]) + b"short")


def test_a_zip_behind_an_mp3_is_not_carried_on():
    source = decoded_or_refused(file_bytes(noise(0.5), "mp3") + b"PK\x03\x04" + bytes(5000))
    assert source is None or source.signal.duration_s < 0.7


@pytest.mark.parametrize("name", KINDS)
def test_a_file_cut_anywhere_is_refused_or_short(name):
    whole = file_bytes(noise(0.5), name)
    for end in range(0, len(whole), max(1, len(whole) // 9)):
        source = decoded_or_refused(whole[:end])
        assert source is None or source.signal.duration_s <= 0.55
