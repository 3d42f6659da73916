"""The form of a song: which sections, how long, how loud, and who plays in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cadenza.engines.embedded.plan.brief.asked import Asked
from cadenza.music.brief import SectionKind

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


@dataclass(frozen=True, slots=True)
class Block:
    """A section before harmony and players are chosen: its kind, its bars, and what its tag says more."""

    kind: SectionKind
    bars: int
    hints: tuple[str, ...] = ()


def ideal_bars(asked: Sequence[Asked]) -> int:
    """Return how many bars these sections have when nobody asks for a length."""
    return sum(_IDEAL_BARS[section.kind] for section in asked)


def fit_form(asked: Sequence[Asked], bar_count: int, *, keep_all: bool) -> tuple[Block, ...]:
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
    if keep_all and phrases < len(asked) and bar_count // 2 > phrases:
        unit, phrases, rest = 2, bar_count // 2, bar_count % 2
    if rest and phrases < 2 * len(asked) and asked[0].kind is _K.INTRO:
        asked = asked[1:] or [Asked(_K.VERSE)]  # the bars left over are intro enough
    chosen = _choose(_lengthened(asked, phrases, unit), phrases)
    sizes = _grow(chosen, phrases, unit)
    blocks = [Block(one.kind, size * unit, one.hints) for one, size in zip(chosen, sizes, strict=True)]
    return tuple(_with_rest(blocks, rest))


def _lengthened(asked: Sequence[Asked], phrases: int, unit: int) -> list[Asked]:
    """Repeat the middle until the sections at their ideal length fill the phrases."""
    intro = [one for one in asked[:1] if one.kind is _K.INTRO]
    outro = [one for one in asked[-1:] if one.kind is _K.OUTRO and len(asked) > 1]
    middle = list(asked[len(intro) : len(asked) - len(outro)]) or [Asked(_K.VERSE)]
    longer = list(middle)
    while ideal_bars([*intro, *longer, *outro]) + ideal_bars(middle) // 2 <= phrases * unit:
        longer += middle
    return [*intro, *longer, *outro]


def _choose(asked: Sequence[Asked], phrases: int) -> list[Asked]:
    seen: Counter[SectionKind] = Counter()
    costs = []
    for index, one in enumerate(asked):
        costs.append((_DISPENSABLE[one.kind] + 2 * seen[one.kind], index))
        seen[one.kind] += 1
    kept = sorted(index for _, index in sorted(costs)[:phrases])
    return [asked[index] for index in kept]


def _grow(asked: Sequence[Asked], phrases: int, unit: int) -> list[int]:
    """Share out the phrases: one each, then up to the ideal length, then evenly beyond it."""
    sizes, left = [1] * len(asked), phrases - len(asked)
    kinds = [one.kind for one in asked]
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
        return [replace(first, bars=first.bars + rest), *blocks[1:]]
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
