"""Where the files of a take and of an upload are found: the one place that spells their URLs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from cadenza.domain.artefact import ArtefactKind

# What follows the take id in a media URL. Programs look for an audio suffix, so each has one.
MEDIA_SUFFIXES = {
    ArtefactKind.AUDIO_MP3: ".mp3",
    ArtefactKind.AUDIO_FLAC: ".flac",
    ArtefactKind.AUDIO_WAV_16: ".wav",
    ArtefactKind.AUDIO_WAV_24: "-24.wav",
    ArtefactKind.AUDIO_OGG: ".ogg",
    ArtefactKind.STEMS: "-stems.zip",
    ArtefactKind.MIDI: ".mid",
    ArtefactKind.NEW_PART_MP3: "-new.mp3",
    ArtefactKind.COVER: ".jpeg",
    ArtefactKind.COVER_LARGE: "-large.jpeg",
    ArtefactKind.PEAKS: "-peaks.json",
}


# Files that no hosted dialect knows, by the names that callers ask for them and find them under.
MORE_NAMES = {
    ArtefactKind.AUDIO_WAV_16: "wav16",
    ArtefactKind.AUDIO_WAV_24: "wav24",
    ArtefactKind.AUDIO_OGG: "ogg",
    ArtefactKind.STEMS: "stems",
    ArtefactKind.MIDI: "midi",
    ArtefactKind.PEAKS: "peaks",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute URLs below ``public_url``, readable without a key: the 122 random bits are the key."""

    public_url: str

    def media(self, take_id: str, kind: ArtefactKind) -> str:
        """Return the URL of a take's file."""
        return f"{self._media}{take_id}{MEDIA_SUFFIXES[kind]}"

    def stream(self, take_id: str) -> str:
        """Return the URL where a take can be heard while it is being rendered, and after."""
        return f"{self.public_url}/stream/{take_id}.mp3"

    def upload(self, upload_id: str, file_name: str) -> str:
        """Return the URL of an upload; the name is only for readers."""
        return f"{self._uploads}{upload_id}/{quote(file_name, safe='')}"

    def upload_id(self, url: str) -> str | None:
        """Return the id of the upload whose URL this is; None where it is another URL."""
        if not url.startswith(self._uploads):
            return None
        upload_id, _, name = url.removeprefix(self._uploads).partition("/")
        return upload_id if name else None

    def take_id(self, url: str) -> str | None:
        """Return the id of the take whose whole sound this URL leads to; None where it is another URL."""
        name = url.removeprefix(self._media)
        for kind in (ArtefactKind.AUDIO_MP3, ArtefactKind.AUDIO_FLAC):
            if name != url and name.endswith(MEDIA_SUFFIXES[kind]):
                return name.removesuffix(MEDIA_SUFFIXES[kind])  # of a new part it would be nobody's id
        return None

    @property
    def _media(self) -> str:
        return f"{self.public_url}/media/"

    @property
    def _uploads(self) -> str:
        return f"{self.public_url}/files/"
