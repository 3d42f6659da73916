"""How a continuation ends, where an ending is asked for."""

from __future__ import annotations

import enum
import re

import numpy as np

from cadenza.domain.request import Described, GenerationRequest, Inherited, Specified
from cadenza.engines.embedded.plan.ground import Ground
from cadenza.engines.embedded.plan.layers import cut_into_units
from cadenza.engines.embedded.plan.likeness import Likeness
from cadenza.music.portrait import Floats, Portrait
from cadenza.music.quotation import Itinerary, Layer, Span

_ENDING_TAG = re.compile(r"\[\s*(?:outro|end(?:ing)?|finale|coda|fade[ -]?out)\b[^\]]*\]", re.IGNORECASE)
_ENDING_WORDS = re.compile(
    r"(?<!no )(?<!without )(?<!without an )(?<![-\w])(?:outro|ending|finale|coda)\b", re.IGNORECASE
)
_FADE_WORDS = re.compile(r"\bfad(?:e|es|ing)[ -]?out\b", re.IGNORECASE)
_SURE_KEY = 0.03
_SHORTEST_RING_S = 3.0
_TONIC = 2.0  # price of a last chord that is no more of a tonic than any, in joints


class Ending(enum.Enum):
    """What becomes of the end of the new part."""

    OPEN = "open"  # it stops where the asked length is full
    CADENCE = "cadence"  # on the tonic, which rings out
    FADE = "fade"


def wanted_ending(request: GenerationRequest, portrait: Portrait) -> Ending:
    """Return the ending that the words ask for: a tag such as ``[Outro]``, or "ending" or "fade out".

    Where no way is named, music with a pulse and a key closes with a cadence, other music fades.
    """
    lyrics, words = _texts(request)
    if _FADE_WORDS.search(words) or _FADE_WORDS.search(" ".join(_ENDING_TAG.findall(lyrics))):
        return Ending.FADE
    if not (_ENDING_TAG.search(lyrics) or _ENDING_WORDS.search(words)):
        return Ending.OPEN
    has_home = portrait.pulse.steady and portrait.key.confidence >= _SURE_KEY
    return Ending.CADENCE if has_home else Ending.FADE


def close(
    journey: Itinerary, portrait: Portrait, ground: Ground, likeness: Likeness, seconds: float
) -> Itinerary:
    """Let a journey come home: its last bar is the one most at rest on the tonic that follows well.

    The last chord begins a bar before the end, and has at least ``_SHORTEST_RING_S`` to ring.
    """
    units = cut_into_units(journey.body, ground.beats_per_bar)
    starts_s = np.concatenate([[0.0], np.cumsum([_length_s(unit, portrait) for unit in units])])
    bar_s = float(np.median(np.diff(starts_s)))
    in_time = np.flatnonzero(starts_s[: len(units)] <= seconds - max(_SHORTEST_RING_S, bar_s))
    last = max(1, int(in_time[-1])) if len(in_time) else 1
    came_from = round(units[last - 1].end)
    home = Span(start=float(_home(portrait, ground, likeness, came_from)), length=float(ground.beats_per_bar))
    layers = {
        layer: (*cut_into_units(journey.of(layer), ground.beats_per_bar)[:last], home) for layer in Layer
    }
    return Itinerary(
        body=layers[Layer.BODY],
        colour=layers[Layer.COLOUR],
        pulse=layers[Layer.PULSE],
        home_s=float(starts_s[last]),
    )


def _home(portrait: Portrait, ground: Ground, likeness: Likeness, came_from: int) -> int:
    """Return the first beat of the bar to end on: the tonic's notes, a firm bass, smoothly reached."""
    bars = ground.bars
    # A bar's first beat still hears the chord before it.
    inside = [slice(bar + min(1, ground.beats_per_bar - 1), bar + ground.beats_per_bar) for bar in bars]
    tonic = np.array([_triad(portrait) @ portrait.views.chroma[beats].mean(axis=0) for beats in inside])
    firm = portrait.views.low_accent[bars] / (portrait.views.low_accent.max() + 1e-9)
    joint = likeness.joint[min(came_from, len(likeness.joint) - 1), bars]
    astray = (tonic.max() - tonic) / (tonic.max() - np.median(tonic) + 1e-9)
    return int(bars[(_TONIC * astray + joint - 0.3 * firm).argmin()])


def _triad(portrait: Portrait) -> Floats:
    """Return the tonic chord as a unit vector of pitch classes, the root strongest."""
    key = portrait.key
    triad = np.zeros(12)
    triad[[key.tonic, (key.tonic + (3 if key.minor else 4)) % 12, (key.tonic + 7) % 12]] = (1.0, 0.7, 0.8)
    return np.asarray(triad / np.linalg.norm(triad))


def _length_s(span: Span, portrait: Portrait) -> float:
    return portrait.seconds_at(span.end) - portrait.seconds_at(span.start)


def _texts(request: GenerationRequest) -> tuple[str, str]:
    """Return the lyrics, and the other words of a request."""
    match request.wish:
        case Described(prompt=prompt):
            return "", prompt
        case Specified(style=style, lyrics=lyrics, description=description):
            return lyrics or "", f"{style} {description or ''}"
        case Inherited(prompt=prompt):
            return prompt or "", prompt or ""
