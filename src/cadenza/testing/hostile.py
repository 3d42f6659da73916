"""Files made to hurt whoever decodes them, each built here byte by byte: none was found anywhere."""

from __future__ import annotations

import functools
import gzip
import io
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import soundfile

from cadenza.audio.signal import Signal
from cadenza.testing.audio import noise, silence
from cadenza.testing.files import file_bytes

# What is in none of our outputs, whatever names a file that holds it.
SECRET_TONE_HZ: Final = 3210.0
_PLAYLISTS: Final = MappingProxyType(
    {
        "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n",
        "hls with a byte order mark": "\ufeff#EXTM3U\n#EXTINF:10,\nfile://{other}\n",
        "ffconcat": "ffconcat version 1.0\nfile '{other}'\n",
        "dash": '<?xml version="1.0"?><MPD><Period><BaseURL>file://{other}</BaseURL></Period></MPD>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na={other}\n",
        "pls": "[playlist]\nFile1={other}\nNumberOfEntries=1\n",
        "xspf": '<?xml version="1.0"?><playlist><track><location>{other}</location></track></playlist>',
        "bare path": "{other}\n",
        "concat protocol": "concat:{other}|{other}\n",
    }
)
_LOSSY_AND_LOSSLESS: Final = ("wav", "aiff", "flac", "mp3", "ogg", "opus")


def playlists(other: str) -> Mapping[str, bytes]:
    """Return lists and descriptions of every kind that lead to the file ``other``."""
    return {name: text.format(other=other).encode() for name, text in _PLAYLISTS.items()}


def wav(
    *,
    channels: int = 2,
    rate: int = 44100,
    bits: int = 16,
    data_bytes: int = 400,
    kind: int = 1,
    body: int = 400,
) -> bytes:
    """Return a WAV file whose header says what it is told to, over ``body`` bytes of silence."""
    block = channels * bits // 8
    return (
        b"RIFF" + struct.pack("<I", (36 + data_bytes) & 0xFFFFFFFF) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, kind, channels, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits)
        + b"data" + struct.pack("<I", data_bytes) + bytes(body)
    )  # fmt: skip


def lying_headers() -> Mapping[str, bytes]:
    """Return recordings whose headers claim shapes that are impossible or not those of the file."""
    plain = file_bytes(noise(0.1), "wav")
    cue = b"cue " + struct.pack("<Ii", 28, -1) + struct.pack("<iiIiii", -5, -5, 0x61746164, -1, -1, -1)
    flac, aiff = bytearray(file_bytes(noise(0.1), "flac")), bytearray(file_bytes(noise(0.1), "aiff"))
    no_rate, one_rate = flac.copy(), aiff.copy()
    no_rate[18:21] = bytes(3)  # STREAMINFO: 20 bits of sample rate, then the channels
    rate_at = aiff.index(b"COMM") + 16
    one_rate[rate_at : rate_at + 10] = b"\x7f\xff" + b"\xff" * 8  # an extended float without end
    aiff[rate_at - 8 : rate_at - 6] = b"\x00\x00"
    return {
        **{f"{count} channels": wav(channels=count, body=100_000) for count in (0, 9, 1024, 65535)},
        **{f"{rate} Hz": wav(rate=rate) for rate in (0, 1, 7_999, 192_001, 2**31 - 1, 2**32 - 1)},
        **{
            f"{size:#x} bytes of sound": wav(data_bytes=size)
            for size in (0, 0x7FFFFFFF, 0xFFFFFFF0, 2**32 - 1)
        },
        **{f"{bits} bits": wav(bits=bits) for bits in (0, 7, 65535)},
        "an unknown codec": wav(kind=0x1234),
        "a codec with tables, without them": wav(kind=2, bits=4),
        "cue points below zero": plain[:36] + cue + plain[36:],
        "a header and no sound": plain[:44],
        "a list that is longer than the file": plain[:12]
        + b"LIST"
        + struct.pack("<I", 0xFFFFFFF0)
        + plain[12:],
        "rf64 of 2**63 bytes": b"RF64\xff\xff\xff\xffWAVEds64"
        + struct.pack("<IQQQI", 28, 2**63, 2**63, 2**63, 0),
        "flac at 0 Hz": bytes(no_rate),
        "aiff at infinite Hz": bytes(one_rate),
        "aiff without channels": bytes(aiff),
    }


def bombs(longest_s: float) -> Mapping[str, bytes]:
    """Return little files that unroll to more than ``longest_s`` of silence."""
    quiet = silence(longest_s * 1.3, sample_rate=8000, channels=1)
    flac = bytearray(file_bytes(quiet, "flac"))
    hidden = flac.copy()
    hidden[21] &= 0xF0  # STREAMINFO: the number of samples becomes "unknown"
    hidden[22:26] = bytes(4)
    short = flac.copy()
    short[21] &= 0xF0
    short[22:26] = struct.pack(">I", 8000)  # says one second
    return {
        "flac": bytes(flac),
        "flac that hides its length": bytes(hidden),
        "flac that says one second": bytes(short),
        **{name: file_bytes(quiet, name) for name in ("wav", "ogg", "mp3")},
    }


def wide_bomb(length_s: float) -> bytes:
    """Return a FLAC of eight channels at 192 kHz: the most that one second can unroll to."""
    written = io.BytesIO()
    with soundfile.SoundFile(written, "w", 192_000, 8, "PCM_24", format="FLAC") as file:
        for _ in range(int(length_s * 10)):
            file.write(np.zeros((19_200, 8), np.int32))
    return written.getvalue()


def cut(whole: bytes, *, step: int) -> Iterator[bytes]:
    """Yield the first 0, ``step``, 2 ``step`` ... bytes of a file."""
    for end in range(0, len(whole), step):
        yield whole[:end]


def wrong_labels() -> Mapping[str, bytes]:
    """Return what people, scanners and attackers send under the name of a recording."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("song.mp3", bytes(1_000_000))
    laughs = "".join(f'<!ENTITY {name} "{"&lol;" * 10}">' for name in ("a", "b", "c"))
    return {
        "web page": b"<!doctype html><script>alert(1)</script>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "billion laughs": f"<?xml version='1.0'?><!DOCTYPE x [{laughs}]><x>&c;</x>".encode(),
        "program": b"\x7fELF\x02\x01\x01" + bytes(2_000),
        "program of windows": b"MZ\x90\x00" + bytes(2_000),
        "zip": archive.getvalue(),
        "gzip bomb": gzip.compress(bytes(10_000_000)),
        "pdf": b"%PDF-1.7\n" + bytes(200),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "jpeg": b"\xff\xd8\xff\xe0" + bytes(200),
        "gif": b"GIF89a" + bytes(200),
        "midi": b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + bytes(50),
        "avi": b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(200),
        "flash": b"FLV\x01\x05" + bytes(200),
        "mp4 of nothing": struct.pack(">I", 24) + b"ftypisom" + bytes(12) + struct.pack(">I", 8) + b"mdat",
        "mp4 with an endless atom": struct.pack(">I", 24) + b"ftypM4A " + bytes(12) + b"\xff\xff\xff\xffmoov",
        "matroska of nothing": b"\x1a\x45\xdf\xa3" + bytes(200),
        "ogg of nothing": b"OggS" + bytes(200),
        "ogg of another codec": b"OggS\x00\x02" + bytes(22) + b"\x01\x08\x80theora" + bytes(60),
        "json": b'{"audio": "none"}',
        "text": b"la la la",
        "nothing": b"",
        "one byte": b"\x00",
        "only sync bits": b"\xff" * 100_000,
        "headers of mp3 without sound": b"\xff\xfb\x90\x00" * 25_000,
        "headers of aac without sound": b"\xff\xf1\x50\x80\x01\x1f\xfc" * 15_000,
        "noise": np.random.default_rng(7).bytes(100_000),
    }


def polyglots() -> Mapping[str, bytes]:
    """Return recordings that carry something else, or claim to."""
    mp3, flac, plain = (file_bytes(noise(0.5), name) for name in ("mp3", "flac", "wav"))
    picture = b"\x06" + (0xFFFFF0).to_bytes(3, "big")
    archive = wrong_labels()["zip"]
    return {
        "tag of 200 MB, announced": id3_tag(200_000_000) + mp3,
        "tag of 100 MB, announced": id3_tag(100_000_000) + flac,
        "tag that is longer than the file": id3_tag(1_000_000) + mp3[:100],
        "tags in a row": id3_tag(100, bytes(100)) * 3 + mp3,
        "mp3 with a zip behind": mp3 + archive,
        "wav with a zip behind": plain + archive,
        "flac with a picture of 16 MB, announced": flac[:4] + picture + flac[4:],
        "page in a wav": plain[:12]
        + b"JUNK"
        + struct.pack("<I", 40)
        + b"<script>alert(1)</script>".ljust(40)
        + plain[12:],
    }


def id3_tag(size: int, body: bytes = b"") -> bytes:
    """Return an ID3v2.4 tag that says it is ``size`` bytes long."""
    seven_bits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + seven_bits + body


def strange_samples() -> Mapping[str, bytes]:
    """Return float recordings whose numbers are no sound, or too much of it."""
    values = {
        "not a number": np.nan,
        "infinite": np.inf,
        "1e30": 1e30,
        "minus infinite": -np.inf,
        "double": 2.0,
    }
    made = {}
    for name, value in values.items():
        samples = noise(0.2).samples.copy()
        samples[:, 1000:1100] = value
        made[name] = file_bytes(Signal(samples, 44100), "wavfloat")
    return made


@functools.cache
def hostile_set() -> Mapping[str, bytes]:
    """Return all of it under one roof, for a limit of 480 s: what a caller could send in one evening."""
    halves = {name: file_bytes(noise(0.3), name) for name in _LOSSY_AND_LOSSLESS}
    groups: Sequence[tuple[str, Mapping[str, bytes]]] = (
        ("playlist", playlists("/etc/passwd")),
        ("lie", lying_headers()),
        ("bomb", bombs(480)),
        ("label", wrong_labels()),
        ("polyglot", polyglots()),
        ("samples", strange_samples()),
        ("half", {name: whole[: len(whole) // 2] for name, whole in halves.items()}),
    )
    return MappingProxyType(
        {f"{group}: {name}": data for group, files in groups for name, data in files.items()}
    )
