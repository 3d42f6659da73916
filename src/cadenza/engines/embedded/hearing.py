"""What the pack ``ears`` adds to a portrait, where it is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.signal import Signal
from cadenza.domain.errors import Damaged, Stopped, Unavailable
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.listen.ears.ears import PACK, chroma_of, open_ears
from cadenza.engines.embedded.listen.ears.notes import HeardNote, bass_of, melody_of
from cadenza.engines.embedded.listen.harmony import find_chords
from cadenza.engines.embedded.listen.tell import chord_name
from cadenza.music.portrait import Floats, Portrait
from cadenza.packs.shelf import Shelf

_SUNG: Final = 0.5  # how surely a beat is, to count as one


def with_voice(
    portrait: Portrait, source: Signal, shelf: Shelf | None, should_stop: Callable[[], bool]
) -> Portrait:
    """Return the portrait with where somebody sings; as it is without the pack, or where that is damaged.

    Raises
    ------
    Stopped
        Soon after ``should_stop`` answers true.
    """
    pack = None if shelf is None else shelf.find(PACK)
    if pack is None:
        return portrait

    def heed() -> None:
        if should_stop():
            raise Stopped("The continuation was cancelled.")

    try:
        ears = open_ears(pack)
    except Damaged:  # `cadenza doctor` tells the operator; the caller gets what there is without it
        return portrait
    return dataclasses.replace(portrait, voice=ears.sung(source, portrait.pulse.beats_s, heed))


def version_of(shelf: Shelf | None) -> str:
    """Return what the version of an engine that hears with this shelf has at its end."""
    pack = None if shelf is None else shelf.find(PACK)
    return "" if pack is None else f"+{PACK}{pack.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A recording taken apart: voice and rest sum to it; all else is a draft.

    ``sung_s`` are the stretches in which a voice is heard, ``notes`` all notes of the rest, ``bass`` and
    ``melody`` those of them that lie lowest and highest, ``chords`` one name or None for each stretch
    between ``beats_s``.
    """

    voice: Signal
    rest: Signal
    sung_s: tuple[tuple[float, float], ...]
    notes: tuple[HeardNote, ...]
    bass: tuple[HeardNote, ...]
    melody: tuple[HeardNote, ...]
    beats_s: Floats
    chords: tuple[str | None, ...]


def take_apart(source: Signal, shelf: Shelf) -> Apart:
    """Tell the voice of a recording from the rest, and write down the notes of the rest.

    Raises
    ------
    Unavailable
        The pack is not installed.
    Damaged
        A file of the pack is not what was installed.
    SourceUnusable
        The recording is silent or has too little music.
    """
    pack = shelf.find(PACK)
    if pack is None:
        raise Unavailable(f"The pack {PACK} is not installed: cadenza packs install {PACK}")
    ears, portrait = open_ears(pack), listen(source)
    voice = ears.voice_alone(source)
    rest = Signal(source.samples - voice.samples, source.sample_rate)
    notes, beats_s = ears.notes(rest), portrait.pulse.beats_s
    chords = find_chords(chroma_of(notes, beats_s), portrait.key)
    return Apart(
        voice=voice,
        rest=rest,
        sung_s=_stretches(ears.sung(source, beats_s) > _SUNG, beats_s),
        notes=notes,
        bass=bass_of(notes),
        melody=melody_of(notes),
        beats_s=beats_s,
        chords=tuple(chord_name(int(chord)) for chord in chords),
    )


def apart_to_json(apart: Apart) -> dict[str, Any]:
    """Return all but the sound as JSON values, seconds to the millisecond."""
    return {
        "sung": [{"start_s": round(start, 3), "end_s": round(end, 3)} for start, end in apart.sung_s],
        "notes": _notes(apart.notes),
        "bass": _notes(apart.bass),
        "melody": _notes(apart.melody),
        "beats_s": [round(float(beat), 3) for beat in apart.beats_s],
        "chords": list(apart.chords),
    }


def _notes(notes: Sequence[HeardNote]) -> list[dict[str, float]]:
    return [
        {
            "start_s": round(note.start_s, 3),
            "end_s": round(note.end_s, 3),
            "midi_pitch": note.midi_pitch,
            "strength": round(note.strength, 3),
        }
        for note in notes
    ]


def _stretches(is_sung: NDArray[np.bool_], beats_s: Floats) -> tuple[tuple[float, float], ...]:
    """Return begin and end of each run of beats, in seconds from 0 on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_sung, [False]]).astype(int)))
    begins, ends = np.maximum(beats_s[edges[0::2]], 0.0), beats_s[edges[1::2]]
    return tuple((float(begin), float(end)) for begin, end in zip(begins, ends, strict=True))
