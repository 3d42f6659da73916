"""What was heard in a recording: the portrait that planning and recombining work from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
NO_CHORD = 24  # chords: 0-11 major on C..B, 12-23 minor on C..B


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that was estimated, with how sure we are (0 = a guess, 1 = certain)."""

    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Heard):
    """Tonic as pitch class (0 = C) and mode."""

    tonic: int
    minor: bool

    def __str__(self) -> str:
        """Return "A minor"."""
        return f"{PITCH_NAMES[self.tonic]} {'minor' if self.minor else 'major'}"

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes of the key (natural minor)."""
        steps = (0, 2, 3, 5, 7, 8, 10) if self.minor else (0, 2, 4, 5, 7, 9, 11)
        return tuple((self.tonic + step) % 12 for step in steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse(Heard):
    """Where the beats lie.

    ``beats_s`` are increasing seconds that cover the whole recording, the first and last of them
    extrapolated. ``steady`` is false for music without a pulse: the beats are then an even pseudo-grid
    that only serves to cut the time into pieces, and ``bpm`` says nothing about the music.
    """

    beats_s: Floats
    bpm: float
    steady: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Metre(Heard):
    """Beats per bar (3 or 4) and the index of the first beat that begins a bar."""

    beats_per_bar: int
    first_downbeat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatViews:
    """What each beat sounds like; row i is the span from beat i to beat i+1.

    Attributes
    ----------
    timbre
        (beats, 2 x 12) cepstra of both halves of the beat without the loudness, in standard deviations.
    chroma
        (beats, 12) pitch classes, each row of unit length (zero for silence).
    pattern
        (beats, slices x bands) onset strength: where in the beat which register strikes.
    level_db
        (beats,) mean level.
    low_accent
        (beats,) onset strength of the low register at the beat.
    """

    timbre: Floats
    chroma: Floats
    pattern: Floats
    level_db: Floats
    low_accent: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What each short moment sounds like, ``rate_hz`` of them per second from second 0 on.

    Attributes
    ----------
    power
        (moments, bands) mean power per mel band.
    chroma
        (moments, 12) pitch classes around the moment, each row of unit length (zero for silence).
    """

    power: Floats
    chroma: Floats
    rate_hz: float

    def at(self, time_s: float) -> int:
        """Return the first moment that lies after a second (to the nearest)."""
        return int(np.clip(round(time_s * self.rate_hz), 0, len(self.power)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """All that was heard in one recording.

    ``music_start_s`` and ``music_end_s`` leave silence and a final fade out. ``chords`` has one chord
    per beat (0-11 major, 12-23 minor, 24 none). ``tuning_semitones`` is the offset from A = 440 Hz, with
    ``tuning_confidence`` from 0 to 1.
    ``voice`` says how surely somebody sings in each beat, 0 to 1, where that was listened for.
    ``novelty`` says how much begins at each instant, ``novelty_rate_hz`` values per second.
    """

    duration_s: float
    music_start_s: float
    music_end_s: float
    pulse: Pulse
    metre: Metre
    key: Key
    tuning_semitones: float
    tuning_confidence: float = 0.0
    chords: Ints
    views: BeatViews
    moments: Moments
    novelty: Floats
    novelty_rate_hz: float
    voice: Floats | None = None

    @property
    def beat_count(self) -> int:
        """Number of spans between beats."""
        return len(self.pulse.beats_s) - 1

    @property
    def downbeats(self) -> Ints:
        """Indices of the beats that begin a whole bar."""
        bar = self.metre.beats_per_bar
        return np.arange(self.metre.first_downbeat, self.beat_count - bar + 1, bar, dtype=np.int64)

    def beat_position(self, time_s: float) -> float:
        """Return where a second lies, in beats; beyond the ends by the first or last span."""
        beats = self.pulse.beats_s
        index = int(np.clip(np.searchsorted(beats, time_s, side="right") - 1, 0, len(beats) - 2))
        return float(index + (time_s - beats[index]) / (beats[index + 1] - beats[index]))

    def seconds_at(self, beat: float) -> float:
        """Return the second of a position in beats (inverse of ``beat_position``)."""
        beats = self.pulse.beats_s
        index = int(np.clip(np.floor(beat), 0, len(beats) - 2))
        return float(beats[index] + (beat - index) * (beats[index + 1] - beats[index]))
