"""Chance without numpy, for what dialects and intake may import: the same seed and name, the same draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Draws for one named purpose: SHA-256 over seed, variant, name and a counter."""

    def __init__(self, seed: int, variant: int, name: str) -> None:
        self._stem = f"{seed}:{variant}:{name}:"
        self._count = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to below ``limit``."""
        self._count += 1
        digest = hashlib.sha256(f"{self._stem}{self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def one(self, things: Sequence[T]) -> T:
        """Return one of the things, of which there must be any."""
        return things[self.below(len(things))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """Return all the things in a drawn order."""
        left, order = list(things), list[T]()
        while left:
            order.append(left.pop(self.below(len(left))))
        return order
