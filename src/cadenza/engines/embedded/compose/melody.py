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
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import Length, Position

_PHRASE_BARS = 4
_K = SectionKind
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


def melody_notes(brief: Brief, chords: tuple[ChordSpan, ...], dice: Dice) -> list[Note]:
    """Return the tune of the whole piece and its last note on the tonic chord."""
    line = ChordLine(chords)
    themes: dict[str, _Theme] = {}
    notes: list[Note] = []
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if Role.MELODY not in section.roles:
            continue
        name = _THEME_OF.get(section.kind, section.kind.value)
        if name not in themes:
            themes[name] = _theme(brief, name, dice.named(f"theme {name}"))
        is_last = section is brief.form[-1]
        notes += _sing(brief, section, start, themes[name], line, is_last=is_last)
    return [*notes, _last_note(brief, chords[-1], notes)]


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
        room = 0.45 if place >= bar - beat else 1.0  # breath before the bar line
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
        if abs(at) >= 4 or dice.random() < 0.3:
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
    style = brief.genre.melody
    centre = style.lowest + theme.height * (style.highest - style.lowest)
    notes: list[Note] = []
    for bar in range(section.bars):
        place = bar % _PHRASE_BARS
        is_close = place == _PHRASE_BARS - 1 or bar == section.bars - 1
        motif = _bar_motif(theme, place, is_close=is_close, bar_quarters=brief.bar.quarters)
        drift = (0, 1, 2, 0)[place]
        at = start + brief.bar * bar
        notes += _realise(brief, motif, at, line, centre + drift, section.energy, notes)
        if is_close and notes:
            is_answer = (bar // _PHRASE_BARS) % 2 == 1 or bar == section.bars - 1
            notes[-1] = _closed(brief, notes[-1], line, is_answer=is_answer and not is_last)
    return notes


def _bar_motif(theme: _Theme, place: int, *, is_close: bool, bar_quarters: Fraction) -> _Motif:
    """Return what the bar plays: motif, motif again, contrast, and a close: its head and a long note."""
    if is_close:
        early = [(s, length) for s, length in theme.main.rhythm if s < bar_quarters / 2]
        kept = (early or list(theme.main.rhythm[:1]))[:3]
        last = kept[-1][0]
        kept[-1] = (last, bar_quarters * 3 / 4 - last if last < bar_quarters / 2 else bar_quarters / 4)
        return _Motif(tuple(kept), theme.main.shape[: len(kept)])
    if place == 2:
        return theme.contrast
    return theme.main


def _realise(
    brief: Brief,
    motif: _Motif,
    at: Position,
    line: ChordLine,
    centre: float,
    energy: float,
    before: Sequence[Note],
) -> list[Note]:
    ladder = _ladder(brief)
    first_span = line.at(at + Length(motif.rhythm[0][0]))
    near = 0.5 * centre + 0.5 * before[-1].midi_pitch if before else centre
    anchor = _nearest(_chord_tones(brief, first_span), near)
    base = min(range(len(ladder)), key=lambda i: (abs(ladder[i] - anchor), ladder[i]))
    notes: list[Note] = []
    for (begin, quarters), step in zip(motif.rhythm, motif.shape, strict=True):
        place = at + Length(begin)
        span = line.at(place)
        pitch = ladder[_folded(base + step, len(ladder) - 1)]
        is_strong = begin == 0 or quarters >= 2 * brief.metre.beat.quarters
        # A short note may pass through a clash; one that stays may not.
        if is_strong or (quarters >= brief.metre.beat.quarters and _clashes(pitch, span)):
            last = notes[-1].midi_pitch if notes else None
            pitch = _nearest(_chord_tones(brief, span), pitch, unlike=last)
        loudness = 0.55 + 0.2 * energy + (0.1 if begin == 0 else 0.0) + 0.01 * max(-4, min(6, step))
        notes.append(
            Note(at=place, length=Length(quarters), midi_pitch=pitch, loudness=round(min(1.0, loudness), 3))
        )
    return notes


def _folded(index: int, highest: int) -> int:
    """Return an index turned back at both ends of the ladder, so that a tune never sticks there."""
    inside = abs(index)
    return max(0, 2 * highest - inside if inside > highest else inside)


def _ladder(brief: Brief) -> list[int]:
    """Return the pitches of the scale that the tune climbs, within its range."""
    style = brief.genre.melody
    classes = brief.key.pentatonic if style.is_pentatonic else brief.key.scale
    return [p for p in range(style.lowest, style.highest + 1) if p % 12 in classes]


def _chord_tones(brief: Brief, span: ChordSpan) -> list[int]:
    style = brief.genre.melody
    tones = [p for p in range(style.lowest, style.highest + 1) if p % 12 in span.chord.pitch_classes]
    # Where scale and chord share tones, those are the most singable ones.
    in_scale = [p for p in tones if p % 12 in brief.key.scale]
    return in_scale or tones


def _nearest(pitches: Sequence[int], target: float, *, unlike: int | None = None) -> int:
    """Return the nearest pitch; one that only repeats ``unlike`` counts as two semitones further away."""
    return min(pitches, key=lambda p: (abs(p - target) + (2 if p == unlike else 0), p))


def _clashes(pitch: int, span: ChordSpan) -> bool:
    """Tell whether a pitch lies a semitone above a chord tone, or beside an altered one."""
    classes = span.chord.pitch_classes
    return pitch % 12 not in classes and any((pitch - c) % 12 in {1, 11} for c in classes)


def _closed(brief: Brief, note: Note, line: ChordLine, *, is_answer: bool) -> Note:
    """Let a phrase end at rest: an answer on the chord's root or third, a question on its fifth or third."""
    chord = line.at(note.at).chord
    classes = {chord.root, chord.third} if is_answer else {chord.fifth, chord.third}
    style = brief.genre.melody
    options = [p for p in range(style.lowest, style.highest + 1) if p % 12 in classes]
    return Note(
        at=note.at,
        length=note.length,
        midi_pitch=_nearest(options, note.midi_pitch),
        loudness=note.loudness,
    )


def _last_note(brief: Brief, final: ChordSpan, before: Sequence[Note]) -> Note:
    style = brief.genre.melody
    tonics = [p for p in range(style.lowest - 2, style.highest + 1) if p % 12 == brief.key.tonic]
    near = before[-1].midi_pitch if before else (style.lowest + style.highest) / 2
    return Note(at=final.at, length=final.length, midi_pitch=_nearest(tonics, near), loudness=0.7)
