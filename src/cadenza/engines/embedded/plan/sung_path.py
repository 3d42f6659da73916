"""Where a voice may sing over a continuation: bars from a phrase start on, their chords, room for lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.plan.brief.brief import draw_brief
from cadenza.engines.embedded.plan.brief.form import Block
from cadenza.engines.embedded.plan.brief.sung_form import SungForm, sung_form
from cadenza.music.brief import Brief, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.harmony import Chord
from cadenza.music.lyrics import Line, Lyrics
from cadenza.music.portrait import NO_CHORD, Floats, Ints, Portrait
from cadenza.music.quotation import Span
from cadenza.music.score import ChordSpan
from cadenza.music.time import Length, Metre, Position
from cadenza.music.vocal import LineSlot

_FIRST_VOWEL_S = 0.8  # after the join: consonants and breath before it are heard whole
_LATEST_ENTRY = 0.5  # of the new part; where no phrase begins before it, a bar line will do
_ON_THE_LINE = 0.1  # of a beat
_ENERGIES = {SectionKind.CHORUS: 0.8, SectionKind.PRECHORUS: 0.7}
_ENERGY = 0.6
_QUARTER = Fraction(1)
_WAIT_BARS = 5  # at most before the first phrase, and a little after the last


@dataclass(frozen=True, slots=True, kw_only=True)
class SungPath:
    """Bars to sing in. ``beats_s`` are the beats from the entry on, ``chords`` has one (0 to 24) for each.

    Seconds count from wherever the timeline begins (a continuation's: from the join). The last of
    ``beats_s`` ends the last bar.
    """

    beats_s: Floats
    beats_per_bar: int
    chords: Ints

    @property
    def bar_count(self) -> int:
        """Whole bars."""
        return (len(self.beats_s) - 1) // self.beats_per_bar

    @property
    def beat_s(self) -> float:
        """Usual length of a beat."""
        return float(np.median(np.diff(self.beats_s)))

    def seconds_at(self, place: Position) -> float:
        """Return when a place sounds; a quarter is a beat."""
        return float(np.interp(float(place.quarters), np.arange(len(self.beats_s)), self.beats_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class SungPart:
    """What is sung where: the room of each line, the harmony, and the lines without room."""

    brief: Brief
    slots: tuple[LineSlot, ...]
    chords: tuple[ChordSpan, ...]
    unsung: tuple[Line, ...]


def path_over(
    body: Sequence[Span], marks: tuple[Floats, Floats], portrait: Portrait, until_s: float
) -> SungPath | None:
    """Return the bars of a continuation from the first phrase start on; None where there is not one bar.

    Parameters
    ----------
    body
        The spans that the continuation quotes; each begins a phrase.
    marks
        Where its beats lie: offsets in beats from the join, and their seconds.
    until_s
        Where the singing has to end.
    """
    beats, seconds = marks
    bar = portrait.metre.beats_per_bar
    starts = np.cumsum([0.0, *(span.length for span in body)])
    sources = np.array([span.start for span in body])

    def source_beat(offset: float) -> float:
        index = int(np.clip(np.searchsorted(starts, offset + 1e-6, side="right") - 1, 0, len(body) - 1))
        return float(sources[index] + offset - starts[index])

    def is_bar_line(offset: float) -> bool:
        inside = (source_beat(offset) - portrait.metre.first_downbeat) % bar
        return min(inside, bar - inside) < _ON_THE_LINE

    def in_time(offsets: Floats, latest_s: float) -> list[float]:
        at_s = np.interp(offsets, beats, seconds)
        fitting = offsets[(at_s >= _FIRST_VOWEL_S) & (at_s <= latest_s)]
        return [float(offset) for offset in fitting if is_bar_line(float(offset))]

    entries = in_time(starts[:-1], _LATEST_ENTRY * until_s) or in_time(beats, until_s)
    if not entries:
        return None
    count = int(np.interp(until_s, seconds, beats) - entries[0] + 1e-6) // bar * bar
    if count < bar:
        return None
    offsets = entries[0] + np.arange(count + 1)
    heard = np.array([round(source_beat(float(offset))) for offset in offsets[:-1]])
    return SungPath(
        beats_s=np.interp(offsets, beats, seconds),
        beats_per_bar=bar,
        chords=portrait.chords[np.clip(heard, 0, len(portrait.chords) - 1)],
    )


def seconds_for(words: Lyrics, portrait: Portrait) -> float:
    """Return how long a continuation must be to sing all the words once, at an easy pace."""
    bar = portrait.metre.beats_per_bar
    bar_s = bar * float(np.median(np.diff(portrait.pulse.beats_s)))
    slots = sung_form(words, bar_s=bar_s, bar_count=None).slots(Length(Fraction(bar)))
    last = slots[len(words.lines) - 1]
    sung = last.at + last.length - slots[0].at
    return float(sung.quarters / bar + _WAIT_BARS) * bar_s


def plan_sung_part(
    path: SungPath, portrait: Portrait, words: Lyrics, request: GenerationRequest, dice: Dice
) -> SungPart:
    """Give each line its room in the bars of ``path``, from the first bar on, in the source's key."""
    bar = path.beats_per_bar
    form = _at_once(sung_form(words, bar_s=bar * path.beat_s, bar_count=path.bar_count), words)
    brief = _brief(path, form, portrait, request, dice)
    return SungPart(
        brief=brief, slots=form.slots(brief.bar), chords=_chords(path, portrait), unsung=form.unsung
    )


def _at_once(form: SungForm, words: Lyrics) -> SungForm:
    """Begin with the first line: what a song plays before it is played after the last one here."""
    first = form.blocks[0]
    wants_intro = words.sections[0].kind is SectionKind.INTRO
    if first.kind is not SectionKind.INTRO or form.rooms[0] or wants_intro or len(form.blocks) == 1:
        return form
    return replace(
        form,
        blocks=(*form.blocks[1:], Block(SectionKind.OUTRO, first.bars)),
        rooms=(*form.rooms[1:], ()),
    )


def _brief(
    path: SungPath, form: SungForm, portrait: Portrait, request: GenerationRequest, dice: Dice
) -> Brief:
    """Return a brief whose manner is the style's, and whose key, tempo and metre are the source's."""
    bar = path.beats_per_bar
    style = request.wish.style if isinstance(request.wish, Specified) else ""
    asked = replace(
        request,
        wish=Specified(title="", style=f"{portrait.key}, {bar}/4, {style}"),
        voice=Voice.NOBODY,
        continuation=None,
        duration_s=None,
    )
    brief = draw_brief(asked, dice).brief
    seen: Counter[SectionKind] = Counter()
    sections: list[SectionPlan] = []
    for block in form.blocks:
        sections.append(
            replace(
                brief.form[0],
                kind=block.kind,
                bars=block.bars,
                energy=_ENERGIES.get(block.kind, _ENERGY),
                occurrence=seen[block.kind],
            )
        )
        seen[block.kind] += 1
    return replace(
        brief,
        metre=Metre(bar, 4),
        form=tuple(sections),
        beats_per_minute=Fraction(60 / path.beat_s).limit_denominator(1000),
    )


def _chords(path: SungPath, portrait: Portrait) -> tuple[ChordSpan, ...]:
    """Return the chord of each beat; where none is heard, the one before or the tonic holds."""
    key = portrait.key
    now = Chord(key.tonic, "m" if key.minor else "")
    spans = []
    for beat, heard in enumerate(path.chords):
        if heard != NO_CHORD:
            now = Chord(int(heard) % 12, "m" if heard >= 12 else "")
        spans.append(ChordSpan(at=Position(beat * _QUARTER), length=Length(_QUARTER), chord=now))
    return tuple(spans)
