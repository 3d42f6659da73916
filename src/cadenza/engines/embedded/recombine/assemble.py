"""Assembling: the quoted stretches of each layer, blended one into the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cadenza.audio.signal import Samples
from cadenza.engines.embedded.recombine.quote import Quote
from cadenza.engines.embedded.recombine.separate import Separator
from cadenza.music.quotation import Layer

_EARLY_S = 0.006  # beats are found to within some milliseconds, and an attack begins before its peak

Blend = Callable[[Samples, Samples], Samples]


def assemble(
    quotes: tuple[Quote, ...],
    layers: frozenset[Layer],
    separator: Separator,
    *,
    rate: int,
    lead_in_s: float,
    crossfade_s: float,
    blend: Blend,
    between: Callable[[], None],
) -> Samples:
    """Return the sound of one layer (or several that go together), (channels, samples).

    The result begins ``lead_in_s`` before the seam. Crossfades end shortly before a quote begins,
    so that its attack stays whole and none is begun by what it replaces. ``between`` is called before
    each quote (and may raise to stop).
    """
    lead_in, fade, margin = round(lead_in_s * rate), max(1, round(crossfade_s * rate)), round(_EARLY_S * rate)
    total = lead_in + round((quotes[-1].at_s + quotes[-1].length_s) * rate)
    # What sounds beyond the end of a quote is there for the next one to fade from.
    sound: Samples | None = None
    for index, quote in enumerate(quotes):
        between()
        early = lead_in if index == 0 else min(fade + margin, lead_in + round(quote.at_s * rate))
        first = lead_in + round(quote.at_s * rate) - early
        last = lead_in + round((quote.at_s + quote.length_s) * rate)
        piece = separator.layers(round(quote.source_s * rate) - early, last - first, layers)
        piece *= np.float32(10 ** (quote.gain_db / 20))
        if sound is None:
            sound = np.zeros((piece.shape[0], total), dtype=np.float32)
            sound[:, first:last] = piece
            continue
        overlap = min(fade, early, piece.shape[1])
        sound[:, first : first + overlap] = blend(sound[:, first : first + overlap], piece[:, :overlap])
        sound[:, first + overlap : last] = piece[:, overlap:]
    assert sound is not None, "an itinerary has spans"
    return sound
