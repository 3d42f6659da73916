"""The form of a song: which sections, how long, how loud, and who plays in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cadenza.music.brief import Role, SectionKind

PHRASE_BARS = 4
_K = SectionKind
_IDEAL_BARS = {
    _K.INTRO: 4,
    _K.VERSE: 8,
    _K.PRECHORUS: 4,
    _K.CHORUS: 8,
    _K.BRIDGE: 8,
    _K.SOLO: 8,
    _K.BREAK: 4,
    _K.OUTRO: 4,
}
# What a short song keeps first: small numbers stay, each further occurrence counts two more.
_DISPENSABLE = {
    _K.VERSE: 0.0,
    _K.CHORUS: 0.5,
    _K.INTRO: 1.0,
    _K.OUTRO: 1.5,
    _K.BRIDGE: 2.2,
    _K.SOLO: 2.3,
    _K.BREAK: 2.6,
    _K.PRECHORUS: 2.7,
}
_ENERGY = {
    _K.INTRO: 0.35,
    _K.VERSE: 0.55,
    _K.PRECHORUS: 0.65,
    _K.CHORUS: 0.85,
    _K.BRIDGE: 0.5,
    _K.SOLO: 0.75,
    _K.BREAK: 0.35,
    _K.OUTRO: 0.5,
}
_TAG = re.compile(r"^\s*\[([^\]\n]{1,60})\]", re.MULTILINE)
_TAG_WORDS = (
    ("pre-chorus", _K.PRECHORUS),
    ("prechorus", _K.PRECHORUS),
    ("pre chorus", _K.PRECHORUS),
    ("chorus", _K.CHORUS),
    ("hook", _K.CHORUS),
    ("refrain", _K.CHORUS),
    ("verse", _K.VERSE),
    ("bridge", _K.BRIDGE),
    ("intro", _K.INTRO),
    ("outro", _K.OUTRO),
    ("ending", _K.OUTRO),
    ("solo", _K.SOLO),
    ("instrumental", _K.SOLO),
    ("interlude", _K.SOLO),
    ("drop", _K.CHORUS),
    ("break", _K.BREAK),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A section before harmony and players are chosen: its kind and its bars."""

    kind: SectionKind
    bars: int


def sections_of_lyrics(lyrics: str) -> tuple[SectionKind, ...]:
    """Return the sections that the tags of ``lyrics`` name, in order; empty where there is none."""
    kinds = (_kind_of_tag(tag) for tag in _TAG.findall(lyrics))
    return tuple(kind for kind in kinds if kind is not None)


def _kind_of_tag(tag: str) -> SectionKind | None:
    lowered = tag.lower()
    return next((kind for word, kind in _TAG_WORDS if word in lowered), None)


def ideal_bars(kinds: Sequence[SectionKind]) -> int:
    """Return how many bars these sections have when nobody asks for a length."""
    return sum(_IDEAL_BARS[kind] for kind in kinds)


def fit_form(kinds: Sequence[SectionKind], bar_count: int, *, keep_all: bool) -> tuple[Block, ...]:
    """Return sections that fill exactly ``bar_count`` bars (at least 1).

    A long song repeats its middle, a short one leaves out what it can best do without and halves
    its sections; ``keep_all`` (the caller wrote the sections) halves before it leaves out. Bars that
    make no whole phrase go to the intro.
    """
    assert bar_count >= 1
    phrases, rest = divmod(bar_count, PHRASE_BARS)
    if phrases == 0:
        return (Block(_K.VERSE, bar_count),)
    unit = PHRASE_BARS
    if keep_all and phrases < len(kinds) and bar_count // 2 > phrases:
        unit, phrases, rest = 2, bar_count // 2, bar_count % 2
    if rest and phrases < 2 * len(kinds) and kinds[0] is _K.INTRO:
        kinds = kinds[1:] or [_K.VERSE]  # the bars left over are intro enough
    chosen = _choose(_lengthened(kinds, phrases, unit), phrases)
    sizes = _grow(chosen, phrases, unit)
    blocks = [Block(kind, size * unit) for kind, size in zip(chosen, sizes, strict=True)]
    return tuple(_with_rest(blocks, rest))


def _lengthened(kinds: Sequence[SectionKind], phrases: int, unit: int) -> list[SectionKind]:
    """Repeat the middle until the sections at their ideal length fill the phrases."""
    intro = [kind for kind in kinds[:1] if kind is _K.INTRO]
    outro = [kind for kind in kinds[-1:] if kind is _K.OUTRO and len(kinds) > 1]
    middle = list(kinds[len(intro) : len(kinds) - len(outro)]) or [_K.VERSE]
    longer = list(middle)
    while ideal_bars([*intro, *longer, *outro]) + ideal_bars(middle) // 2 <= phrases * unit:
        longer += middle
    return [*intro, *longer, *outro]


def _choose(kinds: Sequence[SectionKind], phrases: int) -> list[SectionKind]:
    seen: Counter[SectionKind] = Counter()
    costs = []
    for index, kind in enumerate(kinds):
        costs.append((_DISPENSABLE[kind] + 2 * seen[kind], index))
        seen[kind] += 1
    kept = sorted(index for _, index in sorted(costs)[:phrases])
    return [kinds[index] for index in kept]


def _grow(kinds: Sequence[SectionKind], phrases: int, unit: int) -> list[int]:
    """Share out the phrases: one each, then up to the ideal length, then evenly beyond it."""
    sizes, left = [1] * len(kinds), phrases - len(kinds)
    order = sorted(range(len(kinds)), key=lambda index: (_DISPENSABLE[kinds[index]], -index))
    ceiling = 1
    while left > 0:
        room = [i for i in order if sizes[i] * unit < _IDEAL_BARS[kinds[i]] * ceiling]
        if not room:
            ceiling += 1
            continue
        for index in room[:left]:
            sizes[index] += 1
        left -= len(room[:left])
    return sizes


def _with_rest(blocks: list[Block], rest: int) -> list[Block]:
    if rest == 0:
        return blocks
    first = blocks[0]
    if first.kind is _K.INTRO:
        return [Block(_K.INTRO, first.bars + rest), *blocks[1:]]
    return [Block(_K.INTRO, rest), *blocks]


def energies(blocks: Sequence[Block], *, genre_energy: float, shift: float) -> tuple[float, ...]:
    """Return the energy of each section, 0 to 1: the kind's own, the genre's, and a rise to the end."""
    choruses = [index for index, block in enumerate(blocks) if block.kind is _K.CHORUS]
    lift = choruses[-1] if len(choruses) > 1 else -1
    plain = (_ENERGY[block.kind] for block in blocks)
    return tuple(
        round(
            min(
                1.0, max(0.1, energy + 0.5 * (genre_energy - 0.6) + shift + (0.12 if index == lift else 0.0))
            ),
            3,
        )
        for index, energy in enumerate(plain)
    )


def players(block: Block, energy: float, *, occurrence: int, is_whole_song: bool) -> frozenset[Role]:
    """Return who plays in a section: layers come in with energy, and step out before the peaks."""
    everyone = frozenset(Role)
    rhythm = frozenset({Role.DRUMS, Role.BASS}) if energy > 0.45 else frozenset()
    leaves_pad_out = occurrence < 2 and energy <= 0.7
    if is_whole_song:
        return everyone
    match block.kind:
        case _K.INTRO:
            return frozenset({Role.CHORDS, Role.PAD}) | rhythm
        case _K.BREAK:
            return frozenset({Role.CHORDS, Role.PAD, Role.DRUMS})
        case _K.OUTRO:
            return everyone - {Role.MELODY}
        case _K.VERSE if leaves_pad_out:
            return everyone - {Role.PAD}
        case _:
            return everyone
