"""How one take chooses: from lists with the most typical first, never what its sister takes chose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cadenza.music.dice import Dice

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses among options, the most typical first.

    The takes of an order share one shuffled list and take one entry each, so that they differ
    wherever there is a choice. A high ``style_weight`` keeps to the front of the list, ``weirdness``
    goes further back.
    """

    dice: Dice
    style_weight: float
    weirdness: float

    def one_of(self, options: Sequence[_T], name: str) -> _T:
        """Return this take's option."""
        width = 1.0 - 0.6 * self.style_weight + 0.6 * self.weirdness
        kept = options[: max(min(2, len(options)), math.ceil(len(options) * min(1.0, width)))]
        throws = self.dice.shared.named(f"plan {name}").random(len(kept))
        # Weighted sampling without replacement (Efraimidis and Spirakis 2006): typical ones come first.
        weights = 1.0 / (1.0 + 0.5 * (1.0 - self.weirdness) * np.arange(len(kept)))
        order = np.argsort(-(throws ** (1.0 / weights)), kind="stable")
        return kept[int(order[self.dice.take_index % len(kept)])]

    def throw(self, name: str, *, shared: bool = False) -> float:
        """Return a number in [0, 1)."""
        dice = self.dice.shared if shared else self.dice
        return float(dice.named(f"plan {name}").random())
