"""The bodies of several takes of one request, planned together so that none gets what the others leave."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cadenza.engines.embedded.plan.path import Path, Paths

_MOST_SHARED = 0.5  # of the bars of a take with another
# Prices of a bar that another take has. The dearer, the less is shared, and the farther one has to go for it.
_TAKEN_PRICES = (0.5, 1.0)
_TURNS = 3
# Bars to a block, and the price of a bar in a block that is the other's.
_DIVISIONS = ((4, 0.6), (8, 0.8)) * 6

_Bars = NDArray[np.bool_]


def plan_bodies(paths: Paths, takes: int, rng: np.random.Generator) -> list[Path]:
    """Return the bodies of the first takes (at least two), whoever asks for how many of them.

    The first two are the pair that costs least together, the cheaper one first: where a source is short each
    gives up some bars that the other needs. Later ones keep away from all before them.
    """
    bodies = list(_pair(paths, rng))
    while len(bodies) < takes:
        bodies.append(_another(paths, bodies))
    return bodies


def shared_share(one: Path, other: Path) -> float:
    """Return the share of its bars that the path with fewer of them has in common with the other."""
    return float((one.used & other.used).sum() / min(one.used.sum(), other.used.sum()))


def _pair(paths: Paths, rng: np.random.Generator) -> tuple[Path, Path]:
    """Return two paths that share few enough bars and cost least together, the cheaper one first."""
    found = [*_in_turns(paths), *_divided(paths, rng)]
    one, other = min(combinations(found, 2), key=lambda pair: _judged(*pair))
    return (one, other) if one.cost <= other.cost else (other, one)


def _in_turns(paths: Paths) -> Iterator[Path]:
    """Yield the best path, one that keeps from its bars, one that keeps from those of that one, and so on."""
    best = paths.best()
    yield best
    for price in _TAKEN_PRICES:
        path = best
        for _ in range(_TURNS):
            path = paths.best(_priced(path.used, price))
            yield path


def _divided(paths: Paths, rng: np.random.Generator) -> Iterator[Path]:
    """Yield pairs of paths after the ground is divided between them by chance, block by block."""
    for bars, price in _DIVISIONS:
        size = bars * paths.stride
        blocks = np.repeat(rng.random(paths.count // size + 2) < 0.5, size)
        ours = blocks[int(rng.integers(size)) :][: paths.count]
        yield paths.best(_priced(~ours, price))
        yield paths.best(_priced(ours, price))


def _priced(taken: _Bars, price: float) -> NDArray[np.float64]:
    """Return the price of each bar where some are taken."""
    return np.where(taken, price, 0.0)


def _judged(one: Path, other: Path) -> tuple[float, float]:
    """Return how far two paths are from sharing few enough bars, then what they cost."""
    return max(0.0, shared_share(one, other) - _MOST_SHARED), one.cost + other.cost


def _another(paths: Paths, earlier: list[Path]) -> Path:
    """Return a path that shares few enough bars with all the earlier ones together, at the mildest price."""
    taken = Path(spans=(), used=np.any([path.used for path in earlier], axis=0), cost=0.0)
    found = [paths.best(_priced(taken.used, price)) for price in _TAKEN_PRICES]
    return min(found, key=lambda path: _judged(path, taken))
