"""Tuning, chroma, key and chords."""

from __future__ import annotations

import numpy as np

from cadenza.audio.features import ANALYSIS_RATE_HZ, Array, Mono, chroma_bank, magnitudes
from cadenza.music.portrait import NO_CHORD, Floats, Ints, Key

CHROMA_HOP = 2048
CHROMA_RATE = ANALYSIS_RATE_HZ / CHROMA_HOP
_SIZE = 8192  # 2.7 Hz per bin: semitones apart down to 65 Hz

# Krumhansl & Kessler (1982): how well each degree fits a key, from probe tones.
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
_FLAT = 0.06  # relative deviation of the twelve means: noise has 0.05, music 0.1 and more
_CHANGE_COST = 0.12  # a chord must explain a beat this much better to take over


def hear_chroma(mono: Mono) -> tuple[Array, float, float]:
    """Return (frames, 12) pitch-class strengths at ``CHROMA_RATE``, the tuning in semitones and how sure."""
    blocks = [
        block[:, : int(2200 * _SIZE / ANALYSIS_RATE_HZ)] for block in magnitudes(mono, _SIZE, CHROMA_HOP)
    ]
    spectrum = np.concatenate(blocks).astype(np.float64)
    tuning, agreement = _tuning(spectrum)
    bank = chroma_bank(_SIZE, round(tuning, 2))[: spectrum.shape[1]]
    return np.asarray(np.sqrt(spectrum) @ bank, dtype=np.float64), tuning, agreement


def _tuning(spectrum: Array) -> tuple[float, float]:
    """Return the offset of the sounding pitches from A = 440 Hz, -0.5 to 0.5 semitones, and their agreement.

    Spectral peaks from 180 Hz, refined by a parabola, vote by strength on a circle of one semitone; the
    agreement is 1 where all of them are right in tune with each other, 0 where they lie anywhere.
    """
    first = int(180 * _SIZE / ANALYSIS_RATE_HZ)
    every = max(1, len(spectrum) // 400)
    level = np.log(spectrum[::every] + 1e-7)
    a, b, c = level[:, first - 1 : -2], level[:, first:-1], level[:, first + 1 :]
    rows, bins = np.nonzero((b > a) & (b >= c) & (b > b.max(axis=1, keepdims=True) - 5))
    if not len(rows):
        return 0.0, 0.0
    a, b, c = a[rows, bins], b[rows, bins], c[rows, bins]
    shift = np.clip(0.5 * (a - c) / (a - 2 * b + c - 1e-9), -0.5, 0.5)
    pitch = 12 * np.log2((bins + first + shift) * ANALYSIS_RATE_HZ / _SIZE / 440)
    strength = np.exp(b / 2)
    vote = np.sum(strength * np.exp(2j * np.pi * pitch))
    return float(np.angle(vote) / (2 * np.pi)), float(np.abs(vote) / strength.sum())


def find_key(chroma: Floats) -> Key:
    """Find the key from (beats, 12) chroma by correlation with Krumhansl's profiles.

    The confidence is the lead over the best other key that is not its relative; none for a flat profile.
    """
    profile = chroma.mean(axis=0)
    if profile.std() < 1e-9:
        return Key(tonic=0, minor=False, confidence=0.0)
    fits = np.array(
        [[np.corrcoef(profile, np.roll(k, t))[0, 1] for t in range(12)] for k in (_MAJOR, _MINOR)]
    )
    mode, tonic = (int(i) for i in np.unravel_index(int(fits.argmax()), fits.shape))
    others = fits.copy()
    others[mode, tonic] = -1
    others[1 - mode, (tonic + (9 if mode == 0 else 3)) % 12] = -1
    lead = float(np.clip((fits[mode, tonic] - others.max()) * 4, 0, 1) * np.clip(fits[mode, tonic], 0, 1))
    confidence = lead * float(np.clip((profile.std() / profile.mean() - _FLAT) / 0.04, 0, 1))
    return Key(tonic=tonic, minor=mode == 1, confidence=confidence)


def find_chords(chroma: Floats, key: Key) -> Ints:
    """Name a chord per beat: triad templates, a small bonus inside the key, Viterbi against flicker."""
    templates = _templates()
    fit = chroma @ templates.T
    in_key = np.array([set(np.flatnonzero(t > 0.3)) <= set(key.scale) for t in templates])
    fit += 0.04 * key.confidence * in_key
    fit = np.concatenate([fit, np.full((len(fit), 1), 0.55)], axis=1)
    return _steadiest(fit, _CHANGE_COST)


def chord_clarity(chroma: Floats, chords: Ints) -> float:
    """Return how well (beats, 12) chroma fit their chords, the cosine's mean; beats without one count 0."""
    named = chords != NO_CHORD
    fits = (chroma[named] * _templates()[chords[named]]).sum(axis=1)
    return float(fits.sum() / max(1, len(chords)))


def _templates() -> Array:
    """Return (24, 12) triads of unit length, major then minor."""
    triads = np.zeros((24, 12))
    for root in range(12):
        for mode, third in enumerate((4, 3)):
            triads[root + 12 * mode, [root, (root + third) % 12, (root + 7) % 12]] = (1.0, 0.9, 0.9)
    return np.asarray(triads / np.linalg.norm(triads, axis=1, keepdims=True))


def _steadiest(fit: Array, change_cost: float) -> Ints:
    """Return the best path through (beats, states) with a constant price per change."""
    score = fit[0].copy()
    back = np.zeros(fit.shape, dtype=np.int64)
    for i in range(1, len(fit)):
        best = int(score.argmax())
        stay = score >= score[best] - change_cost
        back[i] = np.where(stay, np.arange(len(score)), best)
        score = np.where(stay, score, score[best] - change_cost) + fit[i]
    path = np.full(len(fit), NO_CHORD, dtype=np.int64)
    path[-1] = int(score.argmax())
    for i in range(len(fit) - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path
