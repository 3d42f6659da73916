"""Which chords and which key each section has: cycles of the genre, borrowed chords, changes of key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cadenza.engines.embedded.plan.brief.choice import Chooser
from cadenza.engines.embedded.plan.brief.form import Block
from cadenza.music.brief import SectionKind
from cadenza.music.genre import Genre, Texture
from cadenza.music.pitch import Key, Mode

_K = SectionKind
_SHORTEST_FOR_LIFT = 40  # bars: a short song has no time to move on
_LIFT_SHARE = 0.25
# What may stand for a chord, from the parallel key (or the Neapolitan).
_BORROWED = {
    Mode.MAJOR: {"IV": "iv", "ii": "bVII", "ii7": "bVIImaj7", "IVmaj7": "iv6", "V": "bVI", "vi": "bVI"},
    Mode.MINOR: {"iv": "IV7", "VI": "bIImaj7", "VII": "v7", "iv7": "IV9", "VImaj7": "bIImaj7"},
}
# The dominant of the chord that follows, by that chord's degree.
_LEADING = {
    Mode.MAJOR: {"vi": "III7", "ii": "VI7", "V": "II7", "IV": "I7"},
    Mode.MINOR: {"iv": "I7", "III": "VII7", "VI": "III7", "VII": "IV7"},
}
_DEGREE = re.compile(r"[IViv]+")


def comping_rhythms(texture: Texture, chooser: Chooser) -> dict[SectionKind, str]:
    """Return the rhythm of the chords in each kind of section: choruses have their own."""
    verse = chooser.one_of(texture.comping, "comping")
    others = [line for line in texture.comping if line != verse] or [verse]
    lively = max(others, key=lambda line: sum(sign in "xX" for sign in line) / len(line))
    rhythms = dict.fromkeys(SectionKind, verse)
    return rhythms | {_K.CHORUS: lively, _K.SOLO: lively, _K.BRIDGE: others[0]}


def cycles(genre: Genre, mode: Mode, chooser: Chooser) -> dict[SectionKind, tuple[str, ...]]:
    """Return the chords of each kind of section: verse, chorus and bridge differ where they can."""
    options = genre.progressions[mode]
    verse = chooser.one_of(options, "verse chords")
    others = [line for line in options if line != verse] or [verse]
    chorus = chooser.one_of(others, "chorus chords")
    rest = [line for line in others if line != chorus] or [verse]
    bridge = chooser.one_of(rest, "bridge chords")
    lines = dict.fromkeys(SectionKind, verse)
    lines |= {_K.CHORUS: chorus, _K.BRIDGE: bridge, _K.BREAK: chorus}
    return {kind: _coloured(line, mode, chooser, kind) for kind, line in lines.items()}


def _coloured(line: tuple[str, ...], mode: Mode, chooser: Chooser, kind: SectionKind) -> tuple[str, ...]:
    """Exchange chords for borrowed ones and leading dominants: seldom, and often where weirdness asks."""
    share = 0.12 * chooser.weirdness + 0.9 * max(0.0, chooser.weirdness - 0.5)
    coloured = [line[0]]
    for index, numeral in enumerate(line[1:], start=1):
        is_odd = chooser.throw(f"borrow {kind.value} {index}") < share and not numeral.endswith("5")
        following = line[(index + 1) % len(line)]
        leading = _LEADING[mode].get(_degree(following)) if following != numeral else None
        options = [other for other in (_BORROWED[mode].get(numeral), leading) if other is not None]
        coloured.append(chooser.one_of(options, f"colour {index}") if is_odd and options else numeral)
    return tuple(coloured)


def _degree(numeral: str) -> str:
    found = _DEGREE.match(numeral)
    return found[0] if found else ""


def section_keys(
    home: Key, blocks: Sequence[Block], genre: Genre, chooser: Chooser, *, is_asked: bool
) -> tuple[Key, ...]:
    """Return the key of each section.

    The bridge (or the first solo) may visit a related key and comes back: the likelier, the weirder.
    Where the genre does so, the last chorus and what follows may step up; never where a key was
    asked for (``is_asked``).
    """
    keys = [home] * len(blocks)
    visited = next((i for i, b in enumerate(blocks) if b.kind is _K.BRIDGE), None)
    visited = (
        next((i for i, b in enumerate(blocks) if b.kind is _K.SOLO), None) if visited is None else visited
    )
    if visited is not None and chooser.throw("visit") < 1.8 * (chooser.weirdness - 0.5):
        keys[visited] = chooser.one_of(_related(home, chooser.weirdness), "key visited")
    lifted = lifted_chorus(blocks)
    steps_up = chooser.throw("step up") < _LIFT_SHARE + 0.5 * max(0.0, chooser.weirdness - 0.5)
    is_long = sum(block.bars for block in blocks) >= _SHORTEST_FOR_LIFT
    if lifted is not None and genre.lift_semitones and is_long and steps_up and not is_asked:
        above = Key((home.tonic + genre.lift_semitones) % 12, home.mode)
        keys[lifted:] = [above] * (len(blocks) - lifted)
    return tuple(keys)


def _related(home: Key, weirdness: float) -> list[Key]:
    """Return keys near to ``home``, the nearest first; far ones (a third away) for the weird."""
    other = Mode.MINOR if home.mode is Mode.MAJOR else Mode.MAJOR
    relative = Key((home.tonic + (9 if home.mode is Mode.MAJOR else 3)) % 12, other)
    near = [relative, Key((home.tonic + 5) % 12, home.mode), Key(home.tonic, other)]
    far = [Key((home.tonic + step) % 12, home.mode) for step in (3, 8, 4, 9)]
    return near + far if weirdness > 0.75 else near


def lifted_chorus(blocks: Sequence[Block]) -> int | None:
    """Return the place of the last chorus where there are several (of two in a row the second)."""
    choruses = [index for index, block in enumerate(blocks) if block.kind is _K.CHORUS]
    return choruses[-1] if len(choruses) > 1 else None


def key_cycles(
    keys: Sequence[Key], genre: Genre, chooser: Chooser
) -> Mapping[Mode, Mapping[SectionKind, tuple[str, ...]]]:
    """Return the cycles for each mode that a section is in."""
    return {mode: cycles(genre, mode, chooser) for mode in {key.mode for key in keys}}
