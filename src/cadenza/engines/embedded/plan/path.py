"""The way a continuation takes through its source: whole phrases for the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadenza.engines.embedded.plan.likeness import Likeness, section_distance
from cadenza.music.portrait import Floats, Ints, Portrait
from cadenza.music.quotation import Span

_BEAM = 32
_RECENT_BARS = 8
_STUTTER_BARS = 3
_STEP_PRICE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """Prices of a path, in units of the joint between two arbitrary places (1.0).

    ``surprise`` scales the random part of every choice, ``straying`` the price of sections unlike the
    last one heard.
    """

    reuse: float = 0.45
    recent: float = 0.35
    verbatim: float = 0.45
    long_run: float = 1.5
    out_of_phase: float = 0.2
    stutter: float = 1.0
    surprise: float = 0.12
    straying: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The bars a path may use: their first beats, and the beat position where the new music begins."""

    bars: Ints
    beats_per_bar: int
    seam: float

    @property
    def pickup(self) -> float:
        """How far into a bar the seam lies, in beats; a hair before a bar line counts as on it."""
        beats = (self.seam - float(self.bars[0])) % self.beats_per_bar
        return 0.0 if self.beats_per_bar - beats < 0.02 else beats

    @property
    def count(self) -> int:
        """Number of bars."""
        return len(self.bars)


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
    beats: float,
    taste: Taste,
    avoid: Floats,
    rng: np.random.Generator,
) -> tuple[Span, ...]:
    """Find spans of whole phrases (2 and 4 bars) that together last at least ``beats``.

    A beam search over phrases. A phrase costs what its joint costs in context, and more for bars used
    before, bars just heard, sections unlike the last one, a wrong place in the four-bar period, and
    for playing the source on as recorded. ``avoid`` (bars,) adds a price per bar, for a second take.
    The first span begins in the middle of a bar where the seam does.
    """
    bar = ground.beats_per_bar
    costs = _Costs(ground, portrait, likeness, taste, avoid, rng)
    pickup = ground.pickup
    walks = costs.entries(pickup)
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


def _steps(likeness: Likeness, seam: int) -> Floats:
    """Return per beat how large a step of harmony, timbre and level it would be to go on from there.

    A join is heard first of all as such a step, so it counts beside the likeness of the pasts. What
    counts is the excess over the step that is natural there: a chord that changes at that place in the source
    may change after the seam, too.
    """
    whole = likeness.harmony + likeness.timbre + 0.5 * likeness.level
    count = len(whole)
    place = np.arange(count)
    after = [np.minimum(place + ahead, count - 1) for ahead in range(3)]
    before = [np.maximum(place - back, 0) for back in (1, 2)]
    step = np.mean([whole[max(0, seam - back), there] for back in (1, 2) for there in after], axis=0)
    natural = np.mean([whole[here, there] for here in before for there in after], axis=0)
    return np.asarray(_STEP_PRICE * (np.maximum(0, step - natural) + 0.25 * step))


class _Costs:
    """Prices of all phrases, precomputed for one ground."""

    def __init__(
        self,
        ground: Ground,
        portrait: Portrait,
        likeness: Likeness,
        taste: Taste,
        avoid: Floats,
        rng: np.random.Generator,
    ) -> None:
        self._ground, self._taste = ground, taste
        count, bar = ground.count, ground.beats_per_bar
        last = len(likeness.joint) - 1
        follows = np.minimum(np.append(ground.bars, ground.bars[-1] + bar), last)
        self._joint = likeness.joint[np.ix_(follows, ground.bars)]
        seam = int(min(round(ground.seam), last))
        section = section_distance(portrait.views, seam - 8 * bar, seam)
        away = np.array([section[b : b + bar].mean() for b in ground.bars])
        since = (ground.seam - ground.bars) / bar  # bars ago
        recent = np.where((since > 0) & (since <= _RECENT_BARS), 1.0, 0.0)
        self._bar_price = taste.straying * away + taste.recent * recent + avoid
        self._noise = rng.gumbel(size=(count + 1, count)) * taste.surprise
        self._seam_beat = min(seam, last)
        self._seam_price = 1.6 * likeness.joint[self._seam_beat] + _steps(likeness, self._seam_beat)
        self._due = int(np.floor((ground.seam - ground.bars[0]) / bar + 0.01))  # the bar that is due

    def entries(self, pickup: float) -> list[_Walk]:
        """Return walks of one first phrase each, entered ``pickup`` beats after its bar line."""
        ground, taste = self._ground, self._taste
        walks = []
        for first in range(ground.count):
            place = min(round(ground.bars[first] + pickup), len(self._seam_price) - 1)
            joint = float(self._seam_price[place])
            ago = self._due - first
            if ground.count > 8 and 0 <= ago <= _STUTTER_BARS:
                # Nothing new comes of playing on, and the bars that have just sounded would stutter.
                joint += taste.verbatim if ago == 0 else taste.stutter
            joint += float(self._noise[-1, first])
            walks += [self._grown(None, first, count, joint) for count in self._lengths(first, 0)]
        return sorted(walks, key=lambda w: w.cost)[: _BEAM * 2]

    def extend(self, walk: _Walk) -> list[_Walk]:
        """Return the walk grown by each possible phrase."""
        taste = self._taste
        joints = self._joint[walk.end] + self._noise[walk.end]
        phase = (np.arange(self._ground.count) - self._due - walk.bars) % 4
        joints = joints + np.where(phase == 0, 0, np.where(phase == 2, 0.5, 1.0)) * taste.out_of_phase
        best = np.argsort(joints + self._bar_price + taste.reuse * walk.used)[:24]
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
        price = joint + float((self._bar_price[bars] + taste.reuse * used[bars]).sum()) / 2
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
