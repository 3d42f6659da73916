"""The vocal line: which syllable is sung on which notes; exact in the score, then in seconds."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cadenza.music.brief import SectionKind
from cadenza.music.lyrics import Line, Syllable
from cadenza.music.time import Length, Position


class Compass(enum.Enum):
    """A singer's range: (lowest, highest) MIDI pitch of a lead."""

    LOW = (45, 64)  # A2 to E4
    HIGH = (53, 72)  # F3 to C5

    @property
    def lowest(self) -> int:
        """Lowest pitch."""
        return self.value[0]

    @property
    def highest(self) -> int:
        """Highest pitch."""
        return self.value[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSlot:
    """The room that the form gives to one line: where it is sung and for how long, breath included.

    ``section`` is the section's place in the form.
    """

    line: Line
    section: int
    at: Position
    length: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """One note of a syllable. ``second_pitch`` is what a second voice sings with it, where one does."""

    at: Position
    length: Length
    midi_pitch: int
    second_pitch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSyllable:
    """A syllable and the notes it is sung on: one, or more where it is drawn over several."""

    syllable: Syllable
    tones: tuple[Tone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """A line of words set to notes, in order of time. ``energy`` is its section's, 0 to 1."""

    line: Line
    kind: SectionKind
    energy: float
    syllables: tuple[SetSyllable, ...]

    @property
    def begins(self) -> Position:
        """Where the first vowel sounds."""
        return self.syllables[0].tones[0].at

    @property
    def ends(self) -> Position:
        """Where the last note is let go."""
        last = self.syllables[-1].tones[-1]
        return last.at + last.length


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedTone:
    """A note in seconds from the start of the recording; fractions of pitch where A is not 440 Hz."""

    begin_s: float
    end_s: float
    midi_pitch: float
    second_pitch: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedSyllable:
    """A syllable whose vowel begins with its first tone."""

    syllable: Syllable
    tones: tuple[TimedTone, ...]

    @property
    def begin_s(self) -> float:
        """When its vowel begins."""
        return self.tones[0].begin_s

    @property
    def end_s(self) -> float:
        """When its last note ends."""
        return self.tones[-1].end_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedLine:
    """A line as it is sung. ``breath_s`` is the free time before it."""

    line: Line
    kind: SectionKind
    energy: float
    syllables: tuple[TimedSyllable, ...]
    breath_s: float

    @property
    def begin_s(self) -> float:
        """When the first vowel begins."""
        return self.syllables[0].begin_s

    @property
    def end_s(self) -> float:
        """When the last note ends."""
        return self.syllables[-1].end_s
