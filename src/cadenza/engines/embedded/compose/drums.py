"""The drummer: the groove, lighter and fuller with energy, fills at the ends of phrases."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cadenza.engines.embedded.compose.lines import steps
from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.score import DRUM_PITCHES, Note
from cadenza.music.time import Length, Position

_LOUDNESS = {"X": 0.95, "x": 0.72, "g": 0.32}
_LIGHT = frozenset({"hat", "ride", "shaker", "rim", "kick", "tambourine"})
_PHRASE_BARS = 4


def drum_notes(brief: Brief, dice: np.random.Generator) -> list[Note]:
    """Return all hits; a phrase's last bar may hold a fill, a section's first beat a crash."""
    notes: list[Note] = []
    for index, (section, start) in enumerate(zip(brief.form, brief.section_starts(), strict=True)):
        if Role.DRUMS not in section.roles:
            continue
        if section.energy > 0.6 and (index > 0 or len(brief.form) == 1):
            notes.append(_hit("crash", start, brief.bar, 0.6 + 0.3 * section.energy))
        for bar in range(section.bars):
            notes += _bar(brief, section, index, bar, start + brief.bar * bar, dice)
    return notes + _ending(brief)


def _bar(
    brief: Brief, section: SectionPlan, index: int, bar: int, at: Position, dice: np.random.Generator
) -> list[Note]:
    fill_from = _fill_start(brief, section, index, bar, at, dice)
    notes = []
    for drum, line in _sounding(brief.groove.lines, section).items():
        for note in _line(brief, section, drum, line, bar, at, dice):
            is_cut = note.at >= fill_from and drum not in {"kick", "hat", "shaker"}
            if not is_cut:
                notes.append(note)
    return notes + _fill(brief, fill_from, at + brief.bar, section.energy, dice)


def _sounding(lines: Mapping[str, str], section: SectionPlan) -> dict[str, str]:
    """Return the lines that play: the light ones where the section is quiet or breaks down."""
    if section.kind is SectionKind.BREAK:
        return {drum: line for drum, line in lines.items() if drum in _LIGHT - {"kick"}}
    if section.energy < 0.42 and section.kind is not SectionKind.VERSE:
        return {drum: line for drum, line in lines.items() if drum in _LIGHT}
    return dict(lines)


def _line(
    brief: Brief,
    section: SectionPlan,
    drum: str,
    line: str,
    bar: int,
    at: Position,
    dice: np.random.Generator,
) -> list[Note]:
    stretched = _stretched(line, brief.drum_stretch, bar)
    one = brief.bar / len(stretched)
    push = 0.75 + 0.3 * section.energy
    notes = []
    for step in steps(stretched, at, brief.bar):
        loudness = min(1.0, _LOUDNESS[step.sign] * push)
        # Ghost notes come and go, so that no two bars are the same; the beat itself always stays.
        if step.sign == "g" and dice.random() < 0.25:
            continue
        notes.append(_hit(drum, step.at, one, loudness))
    return notes


def _stretched(line: str, stretch: int, bar: int) -> str:
    """Return this bar's part of a groove played ``stretch`` times slower."""
    if stretch == 1:
        return line
    slow = "".join(sign + "." * (stretch - 1) for sign in line)
    part = len(slow) // stretch
    begin = (bar % stretch) * part
    return slow[begin : begin + part]


def _fill_start(
    brief: Brief, section: SectionPlan, index: int, bar: int, at: Position, dice: np.random.Generator
) -> Position:
    """Return where in this bar a fill begins (its end where there is none)."""
    end = at + brief.bar
    is_section_end = bar == section.bars - 1
    is_phrase_end = (bar + 1) % _PHRASE_BARS == 0
    if section.energy < 0.35 or not (is_section_end or is_phrase_end) or section.kind is SectionKind.BREAK:
        return end
    if not is_section_end and dice.random() < 0.45:
        return end
    is_last = index == len(brief.form) - 1
    beats = 2 if is_section_end and section.energy > 0.5 and not is_last else 1
    return end - brief.metre.beat * min(beats, brief.bar.quarters // brief.metre.beat.quarters)


_FILLS = ("xxxx", "x.xx", "xx.x", "X.x.", "xgxx")


def _fill(
    brief: Brief, start: Position, end: Position, energy: float, dice: np.random.Generator
) -> list[Note]:
    """Return a fill from snare down to the low tom (snare and rim in genres without toms)."""
    length = end - start
    beats = int(length.quarters / brief.metre.beat.quarters)
    notes = []
    drums = ("snare", "high_tom", "low_tom") if energy > 0.5 else ("rim", "snare", "low_tom")
    for beat in range(beats):
        pattern = _FILLS[int(dice.integers(len(_FILLS)))]
        place = start + brief.metre.beat * beat
        for step in steps(pattern, place, brief.metre.beat):
            progress = float((step.at - start).quarters / length.quarters)
            drum = drums[min(2, int(progress * 3 + dice.random() * 0.5))]
            loudness = _LOUDNESS[step.sign] * (0.65 + 0.3 * progress) * (0.8 + 0.25 * energy)
            notes.append(_hit(drum, step.at, brief.metre.beat / 4, loudness))
    return notes


def _ending(brief: Brief) -> list[Note]:
    """Strike the final chord: bass drum and, where the song was lively, a crash that rings."""
    at, beat = brief.final_chord_at, brief.metre.beat
    hits = [_hit("kick", at, beat, 0.85)]
    if max(section.energy for section in brief.form) > 0.6:
        hits.append(_hit("crash", at, beat * 4, 0.75))
    return hits


def _hit(drum: str, at: Position, length: Length, loudness: float) -> Note:
    return Note(at=at, length=length, midi_pitch=DRUM_PITCHES[drum], loudness=round(min(1.0, loudness), 3))
