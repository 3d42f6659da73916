"""The way a continuation takes through its source: whole phrases for the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadenza.engines.embedded.plan.ground import Ground
from cadenza.engines.embedded.plan.likeness import Likeness, section_distance
from cadenza.music.portrait import Floats, Portrait
from cadenza.music.quotation import Span

_BEAM = 32
_RECENT_BARS = 8
_FELT_BAR_S = 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """Prices of a path, in units of the joint between two arbitrary places (1.0).

    ``surprise`` scales the random part of every choice, ``straying`` the price of sections unlike the
    last one heard, ``uneven`` that of every twentieth by which a bar is faster or slower than the last ones.
    """

    reuse: float = 0.45
    recent: float = 0.35
    verbatim: float = 0.45
    long_run: float = 1.5
    out_of_phase: float = 0.2
    surprise: float = 0.12
    straying: float = 0.5
    uneven: float = 0.5


@dataclass(frozen=True, slots=True)
class _Walk:
    cost: float
    used: Floats
    phrases: tuple[tuple[int, int], ...]  # first bar, bars
    end: int  # the bar that would follow as recorded
    run: int  # bars in a row as recorded
    bars: int


def walk_phrases(
    ground: Ground,
    portrait: Portrait,
    likeness: Likeness,
    *,
    entries: Floats,
    beats: float,
    taste: Taste,
    avoid: Floats,
    rng: np.random.Generator,
) -> tuple[Span, ...]:
    """Find spans of whole phrases (2 and 4 bars) that together last at least ``beats``.

    A beam search over phrases. A phrase costs what its joint costs in context, and more for bars used
    before, bars just heard, sections unlike the last one, a wrong place in the four-bar period, and
    for playing the source on as recorded. ``entries`` (bars,) prices the first joint at each bar, ``avoid``
    (bars,) each use of a bar, for a second take.
    The first span begins in the middle of a bar where the seam does.
    """
    bar = ground.beats_per_bar
    costs = _Costs(ground, portrait, likeness, entries, taste, avoid, rng)
    pickup = ground.pickup
    walks = costs.entries()
    needed = int(np.ceil((beats + pickup) / bar))
    finished: list[_Walk] = []
    while walks:
        grown = [costs.extend(walk) for walk in walks]
        merged = sorted((w for group in grown for w in group), key=lambda w: w.cost)[: _BEAM * 2]
        finished += [w for w in merged if w.bars >= needed]
        walks = _diverse([w for w in merged if w.bars < needed])
    best = min(finished, key=lambda w: w.cost / w.bars)
    return _spans(best, ground, pickup)


def _diverse(walks: list[_Walk]) -> list[_Walk]:
    """Keep the best walks, at most three that end alike."""
    kept: list[_Walk] = []
    ends: dict[tuple[int, int], int] = {}
    for walk in walks:
        state = (walk.end, walk.bars)
        if ends.get(state, 0) < 3:
            ends[state] = ends.get(state, 0) + 1
            kept.append(walk)
    return kept[:_BEAM]


def _spans(walk: _Walk, ground: Ground, pickup: float) -> tuple[Span, ...]:
    bar = ground.beats_per_bar
    spans = [
        Span(start=float(ground.bars[first]), length=float(count * bar)) for first, count in walk.phrases
    ]
    spans[0] = Span(start=spans[0].start + pickup, length=spans[0].length - pickup)
    return tuple(spans)


def _unevenness(ground: Ground, portrait: Portrait) -> Floats:
    """Return per bar by how many twentieths its tempo strays from that at the seam; the first 2 % are free.

    A passage that hurries may be fine in its place, but quoted elsewhere it makes the pulse stumble.
    """
    if not portrait.pulse.steady:
        return np.zeros(ground.count)
    beats_s = portrait.pulse.beats_s
    lengths_s = beats_s[ground.bars + ground.beats_per_bar] - beats_s[ground.bars]
    before = ground.bars + ground.beats_per_bar <= ground.seam + 0.1
    latest = lengths_s[before][-_RECENT_BARS:] if before.any() else lengths_s
    strayed = np.abs(np.log(lengths_s / np.median(latest)))
    return np.asarray(np.maximum(0, strayed - 0.02) / 0.05)


class _Costs:
    """Prices of all phrases, precomputed for one ground."""

    def __init__(
        self,
        ground: Ground,
        portrait: Portrait,
        likeness: Likeness,
        entries: Floats,
        taste: Taste,
        avoid: Floats,
        rng: np.random.Generator,
    ) -> None:
        self._ground, self._entries, self._taste = ground, entries, taste
        count, bar = ground.count, ground.beats_per_bar
        last = len(likeness.joint) - 1
        follows = np.minimum(np.append(ground.bars, ground.bars[-1] + bar), last)
        self._joint = likeness.joint[np.ix_(follows, ground.bars)]
        seam = int(min(round(ground.seam), last))
        section = section_distance(portrait.views, seam - 8 * bar, seam)
        away = np.array([section[b : b + bar].mean() for b in ground.bars])
        self._away = taste.straying * away + taste.uneven * _unevenness(ground, portrait) + avoid
        # Of short bars two or four are felt as one, and an odd number of them is a stumble.
        bar_s = bar * float(np.median(np.diff(portrait.pulse.beats_s)))
        self._gait = max(1.0, (_FELT_BAR_S / bar_s) ** 2)
        self._since = (ground.seam - ground.bars) / bar  # bars ago
        self._noise = rng.gumbel(size=(count + 1, count)) * taste.surprise

    def entries(self) -> list[_Walk]:
        """Return walks of one first phrase each."""
        prices = self._entries + self._noise[-1]
        walks = [
            self._grown(None, first, count, float(prices[first]))
            for first in range(self._ground.count)
            for count in self._lengths(first, 0)
        ]
        return sorted(walks, key=lambda w: w.cost)[: _BEAM * 2]

    def _period_price(self, due: int) -> Floats:
        """Return what each bar costs for its place in the period of four, where a bar is due."""
        phase = (np.arange(self._ground.count) - due) % 4
        misplaced = np.where(phase == 0, 0, np.where(phase == 2, 0.5, 1.0))
        return np.asarray(self._taste.out_of_phase * self._gait * misplaced)

    def _bar_price(self, after: int) -> Floats:
        """Return what each bar costs by itself, some bars later: what has just been heard comes too soon."""
        is_recent = (self._since > 0) & (self._since + after <= _RECENT_BARS)
        return np.asarray(self._away + self._taste.recent * is_recent)

    def extend(self, walk: _Walk) -> list[_Walk]:
        """Return the walk grown by each possible phrase."""
        taste = self._taste
        joints = self._joint[walk.end] + self._noise[walk.end]
        joints = joints + self._period_price(walk.end)
        best = np.argsort(joints + self._bar_price(walk.bars) + taste.reuse * walk.used)[:24]
        return [
            self._grown(walk, int(first), count, float(joints[first]))
            for first in best
            for count in self._lengths(int(first), walk.bars)
        ]

    def _lengths(self, first: int, before: int) -> list[int]:
        """Return phrase lengths that fit: 2 or 4 bars; shorter ones only where the ground is small."""
        left = self._ground.count - first
        usual = [n for n in ((2, 4) if before % 4 in (0, 2) else (1, 3)) if n <= left]
        return usual or [left]

    def _grown(self, walk: _Walk | None, first: int, count: int, joint: float) -> _Walk:
        taste = self._taste
        used = walk.used if walk else np.zeros(self._ground.count)
        bars = slice(first, first + count)
        goes_on = walk is not None and first == walk.end
        run = count + (walk.run if walk and goes_on else 0)
        own = self._bar_price(walk.bars if walk else 0)
        price = joint + float((own[bars] + taste.reuse * used[bars]).sum()) / 2
        if goes_on:
            price += taste.verbatim + (taste.long_run if run > 4 else 0)
        after = used.copy()
        after[bars] += 1
        return _Walk(
            cost=(walk.cost if walk else 0.0) + price,
            used=after,
            phrases=(*(walk.phrases if walk else ()), (first, count)),
            end=first + count,
            run=run,
            bars=(walk.bars if walk else 0) + count,
        )
