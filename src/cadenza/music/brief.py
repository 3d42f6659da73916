"""What is to be composed, with every choice made: the composer may not change it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from cadenza.music.genre import Genre, Groove
from cadenza.music.pitch import Key
from cadenza.music.time import Length, Metre, Position


class Role(enum.Enum):
    """What a part does; its value is the name of its stem."""

    DRUMS = "drums"
    BASS = "bass"
    CHORDS = "chords"
    MELODY = "melody"
    PAD = "pad"
    COUNTER = "counter"
    EFFECTS = "effects"


class SectionKind(enum.Enum):
    """What a section is for; the value is how lyrics tag it."""

    INTRO = "intro"
    VERSE = "verse"
    PRECHORUS = "pre-chorus"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    SOLO = "solo"
    BREAK = "break"
    OUTRO = "outro"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPlan:
    """One section: ``bars`` long, with the energy 0 to 1 that the form gives it.

    ``key`` is its own (a song may move on), ``numerals`` its cycle of chords in that key, ``comping``
    the rhythm they are played in, ``roles`` who plays in it, ``lead`` which of them has the tune.
    ``occurrence`` counts sections of the same kind from 0; ``is_lifted`` marks the last chorus of
    several, which has more of everything.
    """

    kind: SectionKind
    bars: int
    energy: float
    key: Key
    numerals: tuple[str, ...]
    comping: str
    roles: frozenset[Role]
    occurrence: int
    lead: Role = Role.MELODY
    is_lifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The plan of one take.

    ``key`` is the one the piece begins in and is called by; sections may move to another.
    ``form`` is followed by one final chord that rings until ``duration_s``. ``instruments`` names
    who plays each role that sounds at all. ``groove`` and ``bass_line`` are the chosen
    lines of the genre (see ``music.genre``), ``drum_stretch`` 2 where the groove is played half-time.
    ``weirdness`` is 0 to 1.
    """

    title: str
    genre: Genre
    beats_per_minute: Fraction
    metre: Metre
    key: Key
    form: tuple[SectionPlan, ...]
    duration_s: float
    instruments: Mapping[Role, str]
    groove: Groove
    drum_stretch: int
    bass_line: str
    weirdness: float

    @property
    def bar_count(self) -> int:
        """Bars before the final chord."""
        return sum(section.bars for section in self.form)

    @property
    def final_chord_at(self) -> Position:
        """Where the last chord strikes."""
        return Position(self.metre.bar.quarters * self.bar_count)

    @property
    def final_key(self) -> Key:
        """The key of the last section, in which the piece ends."""
        return self.form[-1].key

    def section_starts(self) -> tuple[Position, ...]:
        """Return where each section of the form begins."""
        starts, bars = [], 0
        for section in self.form:
            starts.append(Position(self.metre.bar.quarters * bars))
            bars += section.bars
        return tuple(starts)

    @property
    def bar(self) -> Length:
        """Length of one bar."""
        return self.metre.bar
