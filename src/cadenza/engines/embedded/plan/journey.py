"""The plan of a continuation: from a portrait and a seam to the spans that each layer quotes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cadenza.domain.errors import SourceUnusable
from cadenza.domain.request import Controls, Weight
from cadenza.engines.embedded.plan.layers import Manner, colour_distance, pulse_distance, shadow_path
from cadenza.engines.embedded.plan.likeness import Likeness, compare
from cadenza.engines.embedded.plan.path import Ground, Taste, walk_phrases
from cadenza.music.dice import Dice
from cadenza.music.portrait import Floats, Portrait
from cadenza.music.quotation import Itinerary, Span

_ENOUGH_MUSIC_S = 16.0  # less than this before the seam: what comes after it is quoted too
_FEWEST_UNITS = 6
_TAKEN = 1.6  # price of a bar per use in an earlier take


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """The two weights of a continuation as numbers from 0 to 1."""

    closeness: float
    weirdness: float

    @classmethod
    def of(cls, controls: Controls) -> Character:
        """Read the controls; an absent weight is 0.5."""

        def fraction(weight: Weight | None) -> float:
            return 0.5 if weight is None else weight.fraction

        return cls(closeness=fraction(controls.audio_weight), weirdness=fraction(controls.weirdness))


def plan_journey(
    portrait: Portrait, *, seam_s: float, seconds: float, character: Character, dice: Dice
) -> Itinerary:
    """Plan which beats of the source sound in each layer, for at least ``seconds`` from ``seam_s`` on.

    Takes after the first avoid the bars that the earlier takes of the same seed use.
    """
    ground = find_ground(portrait, seam_s)
    likeness = compare(portrait)
    avoid = np.zeros(ground.count)
    for take in range(dice.take_index):
        earlier = _body(portrait, ground, likeness, seconds, character, Dice(dice.seed, take), avoid)
        avoid += _TAKEN * _bars_used(earlier, ground)
    body = _body(portrait, ground, likeness, seconds, character, dice, avoid)
    wander = 0.03 + 0.1 * character.weirdness
    jump = 0.6 - 0.4 * character.weirdness
    apart = 1 - character.closeness
    colour = shadow_path(
        body,
        ground,
        colour_distance(likeness),
        likeness.joint,
        Manner(tolerance=0.25 + apart, surprise=wander, jump=jump),
        dice.named("colour path"),
    )
    pulse = shadow_path(
        body,
        ground,
        pulse_distance(likeness),
        likeness.joint,
        Manner(tolerance=0.2 + 2 * apart, surprise=wander, jump=jump),
        dice.named("pulse path"),
        others=colour,
    )
    return Itinerary(body=body, colour=colour, pulse=pulse)


def find_ground(portrait: Portrait, seam_s: float) -> Ground:
    """Find the bars that may be quoted: music before the seam, or all of it if that is too little.

    Raises
    ------
    SourceUnusable
        If there are not even two beats of music.
    """
    until_s = min(seam_s, portrait.music_end_s)
    if until_s - portrait.music_start_s < _ENOUGH_MUSIC_S:
        until_s = portrait.music_end_s
    bar = portrait.metre.beats_per_bar
    first = portrait.beat_position(portrait.music_start_s) - 0.25
    last = portrait.beat_position(until_s) + 0.1
    for unit in (bar, 2, 1):
        starts = np.arange(portrait.metre.first_downbeat % unit, portrait.beat_count + 1 - unit, unit)
        starts = starts[(starts >= first) & (starts + unit <= last)]
        if len(starts) >= _FEWEST_UNITS or (unit == 1 and len(starts) >= 2):
            seam = portrait.beat_position(seam_s)
            return Ground(bars=starts.astype(np.int64), beats_per_bar=unit, seam=seam)
    raise SourceUnusable("The recording has too little music before its end to continue it in its own style.")


def _body(
    portrait: Portrait,
    ground: Ground,
    likeness: Likeness,
    seconds: float,
    character: Character,
    dice: Dice,
    avoid: Floats,
) -> tuple[Span, ...]:
    spans = np.diff(portrait.pulse.beats_s)
    beats = seconds / float(np.percentile(spans, 10)) + 1
    taste = Taste()
    taste = replace(
        taste,
        surprise=taste.surprise * (0.3 + 1.4 * character.weirdness),
        straying=taste.straying * (0.2 + 1.6 * character.closeness),
    )
    return walk_phrases(
        ground, portrait, likeness, beats=beats, taste=taste, avoid=avoid, rng=dice.named("phrase path")
    )


def _bars_used(spans: tuple[Span, ...], ground: Ground) -> Floats:
    """Return how often each bar of the ground sounds in the spans."""
    used = np.zeros(ground.count)
    for span in spans:
        inside = (ground.bars + ground.beats_per_bar > span.start + 1e-6) & (ground.bars < span.end - 1e-6)
        used += inside
    return used
