"""The way a continuation takes through its source: whole phrases for the body."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadenza.engines.embedded.plan.ground import Ground
from cadenza.engines.embedded.plan.likeness import Likeness, section_distance
from cadenza.music.portrait import Floats, Ints, Portrait
from cadenza.music.quotation import Span

_BEAM = 32
_ALIKE = 3  # walks kept that end at the same bar
_PHRASE_BARS = 2
_LONG_RUN_BARS = 4
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
    out_of_phase: float = 0.4
    surprise: float = 0.12
    straying: float = 0.5
    uneven: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Spans of whole phrases, which bars of the ground they use, and what they cost per bar."""

    spans: tuple[Span, ...]
    used: NDArray[np.bool_]
    cost: float


@dataclass(frozen=True, slots=True)
class _Walks:
    """Walks of equally many bars; row i of everything belongs to walk i."""

    cost: Floats
    used: Floats  # (walks, bars of the ground) how often
    end: Ints  # the bar that would follow as recorded
    run: Ints  # bars in a row as recorded
    phrases: list[tuple[tuple[int, int], ...]]  # first bar, bars


class Paths:
    """Paths over one ground, found by a beam search over phrases of two bars that may go on.

    A phrase costs what its joint costs in context, and more for bars used before, bars just heard,
    sections unlike the last one, a wrong place in the four-bar period, and for playing the source on as
    recorded. ``entries`` (bars,) prices the first joint at each bar, ``leaning`` (bars,) each use of a bar.
    Paths last at least ``beats``; the first span begins in the middle of a bar where the seam does. What is
    random is thrown once for all of them.
    """

    def __init__(
        self,
        ground: Ground,
        portrait: Portrait,
        likeness: Likeness,
        *,
        entries: Floats,
        beats: float,
        taste: Taste,
        leaning: Floats,
        rng: np.random.Generator,
    ) -> None:
        self._ground, self._taste = ground, taste
        count, bar = ground.count, ground.beats_per_bar
        last = len(likeness.joint) - 1
        follows = np.minimum(np.append(ground.bars, ground.bars[-1] + ground.step), last)
        noise = rng.gumbel(size=(count + 1, count)) * taste.surprise
        self._entries = entries + noise[-1]
        # Of short bars two or four are felt as one, and an odd number of them is a stumble.
        bar_s = bar * float(np.median(np.diff(portrait.pulse.beats_s)))
        gait = max(1.0, (_FELT_BAR_S / bar_s) ** 2)
        self._joint = likeness.joint[np.ix_(follows, ground.bars)] + noise + gait * self._misplaced()
        seam = int(min(round(ground.seam), last))
        section = section_distance(portrait.views, seam - 8 * bar, seam)
        away = np.array([section[b : b + ground.step].mean() for b in ground.bars])
        self._away = taste.straying * away + taste.uneven * _unevenness(ground, portrait) + leaning
        self._since = (ground.seam - ground.bars) / bar  # bars ago
        self._needed = int(np.ceil((beats + ground.pickup) / ground.step))

    @property
    def count(self) -> int:
        """Number of places where a phrase may begin."""
        return self._ground.count

    @property
    def stride(self) -> int:
        """How many of them make a bar."""
        return self._ground.stride

    def best(self, avoid: Floats | None = None) -> Path:
        """Return the cheapest path, where each use of a bar may cost ``avoid`` (bars,) more.

        What it costs is told without that.
        """
        avoid = np.zeros(self._ground.count) if avoid is None else avoid
        steps: dict[int, list[_Steps]] = defaultdict(list)
        for first_steps in self._begun(avoid):
            steps[first_steps.bars].append(first_steps)
        for bars in range(1, self._needed):
            if steps[bars]:
                walks = _kept(steps.pop(bars), self._ground.count)
                for grown in self._grown(walks, bars, avoid):
                    steps[grown.bars].append(grown)
        stride = self._ground.stride
        ended = {bars: _kept(found, self._ground.count) for bars, found in steps.items() if found}
        bars = min(ended, key=lambda bars: ended[bars].cost[0] / bars)
        best = ended[bars]
        cost = (best.cost[0] - (best.used[0] * avoid).sum() / (2 * stride)) * stride / bars
        return Path(spans=self._spans(best.phrases[0]), used=best.used[0] > 0, cost=float(cost))

    def _begun(self, avoid: Floats) -> Iterator[_Steps]:
        """Yield walks of one first phrase each."""
        nothing = _Walks(
            cost=np.zeros(1),
            used=np.zeros((1, self._ground.count)),
            end=np.array([-1]),
            run=np.array([0]),
            phrases=[()],
        )
        yield from self._priced(nothing, self._entries[None], 0, avoid)

    def _grown(self, walks: _Walks, bars: int, avoid: Floats) -> Iterator[_Steps]:
        """Yield walks grown by one more phrase each, by every phrase that there is."""
        taste, rows = self._taste, np.arange(len(walks.end))
        joint = self._joint[walks.end]
        goes_on = walks.end < self._ground.count
        too_long = walks.run + (_PHRASE_BARS - _LONG_RUN_BARS) * self._ground.stride > 0
        joint[rows[goes_on], walks.end[goes_on]] += (taste.verbatim + taste.long_run * too_long)[goes_on]
        yield from self._priced(walks, joint, bars, avoid)

    def _priced(self, walks: _Walks, joint: Floats, bars: int, avoid: Floats) -> Iterator[_Steps]:
        """Yield the phrases that may follow some walks at the price of a joint: whole ones, and single bars.

        Single bars are for the end of the ground, and for coming back to even bars after one of those.
        """
        stride, count = self._ground.stride, self._ground.count
        recent = (self._since > 0) & (self._since + bars / stride <= _RECENT_BARS)
        own = self._away + self._taste.recent * recent + avoid + self._taste.reuse * walks.used
        sums = np.cumsum(np.pad(own, ((0, 0), (1, 0))), axis=1) / (2 * stride)
        before = walks.cost[:, None] + joint

        def phrases(length: int, first: int) -> _Steps:
            length = min(length, count)
            cost = (
                before[:, first : count - length + 1]
                + sums[:, first + length :]
                - sums[:, first : count - length + 1]
            )
            return _Steps(cost=cost, first=first, length=length, bars=bars + length, walks=walks)

        if bars // stride % 2:
            yield phrases(stride, 0)
            return
        if count >= _PHRASE_BARS * stride:
            yield phrases(_PHRASE_BARS * stride, 0)
        yield phrases(stride, max(0, count - stride))

    def _misplaced(self) -> Floats:
        """Return what each bar costs for its place in the period of four, by the bar that is due."""
        count = self._ground.count
        if self._ground.stride > 1:
            return np.zeros((count + 1, count))
        phase = (np.arange(count) - np.arange(count + 1)[:, None]) % 4
        return self._taste.out_of_phase * np.where(phase == 0, 0, np.where(phase == 2, 0.5, 1.0))

    def _spans(self, phrases: tuple[tuple[int, int], ...]) -> tuple[Span, ...]:
        step, pickup = self._ground.step, self._ground.pickup
        starts = [float(self._ground.bars[first]) for first, _ in phrases]
        spans = [Span(start=at, length=float(n * step)) for at, (_, n) in zip(starts, phrases, strict=True)]
        spans[0] = Span(start=spans[0].start + pickup, length=spans[0].length - pickup)
        return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Steps:
    """What it costs to go from some walks to phrases of a length that begin at ``first`` and later bars."""

    cost: Floats  # (walks, phrases)
    first: int
    length: int
    bars: int  # in all, afterwards
    walks: _Walks


def _kept(steps: list[_Steps], count: int) -> _Walks:
    """Return the best walks after some steps, the cheapest first, at most ``_ALIKE`` that end alike."""
    places = [(s, *place) for s in steps for place in _cheapest(s.cost)]
    places.sort(key=lambda place: place[0].cost[place[1], place[2]])
    ends: dict[int, int] = defaultdict(int)
    kept = []
    for step, row, column in places:
        end = step.first + column + step.length
        ends[end] += 1
        if ends[end] <= _ALIKE:
            kept.append((step, row, step.first + column))
    return _walked(kept[:_BEAM], count)


def _cheapest(cost: Floats) -> Iterator[tuple[int, int]]:
    """Yield where the lowest costs are, in any order."""
    flat = cost.ravel()
    some = (
        np.argpartition(flat, _BEAM * _ALIKE)[: _BEAM * _ALIKE]
        if len(flat) > _BEAM * _ALIKE
        else range(len(flat))
    )
    for index in some:
        yield divmod(int(index), cost.shape[1])


def _walked(kept: list[tuple[_Steps, int, int]], count: int) -> _Walks:
    """Return the walks that some steps lead to."""
    used = np.zeros((len(kept), count))
    run = np.zeros(len(kept), dtype=np.int64)
    phrases = []
    for index, (step, row, first) in enumerate(kept):
        before = step.walks
        used[index] = before.used[row]
        used[index, first : first + step.length] += 1
        run[index] = step.length + (before.run[row] if before.end[row] == first else 0)
        phrases.append((*before.phrases[row], (first, step.length)))
    return _Walks(
        cost=np.array([step.cost[row, first - step.first] for step, row, first in kept]),
        used=used,
        end=np.array([first + step.length for step, _, first in kept]),
        run=run,
        phrases=phrases,
    )


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
