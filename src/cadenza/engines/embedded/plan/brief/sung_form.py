"""The form of a song with words: sections as long as their lines need, in the order they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from cadenza.engines.embedded.plan.brief.form import PHRASE_BARS, Block
from cadenza.music.brief import SectionKind
from cadenza.music.lyrics import Line, Lyrics
from cadenza.music.time import Length, Position
from cadenza.music.vocal import LineSlot

_K = SectionKind
_SUNG_PER_S = 2.5  # syllables: an easy pace
_QUICK_PER_S, _QUICKEST_PER_S = 4.5, 7.5  # from here a line takes more room; beyond this nobody follows
_BREATH_S = 0.5
_UNITS = (Fraction(4), Fraction(2), Fraction(1), Fraction(1, 2), Fraction(1, 4))  # bars per line
_SHORTEST_SONG_S = 75.0
_EDGES = ((4, 4), (4, 0), (2, 0), (1, 0), (0, 0))  # bars of intro and outro, the roomiest first
_PLAYED_BARS = {_K.INTRO: 4, _K.OUTRO: 4, _K.BREAK: 4, _K.PRECHORUS: 4}


@dataclass(frozen=True, slots=True)
class Stanza:
    """A section as written: its kind, its lines (none: it is only played), and its tag's hints."""

    kind: SectionKind
    lines: tuple[Line, ...]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SungForm:
    """Sections, the room of each line in bars from its section's start, and the lines without room."""

    blocks: tuple[Block, ...]
    rooms: tuple[tuple[tuple[Line, Fraction, Fraction], ...], ...]
    unsung: tuple[Line, ...]

    def slots(self, bar: Length) -> tuple[LineSlot, ...]:
        """Return each line's room in the whole piece."""
        slots, bars = [], 0
        for index, (block, rooms) in enumerate(zip(self.blocks, self.rooms, strict=True)):
            for line, at, length in rooms:
                slots.append(
                    LineSlot(
                        line=line, section=index, at=Position(bar.quarters * (bars + at)), length=bar * length
                    )
                )
            bars += block.bars
        return tuple(slots)


def sung_form(lyrics: Lyrics, *, bar_s: float, bar_count: int | None) -> SungForm:
    """Fit the words into ``bar_count`` bars of ``bar_s`` seconds, or into as many as they like.

    Lines take whole units of bars at an easy pace where there is room, and a quicker one where there
    is not; what then is left over is played, and the chorus comes back. Lines for which there is no
    room at any pace that can be followed stay unsung, the last ones first.
    """
    stanzas = stanzas_of(lyrics)
    easy = _easy_unit([line for stanza in stanzas for line in stanza.lines], bar_s)
    if bar_count is None:
        wanted = _lengthened(_laid(stanzas, easy, bar_s, _EDGES[0]), int(_SHORTEST_SONG_S / bar_s))
        return _form(wanted, ())
    for unit in [unit for unit in _UNITS if unit <= easy]:
        for edges in _EDGES:
            laid = _laid(stanzas, unit, bar_s, edges)
            if _bars(laid) <= bar_count:
                return _form(_filled(_lengthened(laid, bar_count), bar_count), ())
    return _cut_off(stanzas, bar_s, bar_count)


def stanzas_of(lyrics: Lyrics) -> tuple[Stanza, ...]:
    """Return the sections with a kind each; stanzas without a tag alternate, and what returns is a chorus."""
    repeated = Counter(
        _text(lines)
        for section in lyrics.sections
        if section.kind is None
        for lines in _quatrains(section.lines)
    )
    stanzas: list[Stanza] = []
    for section in lyrics.sections:
        if section.kind is not None:
            stanzas.append(Stanza(section.kind, section.lines, section.hints))
            continue
        for lines in _quatrains(section.lines):
            is_chorus = repeated[_text(lines)] > 1 or (
                bool(stanzas) and stanzas[-1].kind is _K.VERSE and max(repeated.values()) == 1
            )
            stanzas.append(Stanza(_K.CHORUS if is_chorus else _K.VERSE, lines))
    return tuple(stanzas)


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.text.lower() for line in lines)


def _quatrains(lines: tuple[Line, ...]) -> Iterator[tuple[Line, ...]]:
    """Yield a stanza whole, or in fours where it is long."""
    size = len(lines) if len(lines) <= 6 else 4
    for begin in range(0, len(lines), max(1, size)):
        yield lines[begin : begin + size]


def _rate(line: Line, unit: Fraction, bar_s: float) -> float:
    """Return the syllables per second of a line that has ``unit`` bars, a breath excepted."""
    return len(line.syllables) / max(0.1, float(unit) * bar_s - _BREATH_S)


def _easy_unit(lines: Sequence[Line], bar_s: float) -> Fraction:
    """Return the bars per line at which most lines are sung at an easy pace."""
    middle = float(np.median([len(line.syllables) for line in lines]))
    return min(_UNITS, key=lambda unit: abs(np.log(middle / (float(unit) * bar_s) / _SUNG_PER_S)))


_Laid = tuple[Block, tuple[tuple[Line, Fraction, Fraction], ...]]


def _laid(stanzas: Sequence[Stanza], unit: Fraction, bar_s: float, edges: tuple[int, int]) -> list[_Laid]:
    """Return all sections at one pace, with an intro and an outro where the writer has none."""
    before, after = edges
    laid: list[_Laid] = []
    if before and stanzas[0].kind is not _K.INTRO:
        laid.append((Block(_K.INTRO, before), ()))
    for stanza in stanzas:
        if stanza.lines:
            laid.append(_sung(stanza, unit, bar_s))
        elif min(before, PHRASE_BARS):
            full = _PLAYED_BARS.get(stanza.kind, 8)
            bars = full if after else min(before, full)
            laid.append((Block(stanza.kind, bars, stanza.hints), ()))
    if after and stanzas[-1].kind is not _K.OUTRO:
        laid.append((Block(_K.OUTRO, after), ()))
    return laid


def _sung(stanza: Stanza, unit: Fraction, bar_s: float) -> _Laid:
    rooms, at = [], Fraction(0)
    for line in stanza.lines:
        limit = _QUICK_PER_S if unit >= 1 else _QUICKEST_PER_S
        length = unit
        while _rate(line, length, bar_s) > limit:
            length *= 2
        rooms.append((line, at, length))
        at += length
    whole = max(1, -(-at.numerator // at.denominator))
    grain = PHRASE_BARS if unit >= 1 and whole > 2 else 2 if whole > 1 else 1
    return Block(stanza.kind, -(-whole // grain) * grain, stanza.hints), tuple(rooms)


def _bars(laid: Sequence[_Laid]) -> int:
    return sum(block.bars for block, _ in laid)


def _lengthened(laid: list[_Laid], bar_count: int) -> list[_Laid]:
    """Let the chorus (or the last words) come back after a solo while there is room for it."""
    sung = [part for part in laid if part[1]]
    refrain = next((part for part in reversed(sung) if part[0].kind is _K.CHORUS), sung[-1])
    has_outro = laid[-1][0].kind is _K.OUTRO and not laid[-1][1]
    longer, ending = (laid[:-1], laid[-1:]) if has_outro else (laid, [])
    added: list[_Laid] = [(Block(_K.SOLO, 8), ()), refrain]
    while _bars([*longer, *added, *ending]) <= bar_count:
        longer = [*longer, *added]
    return [*longer, *ending]


def _filled(laid: list[_Laid], bar_count: int) -> list[_Laid]:
    """Play through the bars that are left over: an outro from four on, the rest before the singing."""
    left = bar_count - _bars(laid)
    if left >= PHRASE_BARS and laid[-1][0].kind is not _K.OUTRO:
        laid = [*laid, (Block(_K.OUTRO, PHRASE_BARS), ())]
        left -= PHRASE_BARS
    if left <= 0:
        return laid
    first, rooms = laid[0]
    if first.kind is _K.INTRO and not rooms:
        return [(replace(first, bars=first.bars + left), ()), *laid[1:]]
    return [(Block(_K.INTRO, left), ()), *laid]


def _cut_off(stanzas: Sequence[Stanza], bar_s: float, bar_count: int) -> SungForm:
    """Sing as many lines as there is room for at the quickest pace, from the first on."""
    kept: list[Stanza] = []
    lines = [(index, line) for index, stanza in enumerate(stanzas) for line in stanza.lines]
    unit = _UNITS[-1]
    for count in range(len(lines), 0, -1):
        chosen = [
            replace(stanza, lines=tuple(line for i, line in lines[:count] if i == index))
            for index, stanza in enumerate(stanzas)
        ]
        kept = [stanza for stanza in chosen if stanza.lines]
        laid = _laid(kept, unit, bar_s, (0, 0))
        if _bars(laid) <= bar_count:
            return _form(_filled(laid, bar_count), tuple(line for _, line in lines[count:]))
    return SungForm((Block(_K.VERSE, bar_count),), ((),), tuple(line for _, line in lines))


def _form(laid: Sequence[_Laid], unsung: tuple[Line, ...]) -> SungForm:
    return SungForm(tuple(block for block, _ in laid), tuple(rooms for _, rooms in laid), unsung)
