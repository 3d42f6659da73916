"""What an engine can do, asked at intake so that an impossible request costs nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What an engine can do.

    ``longest_s`` bounds a new song or a new part; ``longest_source_s`` the recording to continue.
    """

    sings: bool
    makes_songs: bool
    continues_audio: bool
    longest_s: float
    longest_source_s: float


class Fidelity(enum.Enum):
    """How a request field was taken into account."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Honoured:
    """What became of one request field, and why. ``reason`` is empty where it was exact."""

    fidelity: Fidelity
    reason: str = ""


EXACT = Honoured(fidelity=Fidelity.EXACT)


def approximate(reason: str) -> Honoured:
    """Return that a field was followed in part, or in a way of our own."""
    return Honoured(fidelity=Fidelity.APPROXIMATE, reason=reason)


def ignored(reason: str) -> Honoured:
    """Return that a field changed nothing."""
    return Honoured(fidelity=Fidelity.IGNORED, reason=reason)
