"""What each beat sounds like: timbre, harmony, pattern and level of the spans between beats."""

from __future__ import annotations

import numpy as np

from cadenza.audio.features import Array, cepstra, decibels
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S, Onsets
from cadenza.music.portrait import BeatViews, Floats, Moments

_FRAMES_PER_MOMENT = 4
SLICES = 6  # of a beat: sixteenths and triplets both fall on slices


def view_beats(onsets: Onsets, chroma_frames: Array, chroma_rate: float, beats_s: Floats) -> BeatViews:
    """Average the frames of each beat.

    ``chroma_frames`` is (frames, 12) at ``chroma_rate`` frames per second.
    """
    level = decibels(onsets.power)
    floor = np.percentile(level, 95) - 70
    level = np.maximum(level, floor)
    halves = _averages(level, FRAMES_PER_S, _subdivided(beats_s, 2))
    shape = cepstra(halves, 13)[:, 1:]
    shape = (shape - shape.mean(axis=0)) / (shape.std(axis=0) + 0.5)
    chroma = _averages(chroma_frames, chroma_rate, beats_s)
    norm = np.linalg.norm(chroma, axis=1, keepdims=True)
    pattern = _averages(onsets.registers, FRAMES_PER_S, _subdivided(beats_s, SLICES))
    power = _averages(onsets.power.mean(axis=1, keepdims=True), FRAMES_PER_S, beats_s)[:, 0]
    low = onsets.registers[:, 0]
    at = np.clip(np.round(beats_s[:-1] * FRAMES_PER_S).astype(int), 0, len(low) - 1)
    around = np.stack([low[np.clip(at + d, 0, len(low) - 1)] for d in (-2, -1, 0, 1, 2)])
    return BeatViews(
        timbre=shape.reshape(len(beats_s) - 1, -1),
        chroma=np.where(norm > 1e-6, chroma / (norm + 1e-12), 0.0),
        pattern=pattern.reshape(len(beats_s) - 1, -1) / (pattern.std() + 1e-9),
        level_db=decibels(power),
        low_accent=around.max(axis=0),
    )


def view_moments(onsets: Onsets, chroma_frames: Array, chroma_rate: float) -> Moments:
    """Average the frames of each 46 ms. ``chroma_frames`` is (frames, 12) at ``chroma_rate`` per second."""
    count = len(onsets.power) // _FRAMES_PER_MOMENT
    rate = FRAMES_PER_S / _FRAMES_PER_MOMENT
    power = onsets.power[: count * _FRAMES_PER_MOMENT].astype(np.float64)
    nearest = np.round((np.arange(count) + 0.5) * chroma_rate / rate).astype(int)
    chroma = chroma_frames[np.minimum(nearest, len(chroma_frames) - 1)]
    norm = np.linalg.norm(chroma, axis=1, keepdims=True)
    return Moments(
        power=power.reshape(count, _FRAMES_PER_MOMENT, -1).mean(axis=1),
        chroma=np.where(norm > 1e-6, chroma / (norm + 1e-12), 0.0),
        rate_hz=rate,
    )


def _subdivided(beats_s: Floats, parts: int) -> Floats:
    steps = np.arange(parts) / parts
    inner = beats_s[:-1, None] + np.diff(beats_s)[:, None] * steps
    return np.append(inner.ravel(), beats_s[-1])


def _averages(frames: Array, rate: float, edges_s: Floats) -> Array:
    """Return the mean of the frames between consecutive edges (at least one frame each)."""
    count = len(frames)
    edges = np.clip(np.round(edges_s * rate).astype(int), 0, count)
    first = np.minimum(edges[:-1], count - 1)
    last = np.minimum(np.maximum(edges[1:], first + 1), count)
    sums = np.concatenate([np.zeros((1, frames.shape[1])), np.cumsum(frames, axis=0, dtype=np.float64)])
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None])
