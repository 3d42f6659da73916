"""Beats: tempo hypotheses from the autocorrelation, one path per hypothesis, the best contrast wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

from cadenza.audio.features import Array
from cadenza.engines.embedded.listen.onsets import FRAMES_PER_S, Onsets
from cadenza.music.portrait import Pulse

SLOWEST_BPM, FASTEST_BPM = 48.0, 210.0
_USUAL_BPM = 112
_SLOW_BPM = 68  # slower, one counts the halves wherever there are quarters (pulses are felt around 600 ms)
_TIGHTNESS = 60.0  # how much a beat may stray from the tempo; Ellis uses 100 on a smoother novelty
_UNEVEN = 0.4
_FEWEST_BEATS = 4
_FAINTEST = 0.015  # of ``Onsets.strength``: fainter rises are noise, or the beating of sustained tones
_LEAST_SCORE = 0.8
_PSEUDO_BEAT_S = 0.5
# A window sees most of a rise some time after the sound began (measured on strokes at known times).
_LAG_S = 0.008


def find_pulse(onsets: Onsets, duration_s: float) -> Pulse:
    """Find the beats of a recording from its onsets.

    Dynamic programming per tempo hypothesis (Ellis 2007). A path can bend to meet onsets at any tempo, so
    hypotheses are judged by how evenly their beats lie as well as by the onsets they meet, compared with
    the halves and thirds between. Where even the best is uneven (rubato) the beats only serve to cut the
    time where something begins, and ``steady`` is false; where nothing ever begins they are an even grid.
    """
    novelty = onsets.novelty
    if onsets.strength < _FAINTEST:
        return _pseudo_grid(duration_s)
    found = [_judge(novelty, period) for period in _periods(novelty)]
    found = [item for item in found if len(item.beats) >= _FEWEST_BEATS]
    if not found:
        return _pseudo_grid(duration_s)
    best = max(found, key=lambda item: item.score)
    steady = best.uneven <= _UNEVEN and best.score >= _LEAST_SCORE
    beats_s = np.maximum(0, _refined(novelty, best.beats) / FRAMES_PER_S - _LAG_S)
    if steady:
        beats_s = _smoothed(beats_s)
    confidence = float(np.clip(best.score / 3, 0, 1) * np.clip(1.2 - 2 * best.uneven, 0, 1))
    bpm = _mean_bpm(beats_s, 60 / float(np.median(np.diff(beats_s))))
    return Pulse(beats_s=_covering(beats_s, duration_s), bpm=bpm, steady=steady, confidence=confidence)


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
    # Simple ratios of the best are hypotheses whatever their own peaks say.
    for ratio in (0.5, 2 / 3, 1.5, 2.0):
        if chosen and shortest <= chosen[0] * ratio <= longest:
            chosen.append(chosen[0] * ratio)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hypothesis:
    score: float
    beats: Array  # frames
    uneven: float  # share of spans more than 6 % off the median


def _judge(novelty: Array, period: float) -> _Hypothesis:
    """Follow the beats at one period and say how good they are."""
    beats = _path(novelty, period)
    if len(beats) < _FEWEST_BEATS:
        return _Hypothesis(score=0.0, beats=beats, uneven=1.0)
    spans = np.diff(beats)
    parts = (0, 1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4)
    on, *between = (_mean_at(novelty, beats[:-1] + part * spans) for part in parts)
    off = max(between[0], (between[1] + between[2]) / 2)
    uneven = float((np.abs(spans / np.median(spans) - 1) > 0.06).mean())
    octaves = float(np.log2(60 * FRAMES_PER_S / period / _USUAL_BPM))
    prior = float(np.exp(-0.5 * (octaves / 1.03) ** 2))
    score = max(0.0, on - 0.35 * off) * (1 - uneven) ** 1.5 * prior
    if 60 * FRAMES_PER_S / period < _SLOW_BPM:
        score *= max(0.0, 1 - (between[3] + between[4]) / 2 / max(on, 1e-9))
    return _Hypothesis(score=score, beats=beats, uneven=uneven)


def _mean_at(novelty: Array, frames: Array) -> float:
    return float(np.interp(frames, np.arange(len(novelty)), novelty).mean())


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


def _smoothed(beats_s: Array) -> Array:
    """Take the jitter of single onsets out: each beat moves to the straight line through its neighbours."""
    reach = 4
    if len(beats_s) < 2 * reach + 1:
        return beats_s
    offsets = np.arange(-reach, reach + 1)
    windows = np.lib.stride_tricks.sliding_window_view(beats_s, 2 * reach + 1)
    slope = (windows @ offsets) / (offsets @ offsets)
    middle = np.median(windows - slope[:, None] * offsets, axis=1)
    head = middle[0] + slope[0] * np.arange(-reach, 0)
    tail = middle[-1] + slope[-1] * np.arange(1, reach + 1)
    return np.concatenate([head, middle, tail])


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


def _pseudo_grid(duration_s: float) -> Pulse:
    beats_s = np.arange(0, duration_s + 2 * _PSEUDO_BEAT_S, _PSEUDO_BEAT_S)
    return Pulse(beats_s=beats_s, bpm=60 / _PSEUDO_BEAT_S, steady=False, confidence=0.0)
