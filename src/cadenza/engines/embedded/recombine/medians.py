"""Running medians by sorting networks: whole rows at a time, each sorted run serving many windows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


def window_near(length: float) -> int:
    """Return the nearest window that ``running_median`` takes: one of 5, 9, 13, 17 and so on."""
    return max(5, 4 * round((length - 1) / 4) + 1)


def running_median(rows: Rows, window: int) -> Rows:
    """Return the median over ``window`` rows around each, (rows, columns); the edges are held.

    ``window`` is one more than a multiple of four. Two neighbouring windows have all but one row each in
    common: of those the two in the middle are found once, and the median of each window is its own row
    held between them. What is common are two runs, each sorted once and used by two pairs of windows.
    """
    run, half = window // 2, window // 2
    pairs = -(-len(rows) // 2)
    padded = np.pad(rows, ((half, half + 2 * pairs - len(rows)), (0, 0)), mode="edge")
    # Sorted runs of the rows 1 to ``run`` after each even row, as far as the last window needs them.
    runs = pairs + run // 2
    lines = [padded[1 + step :: 2][:runs] for step in range(run)]
    for low, high in _comparators(run):
        lines[low], lines[high] = np.minimum(lines[low], lines[high]), np.maximum(lines[low], lines[high])
    below, above = _middle([line[:pairs] for line in lines], [line[run // 2 :] for line in lines])
    medians = np.empty((2 * pairs, rows.shape[1]), dtype=rows.dtype)
    for own, first in ((0, 0), (1, window)):
        medians[own::2] = np.clip(padded[first::2][:pairs], below, above)
    return medians[: len(rows)]


def _middle(some: list[Rows], others: list[Rows]) -> tuple[Rows, Rows]:
    """Return the largest of the smaller half and the smallest of the larger half of two sorted runs."""
    crossed = list(zip(some, reversed(others), strict=True))
    below, above = np.minimum(*crossed[0]), np.maximum(*crossed[0])
    for one, other in crossed[1:]:
        np.maximum(below, np.minimum(one, other), out=below)
        np.minimum(above, np.maximum(one, other), out=above)
    return below, above


@lru_cache(maxsize=8)
def _comparators(count: int) -> tuple[tuple[int, int], ...]:
    """Return the comparators that sort ``count`` lines: merge exchange (Batcher; Knuth 5.2.2 M)."""
    return tuple(_merge_exchange(count))


def _merge_exchange(count: int) -> Iterator[tuple[int, int]]:
    top = 1 << max(0, (count - 1).bit_length() - 1)
    stride = top
    while stride:
        reach, offset, distance = top, 0, stride
        while True:
            yield from ((i, i + distance) for i in range(count - distance) if i & stride == offset)
            if reach == stride:
                break
            distance, reach, offset = reach - stride, reach // 2, stride
        stride //= 2
