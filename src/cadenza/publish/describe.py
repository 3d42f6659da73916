"""What the files of a take say about it: a rendition as tags."""

from __future__ import annotations

from cadenza.audio.tagging import Tags
from cadenza.engines.protocol import Rendition


def tags_of(rendition: Rendition, *, artist: str, cover: bytes | None = None) -> Tags:
    """Return the tags of a take; ``cover`` is a JPEG of ``audio.tagging.COVER_SIDE`` pixels.

    The comment tells tempo and key where they are known, and how the take came to be: "96 bpm, A minor.
    Composed and played by a computer program. Cadenza, seed 17."
    """
    known = (f"{rendition.bpm:.4g} bpm" if rendition.bpm else "", rendition.key or "")
    music = ", ".join(part for part in known if part)
    origin = f"{rendition.source.sentence} Cadenza, seed {rendition.seed}."
    return Tags(
        title=rendition.plan.title,
        artist=artist,
        comment=f"{music}. {origin}" if music else origin,
        bpm=rendition.bpm,
        key=rendition.key,
        source=rendition.source,
        cover=cover,
        lyrics=rendition.plan.lyrics,
        lines=rendition.lines,
    )
