"""How alike beats are, and how well the music could go on elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadenza.music.portrait import BeatViews, Floats, Portrait

_PAST_BEATS = 10
_PAST_DECAY = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Square matrices over beats.

    ``joint[i, j]``: how badly beat j would follow where beat i was due, 0 (as recorded) to about 1 (any
    two places). ``harmony``, ``pattern``, ``timbre``, ``level``: distances of single beats, mean about 1.
    """

    joint: Floats
    harmony: Floats
    pattern: Floats
    timbre: Floats
    level: Floats


def compare(portrait: Portrait) -> Likeness:
    """Compare all beats of a recording with each other."""
    views = portrait.views
    harmony = _distances(views.chroma)
    pattern = _distances(views.pattern)
    timbre = _distances(views.timbre)
    level = _distances(np.clip(views.level_db, views.level_db.max() - 40, None)[:, None])
    whole = np.sqrt((1.0 * harmony**2 + 0.8 * pattern**2 + 1.2 * timbre**2 + 0.5 * level**2) / 3.5)
    return Likeness(joint=_joints(whole), harmony=harmony, pattern=pattern, timbre=timbre, level=level)


def section_distance(views: BeatViews, first: int, last: int) -> Floats:
    """Return per beat how far its timbre and level are from the mean of beats first..last, mean about 1."""
    near = slice(max(0, first), max(0, first, last - 1) + 1)
    timbre = np.sqrt(((views.timbre - views.timbre[near].mean(axis=0)) ** 2).mean(axis=1))
    level = np.abs(views.level_db - np.median(views.level_db[near])) / 6
    distance = timbre + 0.5 * np.minimum(level, 3)
    return np.asarray(distance / (distance.mean() + 1e-9))


def _distances(rows: Floats) -> Floats:
    """Return Euclidean distances between rows, divided by their mean."""
    square = (rows**2).sum(axis=1)
    distance = np.sqrt(np.maximum(0, square[:, None] + square[None] - 2 * rows @ rows.T))
    return np.asarray(distance / (distance.mean() + 1e-9))


def _joints(whole: Floats) -> Floats:
    """Return for each pair of places how unlike their pasts are, with a glance at what comes next.

    The weights fall off by ``_PAST_DECAY`` per beat into the past; before the first beat the nearest
    known likeness stands in.
    """
    count = len(whole)
    padded = np.pad(whole, ((_PAST_BEATS, 1), (_PAST_BEATS, 1)), mode="edge")
    total, weights = np.zeros_like(whole), 0.0
    for back in range(-1, _PAST_BEATS):
        # back = -1 looks at the place itself: what is due there against what would come instead.
        weight = 0.6 if back < 0 else _PAST_DECAY**back
        shift = _PAST_BEATS - 1 - back
        total += weight * padded[shift : shift + count, shift : shift + count]
        weights += weight
    return np.asarray(total / weights)
