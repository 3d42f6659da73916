"""The second lead: answers in the gaps of the tune, in the tune's own words, lower and softer.

A gap is where the tune rests or stands on a long note, and nobody sings. Short gaps get an echo of
the tune's last notes, a third or a sixth away where the chords want it; long ones a line of guide
tones (thirds and sevenths), which lie a step apart from chord to chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cadenza.engines.embedded.compose.harmony import ChordLine
from cadenza.music.brief import Brief, Role, SectionPlan
from cadenza.music.pitch import Key
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import Length, Position
from cadenza.music.vocal import SetLine

_STANDS_BEATS = 2  # a note of the tune this long leaves room after its first beat
_LONG_BARS = Fraction(1)  # from here a gap gets guide tones
_ANSWERED = 0.75  # of the gaps, before weirdness
_MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """Free time of the tune: [begin, end)."""

    begin: Position
    end: Position

    @property
    def length(self) -> Length:
        """How long it lasts."""
        return self.end - self.begin


def counter_notes(
    brief: Brief,
    chords: tuple[ChordSpan, ...],
    tune: Sequence[Note],
    sung: Sequence[SetLine],
    dice: np.random.Generator,
) -> list[Note]:
    """Return what the second lead plays where it does not have the tune itself."""
    line = ChordLine(chords)
    notes: list[Note] = []
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if Role.COUNTER not in section.roles or section.lead is Role.COUNTER:
            continue
        end = start + brief.bar * section.bars
        for gap in gaps_between(brief, start, end, tune, sung):
            if dice.random() < _ANSWERED:
                notes += _answer(brief, section, gap, line, [n for n in tune if n.at < gap.begin], dice)
    return notes


def gaps_between(
    brief: Brief, start: Position, end: Position, tune: Sequence[Note], sung: Sequence[SetLine]
) -> list[Gap]:
    """Return the free times of a beat and a half or more between two places, in order."""
    beat = brief.metre.beat
    busy = [
        (n.at, n.at + (beat if n.length >= beat * _STANDS_BEATS else n.length))
        for n in tune
        if start <= n.at < end
    ]
    busy += [
        (voice.begins - beat / 2, voice.ends) for voice in sung if start < voice.ends and voice.begins < end
    ]
    gaps, free_from = [], start
    for begin, until in [*sorted(busy), (end, end)]:
        if begin - free_from >= beat * Fraction(3, 2):
            gaps.append(Gap(free_from, begin))
        free_from = max(free_from, until)
    return gaps


def _answer(
    brief: Brief,
    section: SectionPlan,
    gap: Gap,
    line: ChordLine,
    before: Sequence[Note],
    dice: np.random.Generator,
) -> list[Note]:
    begin = _next_on_grid(gap.begin, brief.metre.beat / 2)
    room = Gap(begin, gap.end)
    loudness = round(0.42 + 0.2 * section.energy, 3)
    if room.length >= brief.bar * _LONG_BARS or not before:
        return _guide_tones(brief, room, line, section.key, loudness)
    return _echo(brief, room, line, section.key, before, loudness, dice)


def _next_on_grid(place: Position, grid: Length) -> Position:
    steps = -(-place.quarters // grid.quarters)
    return Position(steps * grid.quarters)


def _echo(
    brief: Brief,
    gap: Gap,
    line: ChordLine,
    key: Key,
    before: Sequence[Note],
    loudness: float,
    dice: np.random.Generator,
) -> list[Note]:
    """Repeat the rhythm and the turns of the tune's last notes, as many as there is room for."""
    beat = brief.metre.beat
    last = list(before[-_MOST_NOTES:])
    rhythm = [(n.at - last[0].at, min(beat, n.length)) for n in last]
    kept = [(offset, length) for offset, length in rhythm if offset + length <= gap.length - beat / 4]
    ladder = _ladder(brief, key)
    base = _index(ladder, _centre(brief)) + int(dice.integers(-1, 2))
    turns = [_index(ladder, n.midi_pitch) - _index(ladder, last[0].midi_pitch) for n in last]
    notes = []
    for place, ((offset, length), turn) in enumerate(zip(kept, turns, strict=False)):
        at = gap.begin + offset
        pitch = ladder[int(np.clip(base + turn, 0, len(ladder) - 1))]
        if place in {0, len(kept) - 1}:
            pitch = _nearest(_chord_tones(brief, line.at(at)), pitch)
        notes.append(Note(at=at, length=length, midi_pitch=pitch, loudness=loudness))
    return notes


def _guide_tones(brief: Brief, gap: Gap, line: ChordLine, key: Key, loudness: float) -> list[Note]:
    """Hold the third or the seventh of each chord of the gap, whichever lies nearer to the note before."""
    notes: list[Note] = []
    at = gap.begin
    while at < gap.end:
        span = line.at(at)
        until = min(gap.end, span.at + span.length, at + brief.bar)
        tones = [p for p in _reach(brief) if p % 12 in {span.chord.third, _seventh(span)}]
        near = notes[-1].midi_pitch if notes else _centre(brief)
        pitch = _nearest(tones or _chord_tones(brief, span) or _ladder(brief, key), near)
        if until - at >= brief.metre.beat / 2:
            notes.append(Note(at=at, length=until - at, midi_pitch=pitch, loudness=loudness))
        at = until
    return notes


def _seventh(span: ChordSpan) -> int:
    root = span.chord.root
    return next((c for c in span.chord.pitch_classes if (c - root) % 12 in {9, 10, 11}), span.chord.third)


def _reach(brief: Brief) -> range:
    """Return the pitches below the tune's middle, where the second lead lives."""
    style = brief.genre.melody
    return range(style.lowest - 7, (style.lowest + style.highest) // 2 + 3)


def _centre(brief: Brief) -> float:
    reach = _reach(brief)
    return (reach[0] + reach[-1]) / 2


def _ladder(brief: Brief, key: Key) -> list[int]:
    classes = key.pentatonic if brief.genre.melody.is_pentatonic else key.scale
    return [p for p in _reach(brief) if p % 12 in classes]


def _chord_tones(brief: Brief, span: ChordSpan) -> list[int]:
    return [p for p in _reach(brief) if p % 12 in span.chord.pitch_classes]


def _index(ladder: Sequence[int], pitch: float) -> int:
    return min(range(len(ladder)), key=lambda i: (abs(ladder[i] - pitch), ladder[i]))


def _nearest(pitches: Sequence[int], target: float) -> int:
    return min(pitches, key=lambda p: (abs(p - target), p))
