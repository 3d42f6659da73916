"""What leads into a peak and falls from it: risers, cymbals backwards, booms; snare rolls and silences.

Which of them a genre has is in its file (``music.genre.EFFECTS``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cadenza.music.brief import Brief, Role, SectionKind, SectionPlan
from cadenza.music.score import DRUM_PITCHES, EFFECT_PITCHES, Note
from cadenza.music.time import Length, Position

_RISE = 0.1  # of energy from one section to the next: less is no peak
_LONGEST_RISER_BARS = 2


def peaks(brief: Brief) -> Iterator[tuple[SectionPlan, SectionPlan, Position]]:
    """Yield (before, peak, where it begins) for each chorus that is louder than what comes before."""
    pairs = zip(brief.form, brief.form[1:], brief.section_starts()[1:], strict=False)
    for before, section, start in pairs:
        is_new = section.kind is SectionKind.CHORUS and before.kind is not SectionKind.CHORUS
        if is_new and section.energy - before.energy >= _RISE:
            yield before, section, start


def effect_notes(brief: Brief) -> list[Note]:
    """Return risers, booms and falls of the whole piece."""
    has, notes = brief.genre.effects, list[Note]()
    for before, section, start in peaks(brief):
        loudness = round(0.45 + 0.4 * section.energy, 3)
        if "riser" in has:
            notes.append(_until(start, brief.bar * min(_LONGEST_RISER_BARS, before.bars), "riser", loudness))
        if "reverse" in has:
            notes.append(_until(start, _half_bar(brief), "reverse", loudness))
        if "impact" in has:
            notes.append(_from(start, brief.bar, "impact", loudness))
    if "fall" in has:
        pairs = zip(brief.form, brief.form[1:], brief.section_starts()[1:], strict=False)
        for before, section, start in pairs:
            if before.energy - section.energy >= 2 * _RISE:
                notes.append(_from(start, brief.bar, "fall", round(0.4 + 0.3 * before.energy, 3)))
    return notes


def _half_bar(brief: Brief) -> Length:
    beats = max(1, int(brief.bar.quarters / brief.metre.beat.quarters) // 2)
    return brief.metre.beat * beats


def _until(end: Position, length: Length, name: str, loudness: float) -> Note:
    return Note(at=end - length, length=length, midi_pitch=EFFECT_PITCHES[name], loudness=loudness)


def _from(start: Position, length: Length, name: str, loudness: float) -> Note:
    return Note(at=start, length=length, midi_pitch=EFFECT_PITCHES[name], loudness=loudness)


def roll_notes(brief: Brief) -> list[Note]:
    """Return the snare rolls into the peaks: a bar in eighths of the beat's pulse, then twice as fast."""
    if "roll" not in brief.genre.effects:
        return []
    notes: list[Note] = []
    for before, section, start in peaks(brief):
        bars = min(2, before.bars)
        begin = start - brief.bar * bars
        at = begin
        while at < start:
            done = float((at - begin).quarters / (start - begin).quarters)
            step = brief.metre.beat / (2 if done < 0.5 else 4)
            loudness = round((0.3 + 0.5 * done) * (0.6 + 0.4 * section.energy), 3)
            notes.append(Note(at=at, length=step, midi_pitch=DRUM_PITCHES["snare"], loudness=loudness))
            at += step
    return notes


def held_breath(brief: Brief) -> list[tuple[Position, Position]]:
    """Return the beats before peaks in which the band is silent, where the genre has such gaps."""
    if "gap" not in brief.genre.effects:
        return []
    return [(start - brief.metre.beat, start) for _, _, start in peaks(brief)]


def breathless(notes: Sequence[Note], breaths: Sequence[tuple[Position, Position]], role: Role) -> list[Note]:
    """Return the notes with the breaths left free: what begins there is gone, what lasts is cut."""
    if role in {Role.EFFECTS, Role.MELODY, Role.COUNTER}:
        return list(notes)
    kept = []
    for note in notes:
        inside = next(((a, b) for a, b in breaths if note.at < b and note.at + note.length > a), None)
        if inside is None:
            kept.append(note)
        elif note.at < inside[0]:
            cut = inside[0] - note.at
            kept.append(Note(at=note.at, length=cut, midi_pitch=note.midi_pitch, loudness=note.loudness))
    return kept
