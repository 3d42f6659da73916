"""A published file: named by its content, never by anything a caller sent."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ArtefactKind(enum.Enum):
    """What a published file is of a take, or that it is an upload."""

    AUDIO_MP3 = "audio_mp3"
    AUDIO_FLAC = "audio_flac"
    NEW_PART_MP3 = "new_part_mp3"
    COVER = "cover"
    COVER_LARGE = "cover_large"
    PEAKS = "peaks"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """One stored file. ``suffix`` has its dot (".mp3")."""

    kind: ArtefactKind
    sha256: str
    media_type: str
    size_bytes: int
    suffix: str
