"""How large a step a join would be, in units of the recording's own: level, timbre, harmony, attack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from cadenza.audio.features import cepstra, decibels
from cadenza.music.portrait import Floats, Ints, Moments

_WINDOWS_S = (0.4, 1.4)  # what is noticed at once, and what one has settled in by then
_ATTACK_S = 0.14
_NEAR_S = 0.25  # strokes are rare among moments: each moment is asked for the strongest near it
_SMEAR_S = 0.19  # a moment's chroma hears this far to either side
_LATELY_S = 30.0  # one gets used to large steps, and to small ones
_GUARD = 1  # moments left out before a join: each hears a little of the next
_USUAL_PERCENTILE = 95
_LEAST_STEP = 1e-3
_FLOOR_DB = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps over a join to each of some places; 1 is what a twentieth of its own reach of late."""

    level: Floats
    timbre: Floats
    harmony: Floats
    attack: Floats

    @property
    def worst(self) -> Floats:
        """The largest of the four for each place: one that is too large is enough to be heard."""
        return np.asarray(np.max([self.level, self.timbre, self.harmony, self.attack], axis=0))

    @property
    def total(self) -> Floats:
        """The sum of the four."""
        return self.level + self.timbre + self.harmony + self.attack


def steps_to(places_s: Floats, moments: Moments, seam_s: float, gains_db: Floats) -> Steps:
    """Measure the steps from the moments before the seam to places that are played ``gains_db`` louder.

    The step of a view is how far its mean over a while before is from its mean over as long after; the
    attack is the rise of the bands from one to the other. Nothing after the seam is used but the places.
    """
    views = _Views(moments, moments.at(seam_s))
    places = np.array([moments.at(place_s) for place_s in places_s], dtype=np.int64)

    def worst(kind: _Kind) -> Floats:
        sizes = [views.compared(kind, places, gains_db, window_s) for window_s in _WINDOWS_S]
        return np.asarray(np.max(sizes, axis=0))

    return Steps(
        level=worst(views.level),
        timbre=worst(views.timbre),
        harmony=worst(views.harmony),
        attack=views.compared(views.attack, places, gains_db, _ATTACK_S, near_s=_NEAR_S),
    )


class _Views:
    """Running sums of what moments sound like, and the steps that there are before the seam.

    Kinds of steps go from the ends of what comes before to the beginnings of what follows, over a
    number of moments either side, with gains for what follows.
    """

    def __init__(self, moments: Moments, seam: int) -> None:
        level_db = decibels(moments.power)
        bands_db = np.maximum(level_db, float(np.percentile(level_db, 95)) - _FLOOR_DB)
        shape = cepstra(bands_db, 13)[:, 1:]
        self._power = _sums(moments.power.sum(axis=1, keepdims=True))
        self._shape = _sums(shape / (shape.std(axis=0) + 0.5))
        self._chroma = _sums(moments.chroma)
        self._bands_db = _sums(bands_db)
        self._seam, self._rate = seam, moments.rate_hz

    def compared(
        self, kind: _Kind, places: Ints, gains_db: Floats, window_s: float, *, near_s: float = 0.0
    ) -> Floats:
        """Return the steps of a kind from the seam to places, by the largest usual ones before the seam."""
        window = max(1, round(window_s * self._rate))
        own = np.arange(max(window, self._seam - round(_LATELY_S * self._rate)), self._seam - window - _GUARD)
        if not len(own):
            return np.zeros(len(places))
        natural = kind(own, own, window, np.zeros(len(own)))
        natural = maximum_filter1d(natural, round(near_s * self._rate) | 1)
        usual = float(np.percentile(natural, _USUAL_PERCENTILE))
        return kind(np.full(len(places), self._seam), places, window, gains_db) / max(usual, _LEAST_STEP)

    def level(self, ends: Ints, begins: Ints, window: int, gains_db: Floats) -> Floats:
        """Return steps of the level in dB."""
        before, after = _means(self._power, ends, begins, window)
        return np.asarray(np.abs(decibels(after)[:, 0] + gains_db - decibels(before)[:, 0]))

    def timbre(self, ends: Ints, begins: Ints, window: int, _: Floats) -> Floats:
        """Return steps of the spectrum's shape, whatever the level."""
        before, after = _means(self._shape, ends, begins, window)
        return np.asarray(np.sqrt(((after - before) ** 2).mean(axis=1)))

    def harmony(self, ends: Ints, begins: Ints, window: int, _: Floats) -> Floats:
        """Return steps of the pitch classes, each heard far enough from the join to know nothing beyond."""
        smear = round(_SMEAR_S * self._rate)
        before, after = _means(self._chroma, ends - smear, begins + smear, window)
        return np.asarray(np.sqrt(((after - before) ** 2).mean(axis=1)))

    def attack(self, ends: Ints, begins: Ints, window: int, gains_db: Floats) -> Floats:
        """Return the mean rise of the bands in dB; what falls does not strike."""
        before, after = _means(self._bands_db, ends, begins, window)
        return np.asarray(np.maximum(0, after - before + gains_db[:, None]).mean(axis=1))


_Kind = Callable[[Ints, Ints, int, Floats], Floats]


def _sums(rows: Floats) -> Floats:
    return np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])


def _means(sums: Floats, ends: Ints, begins: Ints, window: int) -> tuple[Floats, Floats]:
    """Return means over ``window`` moments before each end and after each begin, clipped to what there is."""
    last = len(sums) - 1
    ends, begins = np.clip(ends - _GUARD, 1, last), np.clip(begins, 0, last - 1)
    first, until = np.maximum(ends - window, 0), np.minimum(begins + window, last)
    before = (sums[ends] - sums[first]) / (ends - first)[:, None]
    after = (sums[until] - sums[begins]) / (until - begins)[:, None]
    return before, after
