"""From a wished shape to a line that can be sung: the cheapest way through the pitches that fit.

Melodies of all cultures move mostly by step (Huron, "Sweet Anticipation", 2006, chapter 5), so each
interval has a price, and so has each semitone away from the shape. The cheapest line is found by
dynamic programming (Viterbi).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Price of an interval by its semitones: steps are free, a repeated note and a third are cheap, a
# tritone and a seventh are dear, an octave less so.
_INTERVALS = (0.5, 0.0, 0.0, 0.45, 0.7, 1.0, 3.0, 1.3, 2.4, 2.2, 3.2, 4.5, 2.0)
_WIDER = 6.0
_AWAY = 0.32  # price of a semitone away from the shape


@dataclass(frozen=True, slots=True)
class Wanted:
    """One note: where the shape wants it, and the MIDI pitches that fit its chord and weight."""

    target: float
    fitting: Sequence[int]


def smooth_line(wanted: Sequence[Wanted], before: int | None, weirdness: float) -> list[int]:
    """Return one pitch for each note; ``before`` is the pitch that comes before the first.

    ``weirdness`` 0 to 1 makes leaps cheaper.
    """
    care = 1.3 - 0.9 * weirdness
    paths: dict[int, tuple[float, tuple[int, ...]]] = {}
    for index, note in enumerate(wanted):
        near = [pitch for pitch in note.fitting if abs(pitch - note.target) <= 9] or note.fitting
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for pitch in near:
            price = _AWAY * abs(pitch - note.target)
            if index == 0:
                coming = care * _interval(pitch, before) if before is not None else 0.0
                reached[pitch] = (price + 0.5 * coming, (pitch,))
                continue
            cost, path = min(
                (total + care * _interval(pitch, last), way) for last, (total, way) in paths.items()
            )
            reached[pitch] = (cost + price, (*path, pitch))
        paths = reached
    return list(min(paths.values())[1])


def _interval(pitch: int, other: int) -> float:
    size = abs(pitch - other)
    return _INTERVALS[size] if size < len(_INTERVALS) else _WIDER
