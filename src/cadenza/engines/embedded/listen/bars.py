"""Bars: three or four beats, and which beat begins them."""

from __future__ import annotations

import numpy as np

from cadenza.audio.features import Array
from cadenza.music.portrait import BeatViews, Metre


def find_metre(views: BeatViews) -> Metre:
    """Find the metre from how beats repeat, and the downbeat from low accents and harmonic change."""
    count = len(views.level_db)
    if count < 8:
        return Metre(beats_per_bar=4, first_downbeat=0, confidence=0.0)
    triple, quadruple = _repetition(views, 3), _repetition(views, 4)
    accents = _accents(views)
    strength = {metre: _best_phase(accents, metre)[1] for metre in (3, 4)}
    lead = (triple - quadruple) + 0.25 * (strength[3] - strength[4])
    # Four is by far the commoner metre: three needs clear evidence.
    beats_per_bar = 3 if lead > 0.06 else 4
    phase, contrast = _best_phase(accents, beats_per_bar)
    confidence = float(np.clip(abs(lead - 0.06) * 4, 0, 1) * np.clip(contrast, 0, 1))
    return Metre(beats_per_bar=beats_per_bar, first_downbeat=phase, confidence=confidence)


def _repetition(views: BeatViews, metre: int) -> float:
    """Return how much more beats resemble those one to four bars away than those off the bar."""
    looks = np.concatenate(
        [_unit(views.pattern), 0.7 * _unit(views.timbre), 0.7 * _unit(views.chroma)], axis=1
    )
    count = len(looks)

    def likeness(lag: int) -> float:
        return float((looks[lag:] * looks[:-lag]).sum(axis=1).mean()) if lag < count - 4 else np.nan

    on = np.array([likeness(metre * k) for k in (1, 2, 4)])
    off = np.array([likeness(metre * k + d) for k in (1, 2, 4) for d in (-1, 1)])
    difference = np.nanmean(on) - np.nanmean(off) if np.isfinite(on).any() and np.isfinite(off).any() else 0.0
    return float(difference)


def _accents(views: BeatViews) -> Array:
    """Return how much each beat speaks for being a downbeat: bass, harmony, level."""
    change = np.zeros(len(views.chroma))
    change[1:] = 1 - (views.chroma[1:] * views.chroma[:-1]).sum(axis=1)
    change[0] = change.mean()
    attack = views.pattern.reshape(len(change), 6, -1)[:, 0].mean(axis=1)
    low = views.low_accent[: len(change)]
    return _standard(low) + 1.2 * _standard(change) + 0.4 * _standard(attack)


def _best_phase(accents: Array, metre: int) -> tuple[int, float]:
    """Return the phase with the strongest accents and its lead over the mean of the others."""
    means = np.array([np.clip(accents[phase::metre], -3, 3).mean() for phase in range(metre)])
    best = int(means.argmax())
    return best, float(means[best] - np.delete(means, best).mean())


def _standard(values: Array) -> Array:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9))


def _unit(rows: Array) -> Array:
    rows = rows - rows.mean(axis=0)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9))
