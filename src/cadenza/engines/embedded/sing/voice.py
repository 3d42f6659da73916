"""The plug-in point of singing: phones, durations, pitch and energy go in, samples come out.

Whoever writes a tune's words into a ``Phrase`` need not know how a voice makes its sound, and a voice
need not know what a note is. A voice made from recordings takes the same phrases as the synthetic
one in ``source_filter``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAMPLE_RATE: Final = 44_100
FRAME_S: Final = 0.005  # between two values of a phrase's curves
SILENCE, BREATH = "-", "%"  # what stands in a phrase beside the ARPAbet phones


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One phone and when it sounds, in seconds from the start of its phrase.

    ``phone`` is ARPAbet without a stress digit, ``SILENCE`` or ``BREATH``. A stop's segment holds its
    closure, burst and aspiration: the next phone begins when the voice does.
    """

    phone: str
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phrase:
    """One breath of singing, ready to be sounded.

    ``segments`` follow one another without gaps from 0 to ``length_s``. ``f0_hz`` and ``energy``
    (1 is an ordinary note, linear) have one value per ``FRAME_S``; ``f0_hz`` runs on through
    unvoiced phones. ``seed`` makes its noise and its irregularity.
    """

    segments: tuple[Segment, ...]
    f0_hz: Floats
    energy: Floats
    seed: tuple[int, ...]

    def __post_init__(self) -> None:
        assert self.segments, "a phrase has a phone at least"
        assert len(self.f0_hz) == len(self.energy), "pitch and energy share their frames"

    @property
    def length_s(self) -> float:
        """How long the phrase lasts."""
        return self.segments[-1].end_s


class Voice(Protocol):
    """Sings phrases; the same phrase gives the same samples."""

    def render(self, phrase: Phrase) -> NDArray[np.float32]:
        """Return the phrase at 44.1 kHz, mono, shape (samples,), at an even level near -20 dBFS."""
        ...
