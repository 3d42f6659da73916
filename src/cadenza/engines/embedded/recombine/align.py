"""Fine alignment: stretches are moved by some milliseconds so that their onsets meet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cadenza.engines.embedded.recombine.quote import Quote
from cadenza.music.portrait import Floats, Portrait

_REACH_S = 0.035
_PAST_S, _NEXT_S = 2.0, 0.8


def follow_on(body: tuple[Quote, ...], portrait: Portrait, seam_s: float) -> tuple[Quote, ...]:
    """Move each stretch of the body so that it begins where the one before it was due to go on."""
    moved: list[Quote] = []
    due_s = seam_s
    for quote in body:
        count = round((_PAST_S + _NEXT_S) * portrait.novelty_rate_hz)
        # At the seam nothing is known of what was due: a source that ends there has no novelty after it.
        ahead = _NEXT_S if moved else 0.0
        wanted = _novelty(portrait, due_s - _PAST_S, count)
        wanted[round((_PAST_S + ahead) * portrait.novelty_rate_hz) :] = 0
        shift_s = _best_shift(wanted, portrait, quote.source_s - _PAST_S)
        moved.append(replace(quote, source_s=quote.source_s + shift_s))
        due_s = moved[-1].source_s + quote.length_s
    return tuple(moved)


def meet(layer: tuple[Quote, ...], body: tuple[Quote, ...], portrait: Portrait) -> tuple[Quote, ...]:
    """Move each stretch of a layer so that its onsets meet those of the body at the same time."""
    rate = portrait.novelty_rate_hz
    counts = [round((q.at_s + q.length_s) * rate) - round(q.at_s * rate) for q in body]
    heard = np.concatenate([_novelty(portrait, q.source_s, n) for q, n in zip(body, counts, strict=True)])
    moved = []
    for quote in layer:
        first = round(quote.at_s * rate)
        wanted = heard[first : round((quote.at_s + quote.length_s) * rate)]
        shift_s = _best_shift(wanted, portrait, quote.source_s)
        moved.append(replace(quote, source_s=quote.source_s + shift_s))
    return tuple(moved)


def _novelty(portrait: Portrait, start_s: float, count: int) -> Floats:
    """Return the novelty of a stretch (interpolated between frames), zero outside the recording."""
    at = start_s * portrait.novelty_rate_hz + np.arange(count)
    frames = np.arange(len(portrait.novelty))
    return np.asarray(np.interp(at, frames, portrait.novelty, left=0.0, right=0.0))


def _best_shift(wanted: Floats, portrait: Portrait, start_s: float) -> float:
    """Return the shift (s, within ``_REACH_S``) at which the stretch meets the wanted novelty best."""
    rate = portrait.novelty_rate_hz
    reach = max(1, round(_REACH_S * rate))
    if len(wanted) < 4 * reach or wanted.max() <= 0:
        return 0.0
    there = _novelty(portrait, start_s - reach / rate, len(wanted) + 2 * reach)
    shifts = np.arange(-reach, reach + 1)
    match = np.array([float(wanted @ there[reach + k : reach + k + len(wanted)]) for k in shifts])
    match *= 1 - 0.15 * (shifts / reach) ** 2
    best = int(match.argmax())
    if match[best] <= 1.05 * match[reach] or best in (0, len(match) - 1):
        return 0.0
    a, b, c = match[best - 1 : best + 2]
    return float((shifts[best] + 0.5 * (a - c) / (a - 2 * b + c)) / rate)
