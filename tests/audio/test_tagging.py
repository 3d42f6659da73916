"""What files say about themselves, read back by other code than ours, or by the letter of the formats."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
import pytest
import soundfile
from PIL import Image

from cadenza.audio.decode import decode
from cadenza.audio.encode import Depth, FileKind, write_sound
from cadenza.audio.tagging import COVER_SIDE, Tags
from cadenza.domain.provenance import DigitalSource
from cadenza.domain.task import LyricLine, LyricWord
from cadenza.testing.audio import noise, on_16_bits

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"


def cover():
    out = io.BytesIO()
    Image.effect_noise((COVER_SIDE, COVER_SIDE), 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


TAGS = Tags(
    title="Nacht über Rīga",
    artist="Somebody",
    comment="96.5 bpm, F# minor. Composed and played by a computer program.",
    bpm=96.5,
    key="F# minor",
    source=DigitalSource.ALGORITHMIC,
    cover=cover(),
)


@pytest.fixture(params=FileKind)
def tagged(request, tmp_path):
    path = tmp_path / f"x{request.param.suffix}"
    write_sound(path, on_16_bits(noise(2)), request.param, depth=Depth.BITS_16, tags=lambda: TAGS)
    return request.param, path


def id3_frames(data):
    """Read a tag by the letter of ID3v2.4."""
    assert data[:5] == b"ID3\x04\x00"
    spread = lambda four: sum(byte << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=True))  # noqa: E731
    at, end, frames = 10, 10 + spread(data[6:10]), {}
    while at < end:
        name, size = data[at : at + 4].decode(), spread(data[at + 4 : at + 8])
        frames[name] = data[at + 10 : at + 10 + size]
        at += 10 + size
    return frames, end


def chunks(data):
    """Read the chunks of a WAV file."""
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    at, found = 12, {}
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found[data[at : at + 4]] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def vorbis_fields(data):
    """Read a comment header that begins with its vendor."""
    size = struct.unpack_from("<I", data)[0]
    at = 4 + size
    count = struct.unpack_from("<I", data, at)[0]
    at, fields = at + 4, {}
    for _ in range(count):
        size = struct.unpack_from("<I", data, at)[0]
        name, _, value = data[at + 4 : at + 4 + size].decode().partition("=")
        fields[name] = value
        at += 4 + size
    return fields


def flac_blocks(data):
    at, blocks, is_last = 4, {}, False
    while not is_last:
        is_last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        blocks[kind] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return blocks


def test_other_readers_find_title_artist_and_comment(tagged):
    with soundfile.SoundFile(str(tagged[1])) as file:
        assert (file.title, file.artist, file.comment) == (TAGS.title, TAGS.artist, TAGS.comment)


def test_the_sound_is_still_whole(tagged):
    kind, path = tagged
    heard = decode(path, longest_s=5).signal
    assert heard.duration_s == pytest.approx(2, abs=0.03)
    if kind in {FileKind.WAV, FileKind.FLAC}:
        assert np.array_equal(heard.samples, on_16_bits(noise(2)).samples)


def test_tempo_key_origin_and_cover_stand_in_the_id3_tag(tagged):
    kind, path = tagged
    if kind not in {FileKind.MP3, FileKind.WAV}:
        pytest.skip("has no ID3 tag")
    data = path.read_bytes()
    frames, end = id3_frames(data if kind is FileKind.MP3 else chunks(data)[b"id3 "])
    assert frames["TBPM"] == b"\x0396"
    assert frames["TKEY"] == b"\x03F#m"
    assert frames["TXXX"].endswith(IPTC.encode())
    owner, _, packet = frames["PRIV"].partition(b"\x00")
    assert owner == b"XMP"
    assert f'Iptc4xmpExt:DigitalSourceType="{IPTC}"'.encode() in packet
    assert frames["APIC"].endswith(TAGS.cover)
    if kind is FileKind.MP3:
        assert data[end : end + 2][0] == 0xFF  # the first sound frame follows at once


def test_the_same_stands_in_vorbis_comments(tagged):
    kind, path = tagged
    data = path.read_bytes()
    if kind is FileKind.FLAC:
        blocks = flac_blocks(data)
        fields, picture = vorbis_fields(blocks[4]), blocks[6]
    elif kind is FileKind.OGG:
        packet = b"".join(body for _, body in ogg_pages(data))
        fields = vorbis_fields(packet[packet.index(b"\x03vorbis") + 7 :])
        picture = base64.b64decode(fields["METADATA_BLOCK_PICTURE"])
    else:
        pytest.skip("has no Vorbis comments")
    assert fields["BPM"] == "96.5"
    assert fields["INITIALKEY"] == "F#m"
    assert fields["DIGITALSOURCETYPE"] == IPTC
    assert picture.endswith(TAGS.cover)
    assert struct.unpack_from(">IIII", picture, len(picture) - len(TAGS.cover) - 20)[:2] == (400, 400)


def ogg_pages(data):
    at, pages = 0, []
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        table = data[at + 27 : at + 27 + data[at + 26]]
        begin = at + 27 + len(table)
        pages.append((int.from_bytes(data[at + 18 : at + 22], "little"), data[begin : begin + sum(table)]))
        at = begin + sum(table)
    return pages


def test_ogg_pages_are_numbered_without_gaps(tmp_path):
    path = tmp_path / "x.ogg"
    write_sound(path, noise(2), FileKind.OGG, depth=Depth.BITS_16, tags=lambda: TAGS)
    numbers = [number for number, _ in ogg_pages(path.read_bytes())]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 4  # the cover takes pages of its own


@pytest.mark.parametrize(
    ("key", "short"), [("A minor", "Am"), ("Bb major", "Bb"), ("D dorian", "Dm"), (None, "")]
)
def test_keys_are_short_as_players_have_them(key, short):
    assert Tags(key=key).short_key == short


def test_what_nobody_knows_is_left_out(tmp_path):
    path = tmp_path / "x.mp3"
    write_sound(path, noise(1), FileKind.MP3, depth=Depth.BITS_16, tags=lambda: Tags(title="x"))
    frames, _ = id3_frames(path.read_bytes())
    assert set(frames) == {"TIT2", "TPE1", "TSSE"}


LINES = (
    LyricLine(
        text="Hold me",
        start_s=2.0,
        end_s=3.0,
        words=(
            LyricWord(text="Hold", start_s=2.0, end_s=2.5),
            LyricWord(text="mé", start_s=2.5, end_s=3.0),
        ),
    ),
    LyricLine(text="and go", start_s=4.25, end_s=5.0),
)


def sung(path, kind, from_s=0.0):
    tags = Tags(title="T", lyrics="[Verse]\nHold mé\nand go", lines=LINES).since(from_s)
    write_sound(path, on_16_bits(noise(2)), kind, depth=Depth.BITS_16, tags=lambda: tags)
    return path.read_bytes()


def timed(frame):
    """Read SYLT by the letter: encoding, language, milliseconds, lyrics, no description, entries."""
    assert frame[:7] == b"\x03eng\x02\x01\x00"
    at, entries = 7, []
    while at < len(frame):
        end = frame.index(0, at)
        entries.append((frame[at:end].decode(), int.from_bytes(frame[end + 1 : end + 5])))
        at = end + 5
    return entries


def test_an_mp3_carries_its_words_and_when_each_begins(tmp_path):
    frames, _ = id3_frames(sung(tmp_path / "x.mp3", FileKind.MP3))
    assert frames["USLT"] == b"\x03eng\x00" + "[Verse]\nHold mé\nand go".encode()
    assert timed(frames["SYLT"]) == [("Hold", 2000), (" mé", 2500), ("\nand go", 4250)]


def test_a_new_part_alone_counts_from_its_own_start(tmp_path):
    frames, _ = id3_frames(sung(tmp_path / "x.mp3", FileKind.MP3, from_s=4.0))
    assert timed(frames["SYLT"]) == [("and go", 250)]


def test_a_flac_carries_its_words(tmp_path):
    assert b"LYRICS=[Verse]\nHold m\xc3\xa9\nand go" in sung(tmp_path / "x.flac", FileKind.FLAC)
