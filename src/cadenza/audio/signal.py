"""The signal's first word: samples with their rate and layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Signal:
    """A finite piece of sound; the layout is never guessed.

    Attributes
    ----------
    samples
        float32, shape (channels, samples), finite; full scale is -1 to 1, values beyond are allowed
        before the master.
    sample_rate
        In Hz.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        assert self.samples.ndim == 2, "samples have the shape (channels, samples)"
        assert self.samples.dtype == np.float32, "samples are float32"
        assert self.sample_rate > 0

    @property
    def channel_count(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def sample_count(self) -> int:
        """Number of samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.sample_count / self.sample_rate

    def between(self, start_s: float, end_s: float) -> Signal:
        """Return the part from ``start_s`` to ``end_s`` (clipped to what there is)."""
        first = max(0, round(start_s * self.sample_rate))
        last = max(first, round(end_s * self.sample_rate))
        return Signal(self.samples[:, first:last], self.sample_rate)
