"""From a rendition in memory to the files of a take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cadenza.audio.encode import Depth, FileKind, Tags, write_sound
from cadenza.audio.files import appearing_whole
from cadenza.audio.peaks import waveform_peaks
from cadenza.audio.signal import Signal
from cadenza.domain.artefact import ArtefactKind
from cadenza.engines.protocol import Rendition
from cadenza.publish.cover import draw_cover

SMALL_COVER_SIDE = 400
_JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class RenderedFiles:
    """The finished files of one take, still under their scratch names."""

    by_kind: Mapping[ArtefactKind, Path]

    def __getitem__(self, kind: ArtefactKind) -> Path:
        """Return the file of a kind; ``NEW_PART_MP3`` exists for continuations only (``KeyError``)."""
        return self.by_kind[kind]


def render_files(
    rendition: Rendition, folder: Path, *, take_id: str, depth: Depth = Depth.BITS_16
) -> RenderedFiles:
    """Write all files of a take into ``folder`` and return them, each whole.

    ``depth`` is that of the FLAC: 16 bits keep a 16-bit source bit for bit, a finer source needs 24.
    ``take_id`` only names the files, so the same rendition gives the same bytes. The encoders run side
    by side: libsndfile works outside Python's lock. Raises ``OSError``.
    """
    tags = Tags.of_music(rendition.plan.title, bpm=rendition.bpm, key=rendition.key)
    work = _work(rendition, depth, tags)
    files = {kind: folder / f"{take_id}.{kind.value}{kind.suffix}" for kind in work}
    with ThreadPoolExecutor(max_workers=len(work)) as together:
        for written in [together.submit(_write_whole, files[kind], write) for kind, write in work.items()]:
            written.result()
    _write_small_cover(files)
    return RenderedFiles(files)


_Write = Callable[[Path], None]


def _work(rendition: Rendition, depth: Depth, tags: Tags) -> dict[ArtefactKind, _Write]:
    """Return what is to be written and how, the slowest first."""
    work: dict[ArtefactKind, _Write] = {
        ArtefactKind.AUDIO_MP3: _sound(rendition.signal, FileKind.MP3, depth, tags),
        ArtefactKind.AUDIO_FLAC: _sound(rendition.signal, FileKind.FLAC, depth, tags),
        ArtefactKind.PEAKS: lambda path: _write_peaks(path, rendition.signal),
        ArtefactKind.COVER_LARGE: lambda path: _write_cover(path, rendition),
    }
    if rendition.new_part is not None:
        work[ArtefactKind.NEW_PART_MP3] = _sound(rendition.new_part, FileKind.MP3, depth, tags)
    return work


def _sound(signal: Signal, kind: FileKind, depth: Depth, tags: Tags) -> _Write:
    return lambda path: write_sound(path, signal, kind, depth=depth, tags=tags)


def _write_whole(path: Path, write: _Write) -> None:
    with appearing_whole(path) as unfinished:
        write(unfinished)


def _write_peaks(path: Path, signal: Signal) -> None:
    path.write_text(json.dumps(waveform_peaks(signal), separators=(",", ":")))


def _write_cover(path: Path, rendition: Rendition) -> None:
    picture = draw_cover(rendition.signal, key=rendition.key, joined_at_s=rendition.joined_at_s)
    picture.save(path, "JPEG", quality=_JPEG_QUALITY)


def _write_small_cover(files: dict[ArtefactKind, Path]) -> None:
    files[ArtefactKind.COVER] = files[ArtefactKind.COVER_LARGE].with_suffix(".small.jpg")
    with Image.open(files[ArtefactKind.COVER_LARGE]) as large:
        small = large.resize((SMALL_COVER_SIDE, SMALL_COVER_SIDE), Image.Resampling.LANCZOS)
    _write_whole(files[ArtefactKind.COVER], lambda path: small.save(path, "JPEG", quality=_JPEG_QUALITY))
