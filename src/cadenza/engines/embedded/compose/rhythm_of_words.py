"""Where the syllables of a line fall: stress on strong beats, the rhyme on a strong beat and held.

Every place of every syllable is weighed at once (dynamic programming), so that a line finds the
rhythm that bends its words least. Lines of one theme share their leanings and so sound related.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cadenza.music.lyrics import Line, Syllable
from cadenza.music.time import Metre

Floats = NDArray[np.float64]

_FAR = 1e6
_FULL = 0.85  # share of the steps that syllables may take before the grid is made finer
_LONGEST_BEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a line has: ``length`` in quarters, of which the last ``breath`` stay silent.

    ``pickup`` is how long before it the first weak syllables may begin, in quarters.
    """

    length: Fraction
    breath: Fraction
    pickup: Fraction
    metre: Metre
    quickest: Fraction


@dataclass(frozen=True, slots=True)
class Fall:
    """Where one syllable begins and how long it is held, in quarters from the start of the room."""

    at: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class _Grid:
    """Possible places: ``first`` may be negative; all in steps."""

    step: Fraction
    first: int
    count: int
    last_end: int


def lay_syllables(line: Line, room: Room, leaning: Floats) -> tuple[Fall, ...]:
    """Return where each syllable of ``line`` falls.

    ``leaning`` are numbers around 0, one per sixteenth of a bar: how much this theme likes the place.
    """
    syllables = line.syllables
    grid = _grid(len(syllables), room)
    strengths = np.array([_strength((grid.first + i) * grid.step, room.metre) for i in range(grid.count)])
    places = np.arange(grid.count)
    likes = leaning[((grid.first + places) * float(grid.step) * 4).astype(int) % len(leaning)]
    costs = np.stack([_place_costs(s, strengths, is_last=s is syllables[-1]) - likes for s in syllables])
    beat = float(room.metre.beat.quarters / grid.step)
    costs[0] += 0.25 * np.abs(places + grid.first) / beat
    late = np.maximum(0.0, places + grid.first + 1.5 * beat - grid.last_end) / beat
    costs[-1] += 0.6 * late**2
    chosen = _cheapest(costs, _wanted_gaps(line, grid, room))
    return _held(line, [grid.first + int(place) for place in chosen], grid, room)


def _grid(count: int, room: Room) -> _Grid:
    """Return the coarsest grid on which the syllables have room."""
    beat = room.metre.beat.quarters
    parts = (3, 6, 12, 24, 48) if room.metre.is_compound else (2, 4, 8, 16, 32)
    for part in parts:
        step = beat / part
        last_end = int((room.length - room.breath) / step)
        first = -int(room.pickup / step)
        is_roomy = count <= _FULL * last_end or (step / 2 < room.quickest and count <= last_end)
        if part == parts[-1] or is_roomy:
            break
    enough = max(last_end, count + first + 1)
    return _Grid(step, first if count > 2 else 0, enough - first, enough)


def _strength(place: Fraction, metre: Metre) -> float:
    """Return how strong a place in its bar is: 1 on the first beat, 0.1 between the halves of beats."""
    inside, beat = place % metre.bar.quarters, metre.beat.quarters
    if inside == 0:
        return 1.0
    beats = metre.bar.quarters / beat
    if beats % 2 == 0 and inside == metre.bar.quarters / 2:
        return 0.85
    if inside % beat == 0:
        return 0.65
    return 0.3 if inside % (beat / 2) == 0 or metre.is_compound else 0.1


def _place_costs(syllable: Syllable, strengths: Floats, *, is_last: bool) -> Floats:
    stress = min(1.3, syllable.weight / 2)
    costs = 1.3 * stress * (1 - strengths) + 0.6 * max(0.0, 1 - stress) * np.maximum(0.0, strengths - 0.3)
    return np.asarray(costs + (0.5 * (1 - strengths) if is_last else 0.0))


def _wanted_gaps(line: Line, grid: _Grid, room: Room) -> Floats:
    """Return how many steps from each syllable to the next would be natural, shape (syllables - 1,)."""
    factors = []
    for word in line.words:
        for syllable in word.syllables:
            factor = (0.8, 1.0, 1.2, 1.35)[syllable.weight] * (2.2 if syllable.is_held else 1.0)
            is_end = syllable is word.syllables[-1]
            factors.append(factor * (1.5 if is_end and word.may_breathe_after else 1.0))
    beat = float(room.metre.beat.quarters / grid.step)
    share = 0.72 * (grid.last_end - min(0, grid.first) / 2) / max(1, len(factors))
    return np.asarray(np.minimum(share, beat) * np.array(factors[:-1]))


def _cheapest(costs: Floats, gaps: Floats) -> list[int]:
    """Return the places, one per row of ``costs`` and rising, with the smallest sum of all costs."""
    count = costs.shape[1]
    steps = np.arange(count)[None, :] - np.arange(count)[:, None]  # from row to column
    totals, origins = costs[0], []
    for row, gap in zip(costs[1:], gaps, strict=True):
        bend = np.where(steps > 0, 0.8 * np.log2(np.maximum(steps, 1) / max(gap, 0.5)) ** 2, _FAR)
        sums = totals[:, None] + bend
        origins.append(np.argmin(sums, axis=0))
        totals = np.min(sums, axis=0) + row
    chosen = [int(np.argmin(totals))]
    for origin in reversed(origins):
        chosen.append(int(origin[chosen[-1]]))
    return chosen[::-1]


def _held(line: Line, places: Sequence[int], grid: _Grid, room: Room) -> tuple[Fall, ...]:
    """Hold each syllable to the next; let the last one ring; rest where the writer put a comma."""
    ends_word = [
        syllable is word.syllables[-1] and word.may_breathe_after
        for word in line.words
        for syllable in word.syllables
    ]
    longest = _LONGEST_BEATS * room.metre.beat.quarters
    falls = []
    for index, place in enumerate(places):
        is_last = index + 1 == len(places)
        following = max(grid.last_end, place + 1) if is_last else places[index + 1]
        length = (following - place) * grid.step
        if ends_word[index] and not is_last and following - place > 2:
            length -= grid.step
        falls.append(Fall(place * grid.step, min(length, longest)))
    return tuple(falls)
