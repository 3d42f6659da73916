"""Ways of the layers beside the body: other bars with the same harmony, other bars with a like pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cadenza.engines.embedded.plan.ground import Ground
from cadenza.engines.embedded.plan.likeness import Likeness
from cadenza.music.portrait import Floats, Ints
from cadenza.music.quotation import Span

_APART_BEATS = 8
_AGAIN = 0.1  # price of a place that another unit has already, per use
_ROUNDS = 3
_STAYING = 0.5  # price of a place too far: the layer would stay with the body, which is a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a layer strays from the body; prices in units of the distance between two arbitrary beats.

    ``jump`` is the price of not going on as recorded, ``run_on`` that of going on (without it a layer
    would play the source from there to its end). Where even the best other place is farther than
    ``tolerance``, the layer stays with the body. ``surprise`` is the size of the random part. No more
    than ``longest_run`` units in a row are as recorded.
    """

    tolerance: float
    surprise: float
    jump: float = 0.4
    run_on: float = 0.25
    longest_run: int = 4


def shadow_path(
    body: tuple[Span, ...],
    ground: Ground,
    alike: Floats,
    joint: Floats,
    manner: Manner,
    rng: np.random.Generator,
    others: tuple[Span, ...] = (),
) -> tuple[Span, ...]:
    """Find for every bar of the body another place that fits it, by Viterbi.

    Parameters
    ----------
    alike
        (beats, beats) distance in what must fit: harmony for a colour, pattern for drums.
    joint
        (beats, beats) price of leaving beat i for j, as in ``Likeness``.
    others
        Spans of layers planned before, bar by bar; their places are kept away from, too.

    Returns
    -------
    Spans of one bar each, at least ``_APART_BEATS`` away from the body's, the first as the body's: the
    layers part only after the first bar, so that at the seam everything comes from one place.
    """
    unit = ground.beats_per_bar
    units = cut_into_units(body, unit)
    offsets = [unit - units[0].length] + [0.0] * (len(units) - 1)
    places = ground.bars
    homes = [span.start - offset for span, offset in zip(units, offsets, strict=True)]
    fit = _fits(homes, places, alike, ground)
    fit += manner.surprise * rng.gumbel(size=fit.shape)
    for row, other in enumerate(others):
        fit[row, np.abs(places + offsets[row] - other.start) < _APART_BEATS] += 0.5
    elsewhere = sum(np.abs(places - other.start) < unit - 0.5 for other in others)
    price = fit + _STAYING * (fit > manner.tolerance) + _AGAIN * elsewhere
    path = _viterbi(price, places, joint, unit, manner)
    for _ in range(_ROUNDS):
        path = _viterbi(price + _again(path, places, unit), places, joint, unit, manner)
    chosen = []
    for row, (home, offset) in enumerate(zip(units, offsets, strict=True)):
        away = replace(home, start=float(places[path[row]]) + offset)
        stays = row == 0 or fit[row, path[row]] > manner.tolerance
        chosen.append(home if stays else away)
    return tuple(chosen)


def cut_into_units(body: tuple[Span, ...], unit: int) -> list[Span]:
    """Cut the spans of a body into units of equal length; only the first may be a part of one."""
    units: list[Span] = []
    for span in body:
        at = span.start
        length = span.length % unit or unit if not units else unit
        while at < span.end - 1e-6:
            units.append(Span(start=at, length=min(length, span.end - at)))
            at, length = at + length, unit
    return units


def _fits(homes: list[float], places: Ints, alike: Floats, ground: Ground) -> Floats:
    """Return (units, places) mean distance beat by beat; huge too near, cut off, or elsewhere in the bar."""
    last = len(alike) - 1
    steps = np.arange(ground.beats_per_bar)
    there = np.minimum(places[:, None] + steps, last)
    fits = np.empty((len(homes), len(places)))
    cut_off = places + ground.beats_per_bar > places[-1] + ground.step
    for row, start in enumerate(homes):
        home = round(start)
        here = np.clip(home + steps, 0, last)
        fits[row] = alike[here[None], there].mean(axis=1)
        phase = (places - home) % ground.step
        fits[row, (np.abs(places - home) < _APART_BEATS) | (phase != 0) | cut_off] = 50.0
    return fits


def _again(path: Ints, places: Ints, unit: int) -> Floats:
    """Return (units, places) prices of what other units of a path use already: what is special tires."""
    overlaps = np.abs(places[path][:, None] - places[None]) < unit
    return np.asarray(_AGAIN * (overlaps.sum(axis=0) - overlaps))


def _viterbi(fit: Floats, places: Ints, joint: Floats, unit: int, manner: Manner) -> Ints:
    """Return the index of the place for each unit: good fits, few and smooth jumps, no long runs.

    The states are places and how many units in a row have gone on as recorded, counted up to
    ``manner.longest_run``.
    """
    moves = _moves(places, joint, unit, manner)
    here, there = np.nonzero(places[:, None] + unit == places[None])
    score = np.full((manner.longest_run, len(places)), np.inf)
    score[0] = fit[0]
    back = np.zeros((len(fit), *score.shape), dtype=np.int64)  # of the state before, flattened
    for row in range(1, len(fit)):
        before, score = score, np.full(score.shape, np.inf)
        run = before.argmin(axis=0)
        jump = before.min(axis=0)[:, None] + moves
        origin = jump.argmin(axis=0)
        score[0] = jump.min(axis=0)
        back[row, 0] = run[origin] * len(places) + origin
        for length in range(1, manner.longest_run):
            score[length, there] = before[length - 1, here] + manner.run_on
            back[row, length, there] = (length - 1) * len(places) + here
        score += fit[row]
    state = int(score.argmin())
    path = np.empty(len(fit), dtype=np.int64)
    for row in range(len(fit) - 1, -1, -1):
        path[row] = state % len(places)
        state = int(back[row].ravel()[state])
    return path


def _moves(places: Ints, joint: Floats, unit: int, manner: Manner) -> Floats:
    """Return (places, places) prices of not going on as recorded."""
    ends = np.minimum(places + unit, len(joint) - 1)
    moves = manner.jump * (0.5 + joint[np.ix_(ends, places)])
    moves[places[:, None] + unit == places[None]] = np.inf
    moves[places[:, None] == places[None]] += manner.jump  # the same unit twice in a row is a stutter
    return np.asarray(moves)


def colour_distance(likeness: Likeness) -> Floats:
    """Return what a colour must meet: harmony first, then timbre."""
    return np.asarray(0.75 * likeness.harmony + 0.25 * likeness.timbre)


def pulse_distance(likeness: Likeness) -> Floats:
    """Return what a pulse must meet: pattern first, then timbre."""
    return np.asarray(0.7 * likeness.pattern + 0.3 * likeness.timbre)
