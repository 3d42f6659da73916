"""Brief to score: harmony first, then everyone who plays over it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cadenza.engines.embedded.compose.accompany import chord_notes, pad_notes
from cadenza.engines.embedded.compose.bass import bass_notes
from cadenza.engines.embedded.compose.counter import counter_notes
from cadenza.engines.embedded.compose.drums import drum_notes
from cadenza.engines.embedded.compose.effects import breathless, effect_notes, held_breath, roll_notes
from cadenza.engines.embedded.compose.harmony import lay_chords
from cadenza.engines.embedded.compose.melody import tunes
from cadenza.engines.embedded.compose.vocal import set_words, without
from cadenza.music.brief import Brief, Role
from cadenza.music.dice import Dice
from cadenza.music.pitch import Key
from cadenza.music.score import ChordSpan, Note, Part, Score
from cadenza.music.time import START, Length, Position, TempoMap
from cadenza.music.vocal import Compass, LineSlot, SetLine

_MAY_BE_IDLE = {Role.COUNTER, Role.EFFECTS}  # a piece without gaps or peaks has no part for them
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
    writer = _Writer(brief, chords, sung, dice)
    parts = tuple(
        Part(role=role, instrument=instrument, notes=notes)
        for role, instrument in brief.instruments.items()
        if (notes := _ordered(writer.notes(role))) or role not in _MAY_BE_IDLE
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
        key_changes=_key_changes(brief),
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


def _key_changes(brief: Brief) -> tuple[tuple[Position, Key], ...]:
    keys = [section.key for section in brief.form]
    places = zip(brief.section_starts(), keys, [brief.key, *keys], strict=False)
    return tuple((start, key) for start, key, before in places if key != before)


class _Writer:
    """Writes the parts of one piece: they share harmony, words, tunes and breaths."""

    def __init__(
        self, brief: Brief, chords: tuple[ChordSpan, ...], sung: Sequence[SetLine], dice: Dice
    ) -> None:
        self._brief, self._chords, self._sung, self._dice = brief, chords, sung, dice
        self._tunes = tunes(brief, chords, dice)
        self._breaths = held_breath(brief)

    def notes(self, role: Role) -> list[Note]:
        """Return all notes of a role, in no order."""
        brief, chords = self._brief, self._chords
        notes: list[Note]
        match role:
            case Role.DRUMS:
                notes = [*drum_notes(brief, self._dice.named("drums")), *roll_notes(brief)]
            case Role.BASS:
                notes = bass_notes(brief, chords, self._dice.named("bass"))
            case Role.CHORDS:
                notes = chord_notes(brief, chords)
            case Role.PAD:
                notes = pad_notes(brief, chords)
            case Role.EFFECTS:
                notes = effect_notes(brief)
            case Role.MELODY | Role.COUNTER:
                notes = []
        return breathless([*notes, *self._tune(role)], self._breaths, role)

    def _tune(self, role: Role) -> list[Note]:
        """Return what a role plays of the tune, and what the second lead answers to it."""
        margin = Length(self._brief.metre.beat.quarters / 2)
        own = without(self._tunes.get(role, []), self._sung, margin)
        if role is Role.COUNTER:
            heard = sorted((n for part in self._tunes.values() for n in part), key=lambda n: n.at)
            dice = self._dice.named("counter")
            own = [*own, *counter_notes(self._brief, self._chords, heard, self._sung, dice)]
        return own


def _ordered(notes: list[Note]) -> tuple[Note, ...]:
    """Return notes by time, then pitch; of two on one pitch at one place the louder one."""
    unique: dict[tuple[Position, int], Note] = {}
    for note in sorted(notes, key=lambda n: (n.at, n.midi_pitch, n.loudness)):
        unique[note.at, note.midi_pitch] = note
    return tuple(unique.values())
