"""Brief to score: harmony first, then everyone who plays over it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cadenza.engines.embedded.compose.accompany import chord_notes, pad_notes
from cadenza.engines.embedded.compose.bass import bass_notes
from cadenza.engines.embedded.compose.drums import drum_notes
from cadenza.engines.embedded.compose.harmony import lay_chords
from cadenza.engines.embedded.compose.melody import melody_notes
from cadenza.engines.embedded.compose.vocal import set_words, without
from cadenza.music.brief import Brief, Role
from cadenza.music.dice import Dice
from cadenza.music.score import ChordSpan, Note, Part, Score
from cadenza.music.time import START, Length, Position, TempoMap
from cadenza.music.vocal import Compass, LineSlot, SetLine

_RELEASE_S = Fraction(6, 5)  # the last chord is let go this long before the end, to fade by itself


def compose(
    brief: Brief, dice: Dice, slots: Sequence[LineSlot] = (), compass: Compass = Compass.LOW
) -> Score:
    """Write the piece that ``brief`` asks for. The same arguments give the same score.

    ``slots`` are the lines to be sung, within ``compass``; where somebody sings, the instrument that
    has the tune only answers.
    """
    tempo = _tempo(brief)
    end = tempo.position_at(Fraction(brief.duration_s).limit_denominator(1000) - _RELEASE_S)
    chords = lay_chords(brief, end)
    sung = set_words(brief, slots, chords, compass, dice)
    parts = tuple(
        Part(role=role, instrument=instrument, notes=_ordered(_notes(role, brief, chords, sung, dice)))
        for role, instrument in brief.instruments.items()
    )
    marks = tuple(
        (start, section.kind.value) for start, section in zip(brief.section_starts(), brief.form, strict=True)
    )
    return Score(
        title=brief.title,
        key=brief.key,
        metre=brief.metre,
        tempo=tempo,
        marks=(*marks, (brief.final_chord_at, "end")),
        chords=chords,
        parts=parts,
        end=end,
        sung=sung,
    )


def _tempo(brief: Brief) -> TempoMap:
    """Keep one tempo, and slow down over the last bar where the genre does."""
    steady = TempoMap.steady(brief.beats_per_minute, brief.metre.beat)
    pace = steady.changes[0][1]
    slow_from = brief.final_chord_at - brief.bar
    if brief.genre.slow_down == 1 or slow_from <= START:
        return steady
    slowed = (slow_from, pace * brief.genre.slow_down)
    return TempoMap(((START, pace), slowed, (brief.final_chord_at, pace)))


def _notes(
    role: Role, brief: Brief, chords: tuple[ChordSpan, ...], sung: Sequence[SetLine], dice: Dice
) -> list[Note]:
    match role:
        case Role.DRUMS:
            return drum_notes(brief, dice.named("drums"))
        case Role.BASS:
            return bass_notes(brief, chords, dice.named("bass"))
        case Role.CHORDS:
            return chord_notes(brief, chords)
        case Role.MELODY:
            return without(melody_notes(brief, chords, dice), sung, Length(brief.metre.beat.quarters / 2))
        case Role.PAD:
            return pad_notes(brief, chords)


def _ordered(notes: list[Note]) -> tuple[Note, ...]:
    """Return notes by time, then pitch; of two on one pitch at one place the louder one."""
    unique: dict[tuple[Position, int], Note] = {}
    for note in sorted(notes, key=lambda n: (n.at, n.midi_pitch, n.loudness)):
        unique[note.at, note.midi_pitch] = note
    return tuple(unique.values())
