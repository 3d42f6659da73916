"""Pitch: MIDI numbers (60 = middle C, 69 = A at 440 Hz), pitch classes (0 = C), keys."""

from __future__ import annotations

import enum
from dataclasses import dataclass

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Mode(enum.Enum):
    """Which of the two everyday scales a key has."""

    MAJOR = "major"
    MINOR = "minor"


SCALES: dict[Mode, tuple[int, ...]] = {
    Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11),
    Mode.MINOR: (0, 2, 3, 5, 7, 8, 10),
}
PENTATONICS: dict[Mode, tuple[int, ...]] = {Mode.MAJOR: (0, 2, 4, 7, 9), Mode.MINOR: (0, 3, 5, 7, 10)}


def midi_to_hz(midi_pitch: float) -> float:
    """Return the frequency in Hz in equal temperament, A4 = 440."""
    return float(440.0 * 2.0 ** ((midi_pitch - 69) / 12))


def pitch_class_of(name: str) -> int:
    """Return 0 to 11 for a note name such as "F#" or "Bb"."""
    shift = {"#": 1, "♯": 1, "b": -1, "♭": -1}
    return (_LETTERS[name[0].upper()] + sum(shift[sign] for sign in name[1:])) % 12


def nearest_with_class(pitch_class: int, near: int) -> int:
    """Return the MIDI pitch of ``pitch_class`` nearest to ``near`` (the lower one of two)."""
    return near + (pitch_class - near + 6) % 12 - 6


def pitch_name(midi_pitch: int) -> str:
    """Return scientific pitch notation with sharps: 60 is "C4"."""
    return f"{SHARP_NAMES[midi_pitch % 12]}{midi_pitch // 12 - 1}"


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class) and its mode; reads "A minor"."""

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        assert 0 <= self.tonic <= 11

    def __str__(self) -> str:
        names = _MAJOR_NAMES if self.mode is Mode.MAJOR else _MINOR_NAMES
        return f"{names[self.tonic]} {self.mode.value}"

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes from the tonic upwards."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.mode])

    @property
    def pentatonic(self) -> tuple[int, ...]:
        """The five pitch classes that clash with nothing in the key."""
        return tuple((self.tonic + step) % 12 for step in PENTATONICS[self.mode])
