"""Randomness that can be thrown again: one generator per named purpose, all from one seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Dice:
    """The dice of one take. The same seed, take and name give the same throws on every machine.

    ``take_index`` is -1 for what all takes of an order share.
    """

    seed: int
    take_index: int

    def named(self, name: str) -> np.random.Generator:
        """Return a fresh generator for one purpose; throws for one purpose never move another's."""
        digest = hashlib.sha256(name.encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 16, 4)]
        return np.random.default_rng(np.random.SeedSequence([self.seed, self.take_index + 1, *words]))

    @property
    def shared(self) -> Dice:
        """The dice that all takes of this seed have in common."""
        return Dice(self.seed, -1)
