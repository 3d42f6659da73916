"""What a sound file says about itself: one vocabulary, written as each format has it.

MP3 gets an ID3v2.4 tag; FLAC and Ogg get Vorbis comments; WAV gets an INFO list, and the ID3 tag in a
chunk. The IPTC's digital source type stands in each, in ID3 also as an XMP packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from cadenza.audio import id3, ogg, riff, vorbis
from cadenza.domain.provenance import DigitalSource
from cadenza.domain.task import LyricLine

COVER_SIDE: Final = 400  # pixels of the cover inside a file
_SOFTWARE: Final = "Cadenza"
_SOURCE_TYPE: Final = "DIGITALSOURCETYPE"
_WITH_MINOR_THIRD: Final = frozenset({"minor", "dorian", "phrygian"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What players show. ``bpm`` and ``key`` ("A minor") are None where nobody knows them.

    ``comment`` is what people read, ``source`` what programs read of where it comes from; None says
    nothing. ``cover`` is a JPEG, ``COVER_SIDE`` pixels wide and high. ``lyrics`` are the words as a text,
    ``lines`` those that are sung with their times.
    """

    title: str = ""
    artist: str = "Cadenza"
    comment: str = ""
    bpm: float | None = None
    key: str | None = None
    source: DigitalSource | None = None
    cover: bytes | None = None
    lyrics: str = ""
    lines: tuple[LyricLine, ...] = ()

    @property
    def short_key(self) -> str:
        """The key as ID3 and players have it, which know two modes: "Am", "F#", or nothing."""
        tonic, _, mode = (self.key or "").partition(" ")
        return tonic + ("m" if mode in _WITH_MINOR_THIRD else "")

    def since(self, from_s: float) -> Tags:
        """Return the tags of the part that begins at ``from_s``: its lines, counted from there."""
        lines = tuple(line.later(-from_s) for line in self.lines if line.end_s > from_s)
        return replace(self, lines=lines)


def tag_mp3(path: Path, tags: Tags) -> None:
    """Tag a finished MP3 that has no tag yet."""
    id3.put_before(path, id3.tag(id3_frames(tags)))


def tag_flac(path: Path, tags: Tags) -> None:
    """Tag a finished FLAC."""
    vorbis.tag_flac(path, comment_fields(tags), _flac_picture(tags))


def tag_ogg(path: Path, tags: Tags) -> None:
    """Tag a finished Ogg Vorbis file, and make it repeatable."""
    fields = comment_fields(tags)
    if (picture := _flac_picture(tags)) is not None:
        fields.append(vorbis.picture_field(picture))
    ogg.settle(path, vorbis.comments(fields))


def tag_wav(path: Path, tags: Tags) -> None:
    """Tag a finished WAV file, which has no INFO list yet."""
    listed = ((b"INAM", tags.title), (b"IART", tags.artist), (b"ICMT", tags.comment), (b"ISFT", _SOFTWARE))
    info = riff.info([(name, value) for name, value in listed if value])
    riff.append_chunks(path, [(b"LIST", info), (b"id3 ", id3.tag(id3_frames(tags)))])


def id3_frames(tags: Tags) -> list[bytes]:
    """Return the frames of a tag, those without content left out."""
    texts = {
        "TIT2": tags.title,
        "TPE1": tags.artist,
        "TBPM": f"{tags.bpm:.0f}" if tags.bpm else "",
        "TKEY": tags.short_key,
        "TSSE": _SOFTWARE,
    }
    frames = [id3.text(name, value) for name, value in texts.items() if value]
    if tags.comment:
        frames.append(id3.comment(tags.comment))
    if tags.lyrics:
        frames.append(id3.lyrics(tags.lyrics))
    if tags.lines:
        frames.append(id3.timed_lyrics(_entries(tags.lines)))
    if tags.source is not None:
        frames.append(id3.own_text(_SOURCE_TYPE, tags.source.uri))
        frames.append(id3.private("XMP", _xmp(tags.source)))
    if tags.cover is not None:
        frames.append(id3.picture(tags.cover))
    return frames


def comment_fields(tags: Tags) -> list[vorbis.Field]:
    """Return the Vorbis comments, those without content left out."""
    fields = (
        ("TITLE", tags.title),
        ("ARTIST", tags.artist),
        ("COMMENT", tags.comment),
        ("BPM", f"{tags.bpm:.4g}" if tags.bpm else ""),
        ("INITIALKEY", tags.short_key),
        ("ENCODER", _SOFTWARE),
        ("LYRICS", tags.lyrics),
        (_SOURCE_TYPE, "" if tags.source is None else tags.source.uri),
    )
    return [(name, value) for name, value in fields if value]


def _entries(lines: tuple[LyricLine, ...]) -> Iterator[tuple[str, float]]:
    """Yield what SYLT tells: each word, or the line where its words have no times."""
    for number, line in enumerate(lines):
        known = [(word.text, word.start_s) for word in line.words] or [(line.text, line.start_s)]
        for place, (text, start_s) in enumerate(known):
            lead = " " if place else "\n" if number else ""
            yield lead + text, max(0.0, start_s)


def _flac_picture(tags: Tags) -> bytes | None:
    if tags.cover is None:
        return None
    return vorbis.picture(tags.cover, width=COVER_SIDE, height=COVER_SIDE)


def _xmp(source: DigitalSource) -> bytes:
    """Return an XMP packet that says the IPTC's digital source type (Iptc4xmpExt)."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source.uri)}/></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()
