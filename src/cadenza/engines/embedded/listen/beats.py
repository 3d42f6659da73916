"""Beats: tempo hypotheses from the autocorrelation, one path per hypothesis, the best contrast wins."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

from cadenza.audio.features import Array
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S
from cadenza.music.portrait import Pulse

SLOWEST_BPM, FASTEST_BPM = 48.0, 210.0
_TIGHTNESS = 60.0  # how much a beat may stray from the tempo; Ellis uses 100 on a smoother novelty
_STEADY_CONTRAST = 0.42  # mean novelty (standard deviations) on the beats less that between them
_PSEUDO_BEAT_S = 0.5


def find_pulse(novelty: Array, duration_s: float) -> Pulse:
    """Find the beats of a recording from its onset novelty (frames at ``FRAMES_PER_S``, unit deviation).

    Dynamic programming per tempo hypothesis (Ellis 2007); hypotheses are judged by how much stronger
    the onsets are on the beats than half way between them. Where no hypothesis stands out, an
    even pseudo-grid is returned with ``steady`` false.
    """
    found = [_judge(novelty, period) for period in _periods(novelty)]
    found = [item for item in found if len(item[1]) >= 4]
    if not found:
        return _pseudo_grid(duration_s, 0.0)
    contrast, beats = max(found, key=lambda item: item[0])
    spread = float(np.std(np.diff(beats)) / np.mean(np.diff(beats)))
    confidence = float(np.clip(contrast / 1.2, 0, 1) * np.clip(1.3 - 4 * spread, 0, 1))
    if contrast < _STEADY_CONTRAST or spread > 0.2:
        return _pseudo_grid(duration_s, confidence)
    beats_s = _refined(novelty, beats) / FRAMES_PER_S
    grid = _covering(beats_s, duration_s)
    bpm = 60 / float(np.median(np.diff(beats_s)))
    return Pulse(beats_s=grid, bpm=_mean_bpm(beats_s, bpm), steady=True, confidence=confidence)


def _periods(novelty: Array) -> list[float]:
    """Return up to six beat periods in frames, most likely first by summed autocorrelation and prior."""
    size = next_fast_len(2 * len(novelty))
    correlation = irfft(np.abs(rfft(novelty - novelty.mean(), size)) ** 2, size)[: len(novelty)]
    shortest, longest = 60 * FRAMES_PER_S / FASTEST_BPM, 60 * FRAMES_PER_S / SLOWEST_BPM
    if len(novelty) < 3 * longest:
        longest = max(shortest * 2, len(novelty) / 3)
    periods = np.geomspace(shortest, longest, 400)
    lags = np.arange(len(correlation))
    unbiased = correlation / (len(novelty) - lags + FRAMES_PER_S)
    total = sum(np.interp(periods * k, lags, unbiased, right=0.0) / (1 + 0.15 * k) for k in (1, 2, 4, 8))
    prior = np.exp(-0.5 * (np.log2(60 * FRAMES_PER_S / periods / 112) / 0.9) ** 2)
    score = np.asarray(total) * prior
    peaks = find_peaks(score)[0]
    best = sorted(peaks, key=lambda i: -score[i])[:4]
    chosen = [float(periods[i]) for i in best]
    # The half and the double of the best are kept as hypotheses whatever their own peaks say.
    for ratio in (0.5, 2.0):
        if chosen and shortest <= chosen[0] * ratio <= longest:
            chosen.append(chosen[0] * ratio)
    return chosen


def _judge(novelty: Array, period: float) -> tuple[float, Array]:
    """Return the contrast of the best path for one period (weighted by a wide prior), and its frames."""
    beats = _path(novelty, period)
    if len(beats) < 4:
        return 0.0, beats
    near = np.maximum.reduce([np.interp(beats + d, np.arange(len(novelty)), novelty) for d in (-1, 0, 1)])
    middles = (beats[1:] + beats[:-1]) / 2
    off = np.maximum.reduce([np.interp(middles + d, np.arange(len(novelty)), novelty) for d in (-1, 0, 1)])
    bpm = 60 * FRAMES_PER_S / period
    prior = np.exp(-0.5 * (np.log2(bpm / 112) / 0.8) ** 2)
    return float((near.mean() - off.mean()) * prior**0.6), beats


def _path(novelty: Array, period: float) -> Array:
    """Return the frames of the beat sequence that best meets onsets while keeping to ``period``."""
    if len(novelty) < 2 * period:
        return np.zeros(0)
    steps = np.arange(-round(1.6 * period), -round(0.6 * period) + 1)
    penalty = -_TIGHTNESS * np.log(-steps / period) ** 2
    smooth = np.convolve(novelty, np.exp(-0.5 * (np.arange(-4, 5) / 1.5) ** 2), mode="same") / 2
    lead = -int(steps[0])
    score = np.concatenate([np.zeros(lead), smooth])
    back = np.full(len(score), -1)
    for now in range(lead + int(period), len(score)):
        window = score[now + steps[0] : now + steps[-1] + 1] + penalty
        best = int(window.argmax())
        score[now] += window[best]
        back[now] = now + steps[best]
    now = len(score) - 1 - int(score[: -int(period) - 1 : -1].argmax())
    frames = []
    while now >= lead:
        frames.append(now - lead)
        now = int(back[now])
    return np.array(frames[::-1], dtype=np.float64)


def _refined(novelty: Array, beats: Array) -> Array:
    """Move each beat to the parabola's top of the onset it sits on, if there is one within two frames."""
    smooth = np.convolve(novelty, [0.25, 0.5, 0.25], mode="same")
    refined = beats.copy()
    for i, beat in enumerate(beats.astype(int)):
        if 3 <= beat < len(smooth) - 3:
            top = beat - 2 + int(smooth[beat - 2 : beat + 3].argmax())
            a, b, c = smooth[top - 1 : top + 2]
            curvature = a - 2 * b + c
            if b > 1.0 and curvature < 0:
                refined[i] = top + float(np.clip(0.5 * (a - c) / curvature, -0.5, 0.5))
    return refined


def _mean_bpm(beats_s: Array, bpm: float) -> float:
    """Return the tempo by regression over all beats, finer than the median of single spans."""
    counts = np.concatenate([[0], np.cumsum(np.maximum(1, np.round(np.diff(beats_s) * bpm / 60)))])
    slope = float(np.polyfit(counts, beats_s, 1)[0])
    return 60 / slope if abs(60 / slope / bpm - 1) < 0.05 else bpm


def _covering(beats_s: Array, duration_s: float) -> Array:
    """Extend beats with their local tempo so that they reach from before 0 to past the end."""
    first, last = float(np.median(np.diff(beats_s[:11]))), float(np.median(np.diff(beats_s[-11:])))
    before = beats_s[0] - first * np.arange(int(beats_s[0] // first), 0, -1)
    after = beats_s[-1] + last * np.arange(1, int((duration_s - beats_s[-1]) // last) + 3)
    return np.concatenate([before, beats_s, after])


def _pseudo_grid(duration_s: float, confidence: float) -> Pulse:
    beats_s = np.arange(0, duration_s + 2 * _PSEUDO_BEAT_S, _PSEUDO_BEAT_S)
    return Pulse(beats_s=beats_s, bpm=60 / _PSEUDO_BEAT_S, steady=False, confidence=min(confidence, 0.3))
