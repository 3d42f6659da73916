"""The way back: a journey whose last bars lead into a place of the source where the recording goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cadenza.engines.embedded.plan.ground import Ground, find_ground
from cadenza.engines.embedded.plan.layers import cut_into_units
from cadenza.engines.embedded.plan.likeness import Likeness, compare
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Itinerary, Layer, Span

_ENOUGH_UNITS = 6  # of a journey, for its last two to lead back
_ARRIVING = 1.5  # how much more the way into the source weighs than the way out of the journey


def lead_back(
    journey: Itinerary, portrait: Portrait, *, seam_s: float, until_s: float, within_s: tuple[float, float]
) -> Itinerary:
    """Return the journey with its last one or two bars before ``until_s`` exchanged for ones that lead there.

    They are neighbours in the source which follow well on what comes before them, and after which what
    is heard at ``until_s`` follows well. A journey of less than two bars stays as it is.
    """
    ground, likeness = find_ground(portrait, seam_s, within_s), compare(portrait)
    units = cut_into_units(journey.body, ground.beats_per_bar)
    starts = np.concatenate([[0.0], np.cumsum([unit.length for unit in units])])
    beats = portrait.beat_position(until_s) - portrait.beat_position(seam_s)
    last = int(np.searchsorted(starts, beats - 1e-6)) - 1
    if not 1 <= last < len(units):
        return journey
    count = 2 if last + 1 >= _ENOUGH_UNITS else 1
    first = last + 1 - count
    home = _home(ground, likeness, count, (units[first - 1].end, beats - starts[last]),
                 portrait.beat_position(until_s))  # fmt: skip
    layers = {
        layer: (*cut_into_units(journey.of(layer), ground.beats_per_bar)[:first], home) for layer in Layer
    }
    return replace(journey, body=layers[Layer.BODY], colour=layers[Layer.COLOUR], pulse=layers[Layer.PULSE])


def _home(ground: Ground, likeness: Likeness, count: int, way: tuple[float, float], until: float) -> Span:
    """Return the run of ``count`` bars; ``way``: where it comes from, how far into its last bar it goes."""
    came_from, into_last = way
    beats, top = ground.beats_per_bar, len(likeness.joint) - 1
    firsts = np.arange(max(1, ground.count - count + 1))
    begins = ground.bars[firsts]
    leaves = np.minimum(np.round(begins + (count - 1) * beats + into_last).astype(int), top)
    price = likeness.joint[min(round(came_from), top), begins]
    price = price + _ARRIVING * likeness.joint[leaves, min(round(until), top)]
    return Span(start=float(begins[int(price.argmin())]), length=float(count * beats))
