"""A file that belongs to a take or an upload: what it is, and the digest that names it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ArtefactKind(enum.Enum):
    """What a stored file is to its owner."""

    AUDIO_MP3 = "audio_mp3"  # the whole take
    AUDIO_FLAC = "audio_flac"  # the whole take, without loss
    AUDIO_WAV_16 = "audio_wav16"  # the whole take, as every program reads it
    AUDIO_WAV_24 = "audio_wav24"
    AUDIO_OGG = "audio_ogg"
    STEMS = "stems"  # the sound of each role by itself
    MIDI = "midi"  # the notes of what was composed
    NEW_PART_MP3 = "new_part_mp3"  # the new music of a continuation alone
    COVER = "cover"  # 400 x 400
    COVER_LARGE = "cover_large"  # 1024 x 1024
    PEAKS = "peaks"  # the waveform's outline
    UPLOAD = "upload"  # a recording as its owner brought it

    @property
    def media_type(self) -> str:
        """The Content-Type it is served with, fixed by us and never taken from a caller."""
        return _SERVED_AS[self][0]

    @property
    def suffix(self) -> str:
        """The end of the file names shown to people, with its dot; uploads have none."""
        return _SERVED_AS[self][1]


_SERVED_AS = {
    ArtefactKind.AUDIO_MP3: ("audio/mpeg", ".mp3"),
    ArtefactKind.AUDIO_FLAC: ("audio/flac", ".flac"),
    ArtefactKind.AUDIO_WAV_16: ("audio/wav", ".wav"),
    ArtefactKind.AUDIO_WAV_24: ("audio/wav", ".wav"),
    ArtefactKind.AUDIO_OGG: ("audio/ogg", ".ogg"),
    ArtefactKind.STEMS: ("application/zip", ".zip"),
    ArtefactKind.MIDI: ("audio/midi", ".mid"),
    ArtefactKind.NEW_PART_MP3: ("audio/mpeg", ".mp3"),
    ArtefactKind.COVER: ("image/jpeg", ".jpg"),
    ArtefactKind.COVER_LARGE: ("image/jpeg", ".jpg"),
    ArtefactKind.PEAKS: ("application/json", ".json"),
    ArtefactKind.UPLOAD: ("application/octet-stream", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A stored file. ``sha256`` (64 lower-case hex digits) names it; equal files are one file."""

    kind: ArtefactKind
    sha256: str
    size_bytes: int

    @property
    def media_type(self) -> str:
        """The Content-Type it is served with."""
        return self.kind.media_type

    @property
    def suffix(self) -> str:
        """The end of the file names shown to people."""
        return self.kind.suffix
