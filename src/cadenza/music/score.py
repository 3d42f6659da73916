"""The score: who plays which pitch where. Exact, hashable, and writable as canonical text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cadenza.music.brief import Role
from cadenza.music.harmony import Chord
from cadenza.music.pitch import Key, pitch_name
from cadenza.music.time import Length, Metre, Position, TempoMap
from cadenza.music.vocal import SetLine

# General MIDI's percussion keys.
DRUM_PITCHES: dict[str, int] = {
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "low_tom": 45,
    "high_tom": 48,
    "hat": 42,
    "open_hat": 46,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "shaker": 70,
}
# Effects lie where a player of General MIDI's "reverse cymbal" can tell them apart.
EFFECT_PITCHES: dict[str, int] = {"impact": 36, "fall": 48, "reverse": 60, "riser": 72}
DRUM_NAMES: dict[int, str] = {pitch: name for name, pitch in DRUM_PITCHES.items()}
EFFECT_NAMES: dict[int, str] = {pitch: name for name, pitch in EFFECT_PITCHES.items()}
_UNPITCHED = {Role.DRUMS: DRUM_NAMES, Role.EFFECTS: EFFECT_NAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note. ``midi_pitch`` 60 is C4 (drums: ``DRUM_PITCHES``, effects: ``EFFECT_PITCHES``).

    ``loudness`` is 0 to 1.
    """

    at: Position
    length: Length
    midi_pitch: int
    loudness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All notes of one player, in order of time, then pitch."""

    role: Role
    instrument: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordSpan:
    """A chord and where it holds."""

    at: Position
    length: Length
    chord: Chord


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A whole piece. ``marks`` names its sections where they begin; ``end`` is its last moment.

    ``key`` is the first key, ``key_changes`` the places where another one begins. ``sung`` are the
    lines that a voice sings, in order.
    """

    title: str
    key: Key
    metre: Metre
    tempo: TempoMap
    marks: tuple[tuple[Position, str], ...]
    chords: tuple[ChordSpan, ...]
    parts: tuple[Part, ...]
    end: Position
    sung: tuple[SetLine, ...] = ()
    key_changes: tuple[tuple[Position, Key], ...] = ()

    def part(self, role: Role) -> Part | None:
        """Return the part with ``role``, or None where nobody plays it."""
        return next((part for part in self.parts if part.role is role), None)


def score_text(score: Score) -> str:
    """Return the score as canonical text: one line per thing, for people and for comparing.

    A note reads ``bar:quarters+length pitch loudness``; bars count from 1, quarters within the bar
    from 0.
    """
    lines = [f"title {score.title}", f"key {score.key}", f"metre {score.metre}"]
    for place, pace in score.tempo.changes:
        lines.append(f"tempo {_place(place, score.metre)} {float(60 / pace):.3f} quarters/min")
    lines += [f"key {_place(place, score.metre)} {key}" for place, key in score.key_changes]
    lines += [f"section {_place(place, score.metre)} {name}" for place, name in score.marks]
    lines += [f"chord {_place(s.at, score.metre)}+{s.length.quarters} {s.chord}" for s in score.chords]
    for part in score.parts:
        lines.append(f"part {part.role.value} {part.instrument}")
        lines += [_note_line(note, score.metre, part.role) for note in part.notes]
    for line in score.sung:
        lines.append(f"sung {line.line.text}")
        lines += [
            f"  {_place(tone.at, score.metre)}+{tone.length.quarters} {pitch_name(tone.midi_pitch)}"
            f" {sung.syllable.text}"
            for sung in line.syllables
            for tone in sung.tones
        ]
    lines.append(f"end {_place(score.end, score.metre)}")
    return "\n".join(lines) + "\n"


def _note_line(note: Note, metre: Metre, role: Role) -> str:
    names = _UNPITCHED.get(role)
    what = names[note.midi_pitch] if names else pitch_name(note.midi_pitch)
    return f"  {_place(note.at, metre)}+{note.length.quarters} {what} {note.loudness:.2f}"


def _place(place: Position, metre: Metre) -> str:
    bar, inside = divmod(place.quarters, metre.bar.quarters)
    return f"{bar + 1}:{Fraction(inside)}"
