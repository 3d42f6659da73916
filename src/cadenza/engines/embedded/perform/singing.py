"""Sung lines from the score's time to seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cadenza.music.time import Position
from cadenza.music.vocal import SetLine, TimedLine, TimedSyllable, TimedTone, Tone

_SHORTEST_S = 0.05

Clock = Callable[[Position], float]


def timed_lines(
    lines: Sequence[SetLine], seconds_at: Clock, *, tuning_semitones: float = 0.0
) -> tuple[TimedLine, ...]:
    """Return all lines in seconds, ``tuning_semitones`` away from A = 440 Hz.

    The breath before a line is what is free since the one before it, or since second 0.
    """
    timed, free_from_s = [], 0.0
    for line in lines:
        syllables = tuple(
            TimedSyllable(
                syllable=sung.syllable,
                tones=tuple(_timed(tone, seconds_at, tuning_semitones) for tone in sung.tones),
            )
            for sung in line.syllables
        )
        begin_s = syllables[0].begin_s
        timed.append(
            TimedLine(
                line=line.line,
                kind=line.kind,
                energy=line.energy,
                syllables=syllables,
                breath_s=max(0.0, begin_s - free_from_s),
            )
        )
        free_from_s = syllables[-1].end_s
    return tuple(timed)


def _timed(tone: Tone, seconds_at: Clock, tuning_semitones: float) -> TimedTone:
    begin_s = seconds_at(tone.at)
    second = None if tone.second_pitch is None else tone.second_pitch + tuning_semitones
    return TimedTone(
        begin_s=begin_s,
        end_s=max(begin_s + _SHORTEST_S, seconds_at(tone.at + tone.length)),
        midi_pitch=tone.midi_pitch + tuning_semitones,
        second_pitch=second,
    )
