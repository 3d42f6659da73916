"""Writing along: parts for some roles over chords that are given."""

from __future__ import annotations

from collections.abc import Sequence

from cadenza.engines.embedded.compose.accompany import chord_notes, pad_notes
from cadenza.engines.embedded.compose.bass import bass_notes
from cadenza.engines.embedded.compose.drums import drum_notes
from cadenza.music.brief import Brief, Role
from cadenza.music.dice import Dice
from cadenza.music.score import ChordSpan, Note, Part, Score
from cadenza.music.time import TempoMap

ACCOMPANISTS = (Role.DRUMS, Role.BASS, Role.CHORDS, Role.PAD)


def write_along(brief: Brief, chords: tuple[ChordSpan, ...], roles: Sequence[Role], dice: Dice) -> Score:
    """Write what the asked ones of ``ACCOMPANISTS`` play over ``chords``; the last of them is the final one.

    The parts have the form, groove and lines of ``brief``, and keep one tempo.
    """
    parts = tuple(
        Part(role=role, instrument=brief.instruments[role], notes=_ordered(_notes(role, brief, chords, dice)))
        for role in ACCOMPANISTS
        if role in roles
    )
    return Score(
        title=brief.title,
        key=brief.key,
        metre=brief.metre,
        tempo=TempoMap.steady(brief.beats_per_minute, brief.metre.beat),
        marks=(),
        chords=chords,
        parts=parts,
        end=chords[-1].at + chords[-1].length,
    )


def _notes(role: Role, brief: Brief, chords: tuple[ChordSpan, ...], dice: Dice) -> list[Note]:
    if role is Role.DRUMS:
        return drum_notes(brief, dice.named("drums along"))
    if role is Role.BASS:
        return bass_notes(brief, chords, dice.named("bass along"))
    return chord_notes(brief, chords) if role is Role.CHORDS else pad_notes(brief, chords)


def _ordered(notes: list[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: (note.at, note.midi_pitch, note.loudness)))
