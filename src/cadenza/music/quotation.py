"""How a continuation quotes its source: which beats sound when, in which layer."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Layer(enum.Enum):
    """A part of the sound that may follow its own path through the source."""

    BODY = "body"  # what sustains, low register: bass and roots
    COLOUR = "colour"  # what sustains, from the tenor up: chords and melody
    PULSE = "pulse"  # what strikes: drums, attacks, noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of the source, in beats of its grid: from ``start`` for ``length`` (both may be fractions)."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """The beat where the run ends."""
        return self.start + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A stretch of a take that one layer took from its source; both places in seconds."""

    layer: Layer
    at_s: float
    source_s: float
    length_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Itinerary:
    """The spans of each layer, gapless from the seam on; all layers have the same total length.

    ``home_s`` is where the last chord begins, in seconds from the seam; None where the music stays open.
    """

    body: tuple[Span, ...]
    colour: tuple[Span, ...]
    pulse: tuple[Span, ...]
    home_s: float | None = None

    def of(self, layer: Layer) -> tuple[Span, ...]:
        """Return the spans of one layer."""
        return {Layer.BODY: self.body, Layer.COLOUR: self.colour, Layer.PULSE: self.pulse}[layer]

    @property
    def length(self) -> float:
        """Total length in beats."""
        return sum(span.length for span in self.body)

    def until(self, beats: float) -> Itinerary:
        """Return the first so many beats of each layer; they do not come home."""
        return Itinerary(
            body=_first(self.body, beats), colour=_first(self.colour, beats), pulse=_first(self.pulse, beats)
        )


def _first(spans: tuple[Span, ...], beats: float) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in spans:
        if beats <= 1e-9:
            break
        kept.append(Span(start=span.start, length=min(span.length, beats)))
        beats -= span.length
    return tuple(kept)
