"""The tune: a motif of a bar, answered, varied and closed over four bars; one theme per kind of section.

Strong and long notes are chord tones, the others steps between them; leaps turn back; phrases
breathe and end on stable notes, the last one on the tonic. Sections of a kind share their theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cadenza.engines.embedded.compose.harmony import ChordLine
from cadenza.engines.embedded.compose.smooth import Wanted, smooth_line
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.pitch import Key
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import Length, Position

_PHRASE_BARS = 4
_K = SectionKind
_BASS_DOWN = 30  # semitones: a tune that the bass has
_THEME_OF = {_K.INTRO: "verse", _K.PRECHORUS: "bridge", _K.OUTRO: "chorus", _K.BREAK: "chorus"}


@dataclass(frozen=True, slots=True)
class _Motif:
    """One bar's rhythm and shape: (start, length) in quarters, and scale steps from the first note."""

    rhythm: tuple[tuple[Fraction, Fraction], ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Theme:
    """What a kind of section sings: a motif, its contrast, and how high it lies (0 to 1)."""

    main: _Motif
    contrast: _Motif
    height: float


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a tune is played: its key and its lowest and highest pitch."""

    key: Key
    lowest: int
    highest: int
    is_pentatonic: bool

    @property
    def ladder(self) -> list[int]:
        """The pitches of the scale that the tune climbs, within its range."""
        classes = self.key.pentatonic if self.is_pentatonic else self.key.scale
        return [p for p in range(self.lowest, self.highest + 1) if p % 12 in classes]

    def chord_tones(self, span: ChordSpan) -> list[int]:
        """Return the tones of a chord; where scale and chord share some, those are the most singable."""
        reach = range(self.lowest, self.highest + 1)
        tones = [p for p in reach if p % 12 in span.chord.pitch_classes]
        return [p for p in tones if p % 12 in self.key.scale] or tones


def tunes(brief: Brief, chords: tuple[ChordSpan, ...], dice: Dice) -> dict[Role, list[Note]]:
    """Return the tune of the whole piece by who has it, and the last note of the first lead.

    In the last chorus the second lead goes along in thirds.
    """
    line = ChordLine(chords)
    themes: dict[str, _Theme] = {}
    parts: dict[Role, list[Note]] = {Role.MELODY: []}
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if section.lead not in section.roles or section.lead is Role.DRUMS:
            continue
        name = _THEME_OF.get(section.kind, section.kind.value)
        if name not in themes:
            themes[name] = _theme(brief, name, dice.named(f"theme {name}"))
        notes = _sing(brief, section, start, themes[name], line, is_last=section is brief.form[-1])
        if section.is_lifted and section.lead is Role.MELODY and Role.COUNTER in section.roles:
            parts.setdefault(Role.COUNTER, []).extend(_thirds_below(brief, section, line, notes))
        parts.setdefault(section.lead, []).extend(notes)
    if Role.MELODY in brief.instruments:
        parts[Role.MELODY].append(_last_note(brief, chords[-1], parts[Role.MELODY]))
    return parts


def _seat(brief: Brief, section: SectionPlan) -> _Seat:
    style = brief.genre.melody
    down = _BASS_DOWN if section.lead is Role.BASS else 0
    return _Seat(section.key, style.lowest - down, style.highest - down, style.is_pentatonic)


def _thirds_below(brief: Brief, section: SectionPlan, line: ChordLine, notes: Sequence[Note]) -> list[Note]:
    """Return a second voice: the chord tone below each longer note, let go before a gap can begin."""
    seat = _seat(brief, section)
    added = []
    for note in notes:
        classes = line.at(note.at).chord.pitch_classes
        below = [p for p in range(note.midi_pitch - 9, note.midi_pitch - 2) if p % 12 in classes]
        if note.length >= brief.metre.beat and below and max(below) >= seat.lowest - 5:
            loudness = round(0.8 * note.loudness, 3)
            length = min(note.length, brief.metre.beat)
            added.append(Note(at=note.at, length=length, midi_pitch=max(below), loudness=loudness))
    return added


def _theme(brief: Brief, name: str, dice: np.random.Generator) -> _Theme:
    height = {"chorus": 0.66, "solo": 0.7, "bridge": 0.55}.get(name, 0.4)
    density = brief.genre.melody.density * {"chorus": 1.15, "solo": 1.5}.get(name, 1.0)
    main = _motif(brief, density, dice)
    return _Theme(main, _motif(brief, density * 0.8, dice), height)


def _motif(brief: Brief, density: float, dice: np.random.Generator) -> _Motif:
    rhythm = _rhythm(brief, density, dice)
    return _Motif(rhythm, _shape(brief, len(rhythm), dice))


def _rhythm(brief: Brief, density: float, dice: np.random.Generator) -> tuple[tuple[Fraction, Fraction], ...]:
    """Draw starts on the genre's grid: on the beat or off it as syncopation says; the bar's end rests."""
    style, bar = brief.genre.melody, brief.bar.quarters
    step = min(style.step, brief.metre.beat.quarters / 2) if brief.metre.is_compound else style.step
    count = int(bar / step)
    beat = brief.metre.beat.quarters
    starts = []
    for index in range(count):
        place = step * index
        on_beat = place % beat == 0
        weight = density * (1.5 - style.syncopation if on_beat else 0.55 + style.syncopation)
        # Breath before the bar line, but for tunes that run.
        room = 0.45 + 0.55 * max(0.0, density - 0.6) / 0.4 if place >= bar - beat else 1.0
        if dice.random() < weight * room:
            starts.append(place)
    if len(starts) < 2:
        starts = [Fraction(0), beat * (int(bar / beat) // 2) or step]
    ends = [*starts[1:], bar]
    longest = beat * 2
    return tuple((s, min(e - s, longest)) for s, e in zip(starts, ends, strict=True))


def _shape(brief: Brief, count: int, dice: np.random.Generator) -> tuple[int, ...]:
    """Draw scale steps: mostly by one, some leaps, each leap answered by steps the other way."""
    leap = 0.12 + 0.25 * brief.weirdness
    direction = 1 if dice.random() < 0.6 else -1
    steps, at, turn_back = [0], 0, 0
    for _ in range(count - 1):
        if turn_back:
            move, turn_back = turn_back, 0
        elif dice.random() < leap:
            move = direction * int(dice.integers(2, 5))
            turn_back = -1 if move > 0 else 1
        else:
            move = direction * int(dice.choice([0, 1, 1, 1, 2]))
        at += move
        if abs(at) >= 4 or dice.random() < 0.18:
            direction = -direction if abs(at) < 4 else (-1 if at > 0 else 1)
        steps.append(at)
    return tuple(steps)


def _sing(
    brief: Brief,
    section: SectionPlan,
    start: Position,
    theme: _Theme,
    line: ChordLine,
    *,
    is_last: bool,
) -> list[Note]:
    seat = _seat(brief, section)
    centre = seat.lowest + theme.height * (seat.highest - seat.lowest) + (2 if section.is_lifted else 0)
    notes: list[Note] = []
    for bar in range(section.bars):
        place = bar % _PHRASE_BARS
        is_close = place == _PHRASE_BARS - 1 or bar == section.bars - 1
        motif = _bar_motif(brief, theme, place, is_close=is_close)
        drift = (0, 1, 2, 0)[place]
        at = start + brief.bar * bar
        notes += _realise(brief, motif, at, line, seat, centre + drift, section.energy, notes)
        if is_close and notes:
            is_answer = (bar // _PHRASE_BARS) % 2 == 1 or bar == section.bars - 1
            notes[-1] = _closed(seat, notes[-1], line, is_answer=is_answer and not is_last)
    return notes


def _bar_motif(brief: Brief, theme: _Theme, place: int, *, is_close: bool) -> _Motif:
    """Return what the bar plays: motif, motif again, contrast, and a close: its head and a long note."""
    if not is_close:
        return theme.contrast if place == 2 else theme.main
    beat = brief.metre.beat.quarters
    beats = int(brief.bar.quarters / beat)
    # Phrases come to rest on a strong beat: the middle of the bar where it has one, or its first.
    rest = beat * (beats // 2) if beats % 2 == 0 else Fraction(0)
    head = [(start, min(length, rest - start)) for start, length in theme.main.rhythm if start < rest][:4]
    rhythm = (*head, (rest, max(beat, (brief.bar.quarters - rest) * 3 / 4)))
    return _Motif(rhythm, (*theme.main.shape[: len(head)], theme.main.shape[0]))


def _realise(
    brief: Brief,
    motif: _Motif,
    at: Position,
    line: ChordLine,
    seat: _Seat,
    centre: float,
    energy: float,
    before: Sequence[Note],
) -> list[Note]:
    ladder = seat.ladder
    first_span = line.at(at + Length(motif.rhythm[0][0]))
    near = 0.5 * centre + 0.5 * before[-1].midi_pitch if before else centre
    anchor = _nearest(seat.chord_tones(first_span), near)
    base = min(range(len(ladder)), key=lambda i: (abs(ladder[i] - anchor), ladder[i]))
    wanted = []
    for (begin, quarters), step in zip(motif.rhythm, motif.shape, strict=True):
        target = ladder[_folded(base + step, len(ladder) - 1)]
        wanted.append(Wanted(target, _fitting(brief, seat, line.at(at + Length(begin)), begin, quarters)))
    pitches = smooth_line(wanted, before[-1].midi_pitch if before else None, brief.weirdness)
    notes = []
    for (begin, quarters), step, pitch in zip(motif.rhythm, motif.shape, pitches, strict=True):
        loudness = 0.55 + 0.2 * energy + (0.1 if begin == 0 else 0.0) + 0.01 * max(-4, min(6, step))
        length, loudness = Length(quarters), round(min(1.0, loudness), 3)
        notes.append(Note(at=at + Length(begin), length=length, midi_pitch=pitch, loudness=loudness))
    return notes


def _fitting(brief: Brief, seat: _Seat, span: ChordSpan, begin: Fraction, quarters: Fraction) -> list[int]:
    """Return the pitches for one note: chord tones where it is strong; what stays may not clash."""
    beat = brief.metre.beat.quarters
    if begin == 0 or quarters >= 2 * beat:
        return seat.chord_tones(span)
    if quarters >= beat:
        return [p for p in seat.ladder if not _clashes(p, span)] or seat.chord_tones(span)
    return seat.ladder


def _folded(index: int, highest: int) -> int:
    """Return an index turned back at both ends of the ladder, so that a tune never sticks there."""
    inside = abs(index)
    return max(0, 2 * highest - inside if inside > highest else inside)


def _nearest(pitches: Sequence[int], target: float) -> int:
    return min(pitches, key=lambda p: (abs(p - target), p))


def _clashes(pitch: int, span: ChordSpan) -> bool:
    """Tell whether a pitch lies a semitone above a chord tone, or beside an altered one."""
    classes = span.chord.pitch_classes
    return pitch % 12 not in classes and any((pitch - c) % 12 in {1, 11} for c in classes)


def _closed(seat: _Seat, note: Note, line: ChordLine, *, is_answer: bool) -> Note:
    """Let a phrase end at rest: an answer at home or on the root or third, a question on fifth or third."""
    chord = line.at(note.at).chord
    classes = {chord.root, chord.third} if is_answer else {chord.fifth, chord.third}
    if is_answer and seat.key.tonic in chord.pitch_classes:
        classes = {seat.key.tonic}
    options = [p for p in range(seat.lowest, seat.highest + 1) if p % 12 in classes]
    return Note(
        at=note.at,
        length=note.length,
        midi_pitch=_nearest(options, note.midi_pitch),
        loudness=note.loudness,
    )


def _last_note(brief: Brief, final: ChordSpan, before: Sequence[Note]) -> Note:
    style = brief.genre.melody
    tonics = [p for p in range(style.lowest - 2, style.highest + 1) if p % 12 == brief.final_key.tonic]
    near = before[-1].midi_pitch if before else (style.lowest + style.highest) / 2
    return Note(at=final.at, length=final.length, midi_pitch=_nearest(tonics, near), loudness=0.7)
