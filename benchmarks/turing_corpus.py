"""Human tunes for ``benchmarks/turing.py``, from the corpus that music21 brings along.

Not part of the package or its tests: needs music21 (BSD) in an environment of its own.

``python benchmarks/turing_corpus.py human.json`` (about two minutes)

Fiddle tunes are from Ryan's Mammoth Collection (1883) and O'Neill's Music of Ireland (1903), songs from
the Essen collection, hymns are chorales as J. S. Bach set them. Only tunes whose key and metre are told and
that are 24 notes long are taken; times are in beats, pitches in semitones above the tonic.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from music21 import converter, corpus

_SEED, _FIDDLE_FILES, _CHORALES = 6, 40, 60
_OPUSES = ("0351-0400.abc",)  # of O'Neill
_SONGS = ("erk10.abc",)  # of Essen
_SHORTEST = 24


def main() -> None:
    """Read the corpus and write what is needed of it."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("output", type=Path, help="the JSON file to write")
    output = parser.parse_args().output
    tunes = [*_fiddle_tunes(), *_songs()]
    hymns = list(_hymns())
    output.write_text(json.dumps({"tunes": tunes, "hymns": hymns}))
    print(f"{len(tunes)} tunes and {len(hymns)} hymns")


def _paths(folder: str) -> list[Path]:
    return sorted(Path(path) for path in corpus.getCorePaths() if folder in str(path))


def _fiddle_tunes() -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(_SEED)
    files = _paths("ryansMammoth")
    for index in sorted(rng.choice(len(files), _FIDDLE_FILES, replace=False)):
        yield from _read(converter.parse(files[index]), "ryan")
    for path in _paths("oneills1850"):
        if path.name in _OPUSES:
            for score in converter.parse(path).scores:
                yield from _read(score, "oneill")


def _songs() -> Iterator[dict[str, Any]]:
    for path in _paths("essenFolksong"):
        if path.name in _SONGS:
            for score in converter.parse(path).scores:
                yield from _read(score, "essen")


def _hymns() -> Iterator[dict[str, Any]]:
    for score in corpus.chorales.Iterator(1, _CHORALES):
        soprano = [part for part in score.parts if "soprano" in str(part.id).lower()]
        if len(score.parts) == 4 and soprano:
            for told in _read(soprano[0], "bach", key=score.analyze("key")):
                yield told | {"slices": _slices(score, told["tonic"])}


def _read(stream: Any, source: str, key: Any = None) -> Iterator[dict[str, Any]]:
    """Yield the tune of a part where it can be read."""
    part = stream.parts[0] if hasattr(stream, "parts") and len(stream.parts) else stream
    flat = part.flatten()
    metres = list(flat.getElementsByClass("TimeSignature"))
    signatures = list(flat.getElementsByClass("KeySignature"))
    key = key or next((k for k in signatures if hasattr(k, "tonic")), None)
    if len(metres) != 1 or key is None or metres[0].numerator > 12 or metres[0].denominator > 8:
        return
    notes = [n for n in flat.stripTies().notes if n.duration.quarterLength > 0 and not n.isChord]
    if len(notes) < _SHORTEST:
        return
    beat, bar = float(metres[0].beatDuration.quarterLength), float(metres[0].barDuration.quarterLength)
    measures = list(part.getElementsByClass("Measure"))
    first = float(measures[0].duration.quarterLength) if measures else bar
    pickup = first if 0 < first < bar else 0.0
    yield {
        "source": source,
        "bar": bar / beat,
        "tonic": int(key.tonic.pitchClass),
        "is_minor": 3 in {(p.pitchClass - key.tonic.pitchClass) % 12 for p in key.getScale().getPitches()},
        "notes": [
            [
                round((float(n.offset) - pickup) / beat, 4),
                round(float(n.duration.quarterLength) / beat, 4),
                int(n.pitch.midi) - int(key.tonic.pitchClass) - 60,
            ]
            for n in notes
        ],
    }


def _slices(score: Any, tonic: int) -> list[list[int]]:
    """Return what sounds on each quarter: the bass, then all pitch classes, above the tonic."""
    parts = [list(part.flatten().stripTies().notes) for part in score.parts]
    told = []
    for beat in range(int(score.duration.quarterLength)):
        sounding = [
            n.pitch.midi - tonic
            for notes in parts
            for n in notes
            if not n.isChord and n.offset <= beat < n.offset + n.duration.quarterLength
        ]
        if len(sounding) >= 3:
            told.append([min(sounding) % 12, *sorted({pitch % 12 for pitch in sounding})])
    return told


if __name__ == "__main__":
    main()
