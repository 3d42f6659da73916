"""The notes of a recording, by a small network that marks where notes sound and where they begin.

Basic Pitch (Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
multipitch estimation", ICASSP 2022). The network hears two seconds at a time at 22,050 Hz; from its two maps
(hops x 88 keys of a piano) notes are read as the paper does: from each peak of the onsets on, for as long as
the note's own row stays lit. Notes without an onset of their own are left out: most of them are overtones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.resample import resample
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.listen.ears.onnx import Graph

NOTES_RATE_HZ: Final = 22_050
_WINDOW, _HOP = 43_844, 256
_EDGE = 15  # hops at either end of a window that know too little of what is around them
_ADVANCE: Final = _WINDOW - 2 * _EDGE * _HOP
_LOWEST_KEY: Final = 21
_BATCH = 4  # windows heard at once: more are no faster and take more memory
_NOTE_OUTPUT, _ONSET_OUTPUT = "StatefulPartitionedCall:1", "StatefulPartitionedCall:2"

_LEAST_ONSET, _LEAST_LIT = 0.5, 0.3
_SHORTEST_S = 0.06
_GAP_HOPS = 11  # a row may be dark for that long within a note
_HIGHEST_BASS, _LOWEST_TUNE = 47, 55

Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HeardNote:
    """One note; ``strength`` from 0 to 1 says how clearly it was heard."""

    start_s: float
    end_s: float
    midi_pitch: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaps:
    """Where keys sound and where they begin, (moments, 88) from 0 to 1, and when each moment is."""

    sounding: Map
    beginning: Map
    times_s: Map


def hear_keys(recording: Signal, graph: Graph, between: Callable[[], None] = lambda: None) -> KeyMaps:
    """Return what the network makes of a recording, window after window."""
    mono = resample(recording, NOTES_RATE_HZ).samples.mean(axis=0, dtype=np.float32)
    count = max(1, -(-len(mono) // _ADVANCE))
    padded = np.zeros(count * _ADVANCE + _WINDOW, np.float32)
    padded[_EDGE * _HOP :][: len(mono)] = mono
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_ADVANCE][:count]
    sounding, beginning = [], []
    for first in range(0, count, _BATCH):
        between()
        heard = graph.run(windows[first : first + _BATCH, :, None])
        sounding.append(heard[_NOTE_OUTPUT][:, _EDGE:-_EDGE])
        beginning.append(heard[_ONSET_OUTPUT][:, _EDGE:-_EDGE])
    hops = np.arange(sounding[0].shape[1])
    times_s = (np.arange(count)[:, None] * _ADVANCE + hops * _HOP) / NOTES_RATE_HZ
    is_within = times_s.ravel() < len(mono) / NOTES_RATE_HZ
    keys = sounding[0].shape[2]
    return KeyMaps(
        sounding=np.concatenate(sounding).reshape(-1, keys)[is_within].astype(np.float64),
        beginning=np.concatenate(beginning).reshape(-1, keys)[is_within].astype(np.float64),
        times_s=times_s.ravel()[is_within],
    )


def read_notes(maps: KeyMaps) -> tuple[HeardNote, ...]:
    """Return the notes in the order of their beginnings."""
    onsets = maps.beginning
    is_peak = np.zeros(onsets.shape, bool)
    is_peak[1:-1] = (onsets[1:-1] > onsets[:-2]) & (onsets[1:-1] >= onsets[2:])
    places, keys = np.nonzero(is_peak & (onsets >= _LEAST_ONSET))
    left = maps.sounding.copy()  # what no note has claimed yet, later notes first as in the paper
    notes = []
    for place, key in zip(places[::-1].tolist(), keys[::-1].tolist(), strict=True):
        end = _end(left[:, key], place)
        start_s, end_s = float(maps.times_s[place]), float(maps.times_s[min(end, len(left) - 1)])
        if end_s - start_s < _SHORTEST_S:
            continue
        strength = float(maps.sounding[place:end, key].mean())
        left[place:end, max(0, key - 1) : key + 2] = 0
        notes.append(HeardNote(start_s=start_s, end_s=end_s, midi_pitch=key + _LOWEST_KEY, strength=strength))
    return tuple(sorted(notes))


def bass_of(notes: Sequence[HeardNote]) -> tuple[HeardNote, ...]:
    """Return the notes up to the B below an octave under middle C under which nothing begins or sounds."""
    return _skyline([note for note in notes if note.midi_pitch <= _HIGHEST_BASS], highest=False)


def melody_of(notes: Sequence[HeardNote]) -> tuple[HeardNote, ...]:
    """Return the notes from G below middle C on over which nothing begins or sounds, a skyline."""
    return _skyline([note for note in notes if note.midi_pitch >= _LOWEST_TUNE], highest=True)


def _end(row: Map, place: int) -> int:
    """Return the first moment at which a row has gone dark for good."""
    ahead = np.flatnonzero(row[place + 1 :] >= _LEAST_LIT)
    gaps = np.diff(np.concatenate([[-1], ahead]))
    broken = np.flatnonzero(gaps > _GAP_HOPS)
    lit = ahead[: broken[0]] if broken.size else ahead
    return place + 1 + (int(lit[-1]) + 1 if lit.size else 0)


def _skyline(notes: Sequence[HeardNote], *, highest: bool) -> tuple[HeardNote, ...]:
    """Leave out each note that is covered for most of its length by those further out."""
    starts, ends, pitches = np.array([(n.start_s, n.end_s, n.midi_pitch) for n in notes]).reshape(-1, 3).T
    kept = []
    for note in notes:
        is_out = (pitches > note.midi_pitch) if highest else (pitches < note.midi_pitch)
        shared_s = np.minimum(ends, note.end_s) - np.maximum(starts, note.start_s)
        if shared_s[is_out & (shared_s > 0)].sum() <= 0.5 * (note.end_s - note.start_s):
            kept.append(note)
    return tuple(kept)
