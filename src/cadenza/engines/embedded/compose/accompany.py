"""The chord player and the pad: the same harmony, struck and held."""

from __future__ import annotations

from collections.abc import Sequence

from cadenza.engines.embedded.compose.harmony import ChordLine
from cadenza.engines.embedded.compose.lines import Step, steps
from cadenza.engines.embedded.compose.voicing import lead_voices
from cadenza.music.brief import Brief, Role, SectionPlan
from cadenza.music.pitch import nearest_with_class
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import Length, Position


def chord_notes(brief: Brief, chords: tuple[ChordSpan, ...]) -> list[Note]:
    """Return what the chord player strikes, bar by bar, and the final chord."""
    instrument = brief.instruments[Role.CHORDS]
    voices = 5 if instrument.startswith("steel_guitar") else 4
    voicings = lead_voices([span.chord for span in chords], voices=voices, centre=60)
    line = ChordLine(chords)
    notes: list[Note] = []
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if Role.CHORDS not in section.roles:
            continue
        for bar in range(section.bars):
            notes += _bar(section, start + brief.bar * bar, brief.bar, line, voicings)
    last = chords[-1]
    notes += [Note(at=last.at, length=last.length, midi_pitch=p, loudness=0.7) for p in voicings[-1]]
    return notes if Role.BASS in brief.instruments else notes + _left_hand(brief, chords)


def _left_hand(brief: Brief, chords: tuple[ChordSpan, ...]) -> list[Note]:
    """Return held roots below the chords, for a piece without a bass: harmony needs its ground."""
    playing = [
        (start, start + brief.bar * section.bars)
        for section, start in zip(brief.form, brief.section_starts(), strict=True)
        if Role.CHORDS in section.roles
    ]
    return [
        Note(
            at=span.at, length=span.length, midi_pitch=nearest_with_class(span.chord.root, 44), loudness=0.62
        )
        for span in chords
        if span is chords[-1] or any(start <= span.at < stop for start, stop in playing)
    ]


def _bar(
    section: SectionPlan, at: Position, bar: Length, line: ChordLine, voicings: Sequence[tuple[int, ...]]
) -> list[Note]:
    notes: list[Note] = []
    for step in _with_chord_changes(list(steps(section.comping, at, bar)), at, bar, line):
        index, span = line.index_at(step.at), line.at(step.at)
        until = min(step.length, span.at + span.length - step.at)
        notes += _struck(step, until, voicings[index], section.energy)
    return notes


def _with_chord_changes(struck: list[Step], at: Position, bar: Length, line: ChordLine) -> list[Step]:
    """Add a strike where a chord begins inside a held one, so that no change goes unheard."""
    added: list[Step] = []
    span = line.after(at)
    while at < span.at < at + bar:
        held = [step for step in struck if step.at < span.at < step.at + step.length]
        if held and all(step.at != span.at for step in struck):
            added.append(Step(span.at, held[0].at + held[0].length - span.at, "x"))
        if line.after(span.at) is span:
            break
        span = line.after(span.at)
    return sorted(struck + added, key=lambda step: step.at)


def _struck(step: Step, length: Length, voicing: tuple[int, ...], energy: float) -> list[Note]:
    loudness = 0.45 + 0.3 * energy + (0.15 if step.sign == "X" else 0.0)
    if step.sign in "xX":
        pitches: tuple[int, ...] = voicing
    elif step.sign == "b":
        pitches = voicing[:1]
    else:
        number = int(step.sign) - 1
        pitches = (voicing[number % len(voicing)] + 12 * (number // len(voicing)),)
    return [Note(at=step.at, length=length, midi_pitch=p, loudness=round(loudness, 3)) for p in pitches]


def pad_notes(brief: Brief, chords: tuple[ChordSpan, ...]) -> list[Note]:
    """Return held chords wherever the pad plays, three voices a little higher, and the final chord."""
    voicings = lead_voices([span.chord for span in chords], voices=3, centre=66)
    notes: list[Note] = []
    for section, start in zip(brief.form, brief.section_starts(), strict=True):
        if Role.PAD not in section.roles:
            continue
        stop = start + brief.bar * section.bars
        for span, voicing in zip(chords, voicings, strict=True):
            first, last = max(start, span.at), min(stop, span.at + span.length)
            if first < last:
                loudness = round(0.5 + 0.25 * section.energy, 3)
                notes += [
                    Note(at=first, length=last - first, midi_pitch=p, loudness=loudness) for p in voicing
                ]
    last_span = chords[-1]
    return notes + [
        Note(at=last_span.at, length=last_span.length, midi_pitch=p, loudness=0.6) for p in voicings[-1]
    ]
