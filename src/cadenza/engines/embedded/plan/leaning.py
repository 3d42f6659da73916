"""Which bars of a source go the way that the words ask for: what it costs to quote the others."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.ndimage import uniform_filter1d

from cadenza.audio.features import decibels
from cadenza.engines.embedded.plan.direction import Direction
from cadenza.music.portrait import NO_CHORD, Floats, Portrait

_ENERGY, _BRIGHTNESS, _MODE = 0.5, 0.4, 0.8  # prices of a bar one deviation on the wrong side, in joints
_VOICE = 3.0  # of a bar in which somebody surely sings
_MOST = 2.0  # deviations that count
_AROUND_BEATS = 4


def leaning(portrait: Portrait, direction: Direction) -> Floats | None:
    """Return the price of each beat for where the words want to go; None where nothing is wanted.

    Calm leans on beats with few and soft onsets, bright on those whose spectrum lies high, minor on those
    with minor chords, scaled by the direction's strength. Where a voice was listened for, nobody is to sing,
    or somebody else is: beats that hold one cost most.
    """
    sung = None if portrait.voice is None else np.asarray(_VOICE * portrait.voice, dtype=np.float64)
    asked = (direction.energy, direction.brightness, direction.minor)
    if direction.strength == 0 or not any(asked):
        return sung
    prices = (
        -_ENERGY * direction.energy * busyness(portrait)
        - _BRIGHTNESS * direction.brightness * _deviations(brightness(portrait))
        - _MODE * direction.minor * _minor_chords(portrait)
    )
    return np.asarray(direction.strength * prices + (0 if sung is None else sung), dtype=np.float64)


def busyness(portrait: Portrait) -> Floats:
    """Return how dense and loud the music is around each beat, in deviations from its own mean."""
    onsets = portrait.views.pattern.sum(axis=1)
    return np.asarray(0.6 * _deviations(onsets) + 0.4 * _deviations(portrait.views.level_db))


def brightness(portrait: Portrait) -> Floats:
    """Return the centroid of the spectrum of each beat on the mel axis, in bands."""
    moments = portrait.moments
    bands = np.arange(moments.power.shape[1])
    level = np.maximum(0.0, decibels(moments.power) - float(decibels(moments.power).max()) + 60)
    centroid = level @ bands / (level.sum(axis=1) + 1e-9)
    places = [moments.at(beat_s) for beat_s in portrait.pulse.beats_s]
    return np.array([
        float(centroid[min(first, len(centroid) - 1) : max(first + 1, last)].mean())
        for first, last in itertools.pairwise(places)
    ])  # fmt: skip


def _minor_chords(portrait: Portrait) -> Floats:
    """Return 1 where the chord is minor, -1 where it is major, 0 where there is none."""
    chords = portrait.chords[: portrait.beat_count]
    sides = np.where(chords >= NO_CHORD, 0.0, np.where(chords >= NO_CHORD // 2, 1.0, -1.0))
    return np.asarray(sides, dtype=np.float64)


def _deviations(values: Floats) -> Floats:
    """Return values, smoothed over a bar or so, in standard deviations from their mean."""
    smooth = uniform_filter1d(values.astype(np.float64), _AROUND_BEATS, mode="nearest")
    return np.asarray(np.clip((smooth - smooth.mean()) / (smooth.std() + 1e-9), -_MOST, _MOST))
