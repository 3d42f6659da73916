"""The bass: roots where chords begin, the line of the genre between them, approaches to the next root."""

from __future__ import annotations

import numpy as np

from cadenza.engines.embedded.compose.harmony import ChordLine
from cadenza.engines.embedded.compose.lines import Step, steps
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.pitch import nearest_with_class
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import Position

_LOWEST, _CENTRE = 28, 36  # E1; lines live around C2


def bass_notes(brief: Brief, chords: tuple[ChordSpan, ...], dice: np.random.Generator) -> list[Note]:
    """Return the whole bass line and its final root."""
    line = ChordLine(chords)
    notes: list[Note] = []
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if Role.BASS not in section.roles:
            continue
        for bar in range(section.bars):
            notes += _bar(brief, section, start + brief.bar * bar, line, dice)
    last = chords[-1]
    root = _root(last.chord.root)
    return [*notes, Note(at=last.at, length=last.length, midi_pitch=root, loudness=0.8)]


def _bar(
    brief: Brief, section: SectionPlan, at: Position, line: ChordLine, dice: np.random.Generator
) -> list[Note]:
    notes = []
    for step in _with_downbeats(_steps(brief, section, at), brief, at, line):
        span = line.at(step.at)
        length = min(step.length, span.at + span.length - step.at)
        following = line.after(step.at)
        is_start = step.at in {span.at, at}
        leads_on = following.at == at + brief.bar
        sign = "r" if is_start else ("5" if step.sign == "a" and not leads_on else step.sign)
        pitch = _pitch(sign, span, following, dice)
        loudness = 0.62 + 0.2 * section.energy + (0.08 if is_start else 0.0)
        notes.append(Note(at=step.at, length=length, midi_pitch=pitch, loudness=round(loudness, 3)))
    return notes


def _steps(brief: Brief, section: SectionPlan, at: Position) -> list[Step]:
    """Return the line's steps: the kick's own for a line of "k", long notes in quiet sections."""
    if section.kind in {SectionKind.INTRO, SectionKind.BREAK, SectionKind.BRIDGE} and section.energy < 0.5:
        return [Step(at, brief.bar, "r")]
    if set(brief.bass_line) == {"k"} and "kick" in brief.groove.lines:
        struck = list(steps(brief.groove.lines["kick"], at, brief.bar))
        ends = [step.at for step in struck[1:]] + [at + brief.bar]
        return [Step(s.at, min(end - s.at, brief.bar / 2), "r") for s, end in zip(struck, ends, strict=True)]
    return list(steps(brief.bass_line.replace("k", "r"), at, brief.bar))


def _with_downbeats(struck: list[Step], brief: Brief, at: Position, line: ChordLine) -> list[Step]:
    """Make the root sound wherever a chord begins: the ear takes the harmony from there."""
    begins = {at: brief.bar / 4}
    inside = line.after(at).at
    if at < inside < at + brief.bar:
        begins[inside] = brief.bar / 4
    missing = [
        Step(place, length, "r")
        for place, length in begins.items()
        if not any(step.at == place for step in struck)
    ]
    held = [
        Step(s.at, min([s.length, *(m.at - s.at for m in missing if m.at > s.at)]), s.sign) for s in struck
    ]
    following = sorted(held + missing, key=lambda step: step.at)
    ends = [*(step.at for step in following[1:]), at + brief.bar]
    return [Step(s.at, min(s.length, end - s.at), s.sign) for s, end in zip(following, ends, strict=True)]


def _root(pitch_class: int) -> int:
    return max(nearest_with_class(pitch_class, _CENTRE), _LOWEST + (pitch_class - _LOWEST) % 12)


def _pitch(sign: str, span: ChordSpan, following: ChordSpan, dice: np.random.Generator) -> int:
    chord, root = span.chord, _root(span.chord.root)
    fifth = root + (chord.fifth - chord.root) % 12
    seventh = next((p for p in chord.pitch_classes if (p - chord.root) % 12 in {9, 10, 11}), chord.fifth)
    if sign == "a":
        return _approach(root, _root(following.chord.root), fifth, dice)
    return {
        "3": root + (chord.third - chord.root) % 12,
        "5": fifth - 12 if fifth - 12 >= _LOWEST else fifth,
        "7": root + (seventh - chord.root) % 12,
        "8": root + 12,
    }.get(sign, root)


def _approach(root: int, target: int, fifth: int, dice: np.random.Generator) -> int:
    """Return the neighbour of the next root, mostly from a semitone below."""
    if target == root:
        return fifth
    return target + (-1 if dice.random() < 0.6 else (2 if target < root else -2))
