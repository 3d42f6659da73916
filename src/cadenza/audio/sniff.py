"""What a file is, told by its first bytes: never by its name or by what the sender says it is.

Only the standard library is used: the decoder's child process imports this module too.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Container(enum.Enum):
    """A container of sound that can be decoded; the value is the name shown to people."""

    WAV = "WAV"
    AIFF = "AIFF"
    FLAC = "FLAC"
    MP3 = "MP3"
    OGG = "Ogg Vorbis"
    OPUS = "Opus"
    MP4 = "M4A/MP4"
    AAC = "AAC (ADTS)"
    WEBM = "WebM/Matroska"

    @property
    def needs_formats_extra(self) -> bool:
        """Whether libsndfile cannot read it, so that PyAV (the extra ``formats``) has to."""
        return self in {Container.MP4, Container.AAC, Container.WEBM}


@dataclass(frozen=True, slots=True)
class NotSound:
    """Something that is not sound we decode; ``what`` reads after "The file is "."""

    what: str


# Enough for the frame headers of an MP3 that starts with some padding; tags before it are skipped by
# their own length.
HEAD_BYTES = 64 * 1024

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"#EXTM3U", "an HLS playlist"),
    (b"ffconcat", "a list of other files"),
    (b"[playlist]", "a playlist"),
    (b"v=0", "a session description"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"<mpd", "a DASH manifest"),
    (b"<svg", "an SVG picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"\x30\x26\xb2\x75", "a Windows Media file, which is not supported"),
    (b"FLV", "a Flash video, which is not supported"),
    (b"wvpk", "a WavPack file, which is not supported"),
    (b"MAC ", "a Monkey's Audio file, which is not supported"),
    (b"caff", "a Core Audio file, which is not supported"),
    (b"{", "a JSON document"),
)


def sniff(head: bytes) -> Container | NotSound:
    """Return what the bytes at the start of a file (after any ID3v2 tag) are.

    ``head`` is up to ``HEAD_BYTES`` long; what lies behind it is not looked at.
    """
    return _by_magic(head) or _by_mpeg_frames(head) or _foreign(head)


def id3_tag_bytes(head: bytes) -> int:
    """Return the length of the ID3v2 tag that ``head`` begins with, 0 where there is none.

    The size is four bytes of seven bits each (id3.org, ID3v2.4 structure, 3.1); a footer adds ten.
    """
    if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return 0
    body = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = 10 if head[5] & 0x10 else 0
    return 10 + body + footer


def _by_magic(head: bytes) -> Container | None:
    first, form = head[:4], head[8:12]
    if first == b"OggS":
        return _ogg_codec(head)
    if head[4:8] == b"ftyp":
        return Container.MP4
    return _FORMS.get((first, form)) or _MAGIC.get(first)


_FORMS = {
    (b"RIFF", b"WAVE"): Container.WAV,
    (b"RF64", b"WAVE"): Container.WAV,
    (b"RIFX", b"WAVE"): Container.WAV,
    (b"FORM", b"AIFF"): Container.AIFF,
    (b"FORM", b"AIFC"): Container.AIFF,
}
_MAGIC = {b"fLaC": Container.FLAC, b"\x1a\x45\xdf\xa3": Container.WEBM}  # the second is EBML, RFC 8794


def _ogg_codec(head: bytes) -> Container | None:
    """Return the codec that the first page of an Ogg stream names (RFC 3533, RFC 7845, RFC 5334)."""
    page = head[:512]
    if b"OpusHead" in page:
        return Container.OPUS
    if b"\x01vorbis" in page:
        return Container.OGG
    if b"\x7fFLAC" in page:
        return Container.FLAC
    return None


def _by_mpeg_frames(head: bytes) -> Container | None:
    """Return MP3 or AAC where a frame header is followed by a second one where it says it ends.

    Two agreeing headers, because a single sync word (eleven set bits) occurs in any random data.
    """
    start = head.find(b"\xff")
    while 0 <= start < len(head) - 7:
        for container, length in ((Container.MP3, _mp3_frame_bytes), (Container.AAC, _adts_frame_bytes)):
            size = length(head[start : start + 7])
            if size and length(head[start + size : start + size + 7]):
                return container
        start = head.find(b"\xff", start + 1)
    return None


_KBIT_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # MPEG-1 layer III
_KBIT_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # MPEG-2 and 2.5 layer III
_RATE_HZ = (44100, 48000, 32000)


def _mp3_frame_bytes(header: bytes) -> int:
    """Return the length of the layer III frame whose header this is, 0 where it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in {0, 15} or rate == 3:  # reserved or free format
        return 0
    is_mpeg1 = version == 3
    kbit, halving = (_KBIT_1 if is_mpeg1 else _KBIT_2)[bitrate], {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    return (144 if is_mpeg1 else 72) * kbit * 1000 * halving // _RATE_HZ[rate] + padding


def _adts_frame_bytes(header: bytes) -> int:
    """Return the length of the AAC frame whose ADTS header this is (ISO 14496-3, 1.A.2), or 0."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size > 7 else 0


def _foreign(head: bytes) -> NotSound:
    if not head:
        return NotSound("empty")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, what in _FOREIGN:
        if text.startswith(magic) or text[: len(magic)].lower() == magic:
            return NotSound(what)
    if not any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in head[:256]):
        return NotSound("a text")
    return NotSound("no known kind of sound")
