"""The form: where sections begin, which of them sound alike, and where phrases end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadenza.audio.features import Array, decibels
from cadenza.music.portrait import Floats, Ints, Portrait

_PSEUDO_BAR_BEATS = 4  # of the even grid of 0.5 s that music without a pulse has
_BANDS = 8
_FLOOR_DB = 50.0  # below the loudest: what is softer is silence
_HARMONY_DB = 6.0  # two bars without a common tone are as far apart as this difference of level
_RHYTHM_DB = 4.0
_LONGEST_BARS, _SHORTEST_BARS = 48, 2
_USUAL_BARS = (8, 16)
_ALIKE_DB = 3.2
_LEAST_PRICE, _PRICE_OF_UNREST = 6.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Sections: the beats where they begin, with the last one's end; a number each, equal for like ones.

    ``confidence`` is the share of all difference between bars that the sections explain.
    """

    edges: Ints
    labels: tuple[int, ...]
    confidence: float


def bar_lines(portrait: Portrait) -> Ints:
    """Return the beats where bars begin within the music, and the end of the last; none: two edges at least.

    Music without a pulse is cut into even pieces of 2 s.
    """
    beat = portrait.metre.beats_per_bar if portrait.pulse.steady else _PSEUDO_BAR_BEATS
    first = portrait.metre.first_downbeat if portrait.pulse.steady else 0
    start = round(portrait.beat_position(portrait.music_start_s))
    end = min(portrait.beat_count, round(portrait.beat_position(portrait.music_end_s)))
    lines = np.arange(first, portrait.beat_count + 1, beat, dtype=np.int64)
    # An upbeat or a rest of a bar belongs to the bar beside it.
    inside = lines[(lines >= start - beat // 2) & (lines <= end + beat // 2)]
    return inside if len(inside) >= 2 else np.array([start, max(end, start + 1)], dtype=np.int64)


def find_form(portrait: Portrait, lines: Ints) -> Form:
    """Cut the bars into sections of like sound, by dynamic programming, and name those that are alike.

    A cut costs as much as it must explain; sections of four, eight and sixteen bars cost less.
    """
    looks = _looks(portrait, lines)
    cuts = _cheapest_cuts(looks)
    labels = _labels(looks, cuts)
    return Form(edges=lines[cuts], labels=labels, confidence=_explained(looks, cuts))


def _looks(portrait: Portrait, lines: Ints) -> Array:
    """Return (bars, features) in decibels, so that distances mean what one hears: bands, harmony, rhythm."""
    at_s = portrait.pulse.beats_s[lines]
    edges = np.array([portrait.moments.at(float(second)) for second in at_s])
    bands = np.stack(
        [part.mean(axis=1) for part in np.array_split(portrait.moments.power, _BANDS, axis=1)], 1
    )
    level = decibels(_means(bands, edges), 1e-12)
    level = np.maximum(level, level.max() - _FLOOR_DB)
    chroma = _means(portrait.views.chroma, lines)
    pattern = _means(portrait.views.pattern.reshape(len(portrait.views.pattern), 6, -1).mean(axis=1), lines)
    weigh = [level / np.sqrt(_BANDS), _HARMONY_DB * chroma / 2, _RHYTHM_DB * np.log1p(pattern) / 2]
    return np.concatenate(weigh, axis=1)


def _means(rows: Floats, edges: Ints) -> Array:
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    edges = np.clip(edges, 0, len(rows))
    return np.asarray((sums[edges[1:]] - sums[edges[:-1]]) / np.maximum(1, np.diff(edges))[:, None])


def _cheapest_cuts(looks: Array) -> Ints:
    """Return the bars where sections begin, and the number of bars."""
    count = len(looks)
    price = _price(looks)
    sums = np.concatenate([np.zeros((1, looks.shape[1])), np.cumsum(looks, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((looks**2).sum(axis=1))])
    best, back = np.full(count + 1, np.inf), np.zeros(count + 1, dtype=np.int64)
    best[0] = 0.0
    for end in range(1, count + 1):
        starts = np.arange(max(0, end - _LONGEST_BARS), end)
        lengths = end - starts
        spread = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(axis=1) / lengths
        total = best[starts] + spread + price * _odd(lengths)
        best[end], back[end] = total.min(), starts[total.argmin()]
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    return np.array(cuts[::-1], dtype=np.int64)


def _price(looks: Array) -> float:
    """Return what a cut must explain: more where neighbouring bars differ anyway."""
    if len(looks) < 3:
        return _LEAST_PRICE
    unrest = float(np.median((np.diff(looks, axis=0) ** 2).sum(axis=1)))
    return _LEAST_PRICE + _PRICE_OF_UNREST * unrest


def _odd(lengths: Ints) -> Array:
    """Return how unusual sections of some lengths are, 1 for the usual ones."""
    cost = np.where(lengths % 4 == 0, 1.1, np.where(lengths % 2 == 0, 1.4, 1.7))
    cost = np.where(np.isin(lengths, _USUAL_BARS), 1.0, cost)
    return np.asarray(np.where(lengths < _SHORTEST_BARS, 3.0, cost))


def _labels(looks: Array, cuts: Ints) -> tuple[int, ...]:
    """Return a number per section: that of the first one which it resembles, or a new one."""
    means = _means(looks, cuts)
    labels: list[int] = []
    for index, mean in enumerate(means):
        apart = np.sqrt(((means[:index] - mean) ** 2).sum(axis=1))
        near = int(apart.argmin()) if index else 0
        is_known = index > 0 and apart[near] < _ALIKE_DB
        labels.append(labels[near] if is_known else max(labels, default=-1) + 1)
    return tuple(labels)


def _explained(looks: Array, cuts: Ints) -> float:
    """Return the share of the differences between bars that lies between sections; 0 for one section."""
    if len(cuts) < 3:
        return 0.0
    centred = looks - looks.mean(axis=0)
    whole = float((centred**2).sum())
    between = float((np.diff(cuts)[:, None] * _means(centred, cuts) ** 2).sum())
    return float(np.clip(between / (whole + 1e-9), 0, 1))
