"""From a rendition in memory to the files of a take."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from PIL import Image

from cadenza.audio.encode import Depth, FileKind, write_sound
from cadenza.audio.files import appearing_whole
from cadenza.audio.peaks import waveform_peaks
from cadenza.audio.signal import Signal
from cadenza.audio.tagging import COVER_SIDE, Tags
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.request import ExtraFile
from cadenza.engines.protocol import Rendition
from cadenza.music.midi import midi_file
from cadenza.publish.cover import draw_cover
from cadenza.publish.describe import tags_of
from cadenza.publish.stems import write_stems

_JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class RenderedFiles:
    """The finished files of one take, still under their scratch names."""

    by_kind: Mapping[ArtefactKind, Path]

    def __getitem__(self, kind: ArtefactKind) -> Path:
        """Return the file of a kind; ``NEW_PART_MP3`` exists for continuations only (``KeyError``)."""
        return self.by_kind[kind]


@dataclass(frozen=True, slots=True)
class Covers:
    """A take's picture as JPEG: ``large``, and small enough to lie ``inside`` a sound file."""

    large: bytes
    inside: bytes


def covers_of(rendition: Rendition) -> Covers:
    """Return the cover of a take in both sizes, the same for the same music."""
    picture = draw_cover(rendition.signal, key=rendition.key, joined_at_s=rendition.joined_at_s)
    small = picture.resize((COVER_SIDE, COVER_SIDE), Image.Resampling.LANCZOS)
    return Covers(large=_jpeg(picture), inside=_jpeg(small))


def render_files(
    rendition: Rendition,
    folder: Path,
    *,
    take_id: str,
    depth: Depth = Depth.BITS_16,
    artist: str = "Cadenza",
    extra_files: Collection[ExtraFile] = (),
) -> RenderedFiles:
    """Write all files of a take into ``folder`` and return them, each whole.

    ``depth`` is that of the FLAC: 16 bits keep a 16-bit source bit for bit, a finer source needs 24.
    ``take_id`` only names the files, so the same rendition gives the same bytes. The encoders run side
    by side: libsndfile works outside Python's lock. Raises ``OSError``.
    """
    work = _Work(rendition, artist).of(depth, extra_files)
    files = {kind: folder / f"{take_id}.{kind.value}{kind.suffix}" for kind in work}
    stems = work.pop(ArtefactKind.STEMS, None)
    with ThreadPoolExecutor(max_workers=len(work)) as together:
        for written in [together.submit(_write_whole, files[kind], write) for kind, write in work.items()]:
            written.result()
    if stems is not None:  # alone: of a long song each is as large as the song itself
        _write_whole(files[ArtefactKind.STEMS], stems)
    return RenderedFiles(files)


_Write = Callable[[Path], None]


class _Work:
    """What is to be written of one take, and how."""

    def __init__(self, rendition: Rendition, artist: str) -> None:
        self._rendition = rendition
        self._artist = artist
        self._drawing = Lock()

    def of(self, depth: Depth, extra_files: Collection[ExtraFile]) -> dict[ArtefactKind, _Write]:
        """Return each file's writer, the slowest first."""
        whole, new_part = self._rendition.signal, self._rendition.new_part
        work: dict[ArtefactKind, _Write] = {
            ArtefactKind.AUDIO_MP3: self._sound(whole, FileKind.MP3, depth),
            ArtefactKind.AUDIO_FLAC: self._sound(whole, FileKind.FLAC, depth),
            ArtefactKind.PEAKS: lambda path: _write_peaks(path, whole),
            ArtefactKind.COVER_LARGE: lambda path: _write_bytes(path, self._covers().large),
            ArtefactKind.COVER: lambda path: _write_bytes(path, self._covers().inside),
        }
        if (score := self._rendition.score) is not None:
            work[ArtefactKind.MIDI] = lambda path: _write_bytes(path, midi_file(score))
        if new_part is not None:
            from_s = self._rendition.joined_at_s or 0.0
            work[ArtefactKind.NEW_PART_MP3] = self._sound(new_part, FileKind.MP3, depth, from_s)
        return work | {kind: write for extra, (kind, write) in self._extras().items() if extra in extra_files}

    def _extras(self) -> dict[ExtraFile, tuple[ArtefactKind, _Write]]:
        whole, stems = self._rendition.signal, self._rendition.stems
        extras: dict[ExtraFile, tuple[ArtefactKind, _Write]] = {
            ExtraFile.WAV_16: (
                ArtefactKind.AUDIO_WAV_16,
                self._sound(whole, FileKind.WAV, Depth.BITS_16),
            ),
            ExtraFile.WAV_24: (
                ArtefactKind.AUDIO_WAV_24,
                self._sound(whole, FileKind.WAV, Depth.BITS_24),
            ),
            ExtraFile.OGG: (ArtefactKind.AUDIO_OGG, self._sound(whole, FileKind.OGG, Depth.BITS_16)),
        }
        if stems:
            tags = tags_of(self._rendition, artist=self._artist)
            extras[ExtraFile.STEMS] = (ArtefactKind.STEMS, lambda path: write_stems(path, stems, tags))
        return extras

    def _sound(self, signal: Signal, kind: FileKind, depth: Depth, from_s: float = 0.0) -> _Write:
        return lambda path: write_sound(path, signal, kind, depth=depth, tags=lambda: self._tags(from_s))

    def _tags(self, from_s: float) -> Tags:
        return tags_of(self._rendition, artist=self._artist, cover=self._covers().inside).since(from_s)

    def _covers(self) -> Covers:
        with self._drawing:  # whoever asks first draws, the others wait
            return self._drawn

    @cached_property
    def _drawn(self) -> Covers:
        return covers_of(self._rendition)


def _write_whole(path: Path, write: _Write) -> None:
    with appearing_whole(path) as unfinished:
        write(unfinished)


def _write_peaks(path: Path, signal: Signal) -> None:
    path.write_text(json.dumps(waveform_peaks(signal), separators=(",", ":")))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()
