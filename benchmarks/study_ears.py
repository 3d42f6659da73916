"""Public analysers on finished songs: librosa, essentia, mir_eval, pyloudnorm.

Nothing here is this project's code. Times are seconds. Tempo is asked of librosa and of essentia
(RhythmExtractor2013), key of essentia's KeyExtractor with two sets of profiles (Krumhansl's, and those for
electronic music); chords are triads and seventh chords on essentia's pitch class profiles, followed by
librosa's Viterbi path, and told as triads.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import essentia
import essentia.standard
import librosa
import mir_eval
import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

essentia.log.infoActive = False
essentia.log.warningActive = False

RATE = 22_050
HOP = 256
CHROMA_HOP = 2048
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STAY = 0.7  # probability that a chord goes on at the next beat
_SHARPNESS = 20.0  # of the likelihood of a chord, over the cosine with its tones
_PITCHES_HZ = (130.0, 3500.0)  # below, a bass drum smears over several semitones
_CHORDS = (("maj", (0, 4, 7)), ("min", (0, 3, 7)), ("maj", (0, 4, 7, 11)), ("min", (0, 3, 7, 10)),
           ("maj", (0, 4, 7, 10)))  # fmt: skip
_ONSET_WINDOW_S = 0.05
_SLOWS_FROM = 0.75


@dataclass(frozen=True, slots=True)
class Heard:
    """A song as the analysers hear it."""

    bpm: float
    bpm_2: float
    key: str
    key_2: str
    lufs: float
    peak_dbtp: float
    duration_s: float
    onsets_s: np.ndarray
    chords: tuple[np.ndarray, list[str]]


def listen(stereo: np.ndarray, sample_rate: int) -> Heard:
    """Analyse a song, shape (2, samples)."""
    mono_44 = stereo.mean(axis=0)
    mono = librosa.resample(mono_44, orig_sr=sample_rate, target_sr=RATE)
    strength = librosa.onset.onset_strength(y=mono, sr=RATE, hop_length=HOP)
    _, beats = librosa.beat.beat_track(onset_envelope=strength, sr=RATE, hop_length=HOP)
    beats_s = librosa.frames_to_time(beats, sr=RATE, hop_length=HOP)
    onsets = librosa.onset.onset_detect(onset_envelope=strength, sr=RATE, hop_length=HOP)
    chroma = chroma_of(mono_44, sample_rate)
    keys = [
        " ".join(essentia.standard.KeyExtractor(sampleRate=sample_rate, profileType=profile)(mono_44)[:2])
        for profile in ("krumhansl", "bgate")
    ]
    return Heard(
        bpm=pace(_steady(beats_s, len(mono_44) / sample_rate)),
        bpm_2=pace(_steady(essentia.standard.RhythmExtractor2013()(mono_44)[1], len(mono_44) / sample_rate)),
        key=keys[0],
        key_2=keys[1],
        lufs=float(pyloudnorm.Meter(sample_rate).integrated_loudness(stereo.T)),
        peak_dbtp=20 * float(np.log10(np.abs(resample_poly(stereo, 4, 1, axis=1)).max() + 1e-9)),
        duration_s=stereo.shape[1] / sample_rate,
        onsets_s=librosa.frames_to_time(onsets, sr=RATE, hop_length=HOP),
        chords=chords_of(chroma, beats_s, len(mono_44) / sample_rate, CHROMA_HOP / sample_rate),
    )


def _steady(beats_s: np.ndarray, length_s: float) -> np.ndarray:
    """Return the beats before the end slows down."""
    return beats_s[beats_s < _SLOWS_FROM * length_s]


def pace(beats_s: np.ndarray) -> float:
    """Return beats per minute from a straight line through the beats, missing ones counted; 0 for none."""
    if len(beats_s) < 4:
        return 0.0
    gaps = np.diff(beats_s)
    places = np.concatenate([[0], np.cumsum(np.maximum(1, np.rint(gaps / np.median(gaps))))])
    return 60 / float(np.polyfit(places, beats_s, 1)[0])


def chroma_of(mono: np.ndarray, rate: int) -> np.ndarray:
    """Return essentia's pitch class profiles from C upwards, shape (12, frames), ``CHROMA_HOP`` apart."""
    low_hz, high_hz = _PITCHES_HZ
    window = essentia.standard.Windowing(type="blackmanharris62")
    spectrum = essentia.standard.Spectrum()
    peaks = essentia.standard.SpectralPeaks(
        sampleRate=rate, minFrequency=low_hz, maxFrequency=high_hz, maxPeaks=60, orderBy="magnitude"
    )
    profile = essentia.standard.HPCP(
        sampleRate=rate, minFrequency=low_hz, maxFrequency=high_hz, harmonics=4, bandPreset=False
    )
    frames = essentia.standard.FrameGenerator(mono, frameSize=8192, hopSize=CHROMA_HOP, startFromZero=False)
    return np.roll(np.array([profile(*peaks(spectrum(window(frame)))) for frame in frames]), -3, axis=1).T


def chords_of(
    chroma: np.ndarray, beats_s: np.ndarray, length_s: float, hop_s: float
) -> tuple[np.ndarray, list[str]]:
    """Return intervals and labels of triads, beat by beat."""
    frames_s = np.arange(chroma.shape[1]) * hop_s
    edges_s = np.unique(np.concatenate([[0.0], beats_s[(beats_s > 0.05) & (beats_s < length_s)], [length_s]]))
    pieces = [
        chroma[:, (frames_s >= begin) & (frames_s < end)].mean(axis=1)
        for begin, end in itertools.pairwise(edges_s)
        if ((frames_s >= begin) & (frames_s < end)).any()
    ]
    seen = np.array(pieces).T
    seen = seen / (np.linalg.norm(seen, axis=0) + 1e-9)
    templates, labels = _templates()
    likeness = np.exp(_SHARPNESS * (templates @ seen - 1))
    moves = np.full((len(labels), len(labels)), (1 - _STAY) / (len(labels) - 1))
    np.fill_diagonal(moves, _STAY)
    path = librosa.sequence.viterbi_discriminative(likeness / likeness.sum(axis=0), moves)
    intervals = np.stack([edges_s[: len(path)], edges_s[1 : len(path) + 1]], axis=1)
    return intervals, [labels[state] for state in path]


def _templates() -> tuple[np.ndarray, list[str]]:
    rows, labels = [], []
    for quality, tones in _CHORDS:
        for root in range(12):
            row = np.zeros(12)
            row[[(root + tone) % 12 for tone in tones]] = 1 / np.sqrt(len(tones))
            rows.append(row)
            labels.append(f"{NAMES[root]}:{quality}")
    return np.array(rows), labels


def tempo_relation(truth: float, heard: float) -> str:
    """Return "same", "octave" (half or double), "third" (three or a third) or "wrong", each within 1 %."""
    for name, factors in (("same", (1,)), ("octave", (2, 1 / 2)), ("third", (3, 1 / 3, 3 / 2, 2 / 3))):
        if any(abs(heard / (truth * factor) - 1) <= 0.01 for factor in factors):
            return name
    return "wrong"


def key_relation(truth: str, heard: str) -> str:
    """Return mir_eval's verdict on a key: same, fifth, relative, parallel or other."""
    names = {1.0: "same", 0.5: "fifth", 0.3: "relative", 0.2: "parallel"}
    return names.get(round(float(mir_eval.key.weighted_score(truth, heard)), 2), "other")


def chord_score(truth: tuple[np.ndarray, list[str]], heard: tuple[np.ndarray, list[str]]) -> float:
    """Return the share of time in which the triad is right (mir_eval's majmin), where there is one."""
    scores: dict[str, Any] = mir_eval.chord.evaluate(truth[0], truth[1], heard[0], heard[1])
    return float(scores["majmin"])


def onset_scores(truth_s: Sequence[float], heard_s: np.ndarray) -> dict[str, float]:
    """Return how many heard onsets lie within 50 ms of a struck one, and by how much they are off."""
    struck = np.unique(np.round(np.asarray(truth_s), 4))
    f, precision, recall = mir_eval.onset.f_measure(struck, heard_s, window=_ONSET_WINDOW_S)
    if not len(heard_s) or not len(struck):
        return {"f": f, "precision": precision, "recall": recall, "off_ms": 0.0}
    off = heard_s - struck[np.abs(heard_s[:, None] - struck[None, :]).argmin(axis=1)]
    off = off[np.abs(off) <= _ONSET_WINDOW_S]
    return {
        "f": f,
        "precision": precision,
        "recall": recall,
        "off_ms": 1000 * float(np.median(off)) if len(off) else 0.0,
    }
