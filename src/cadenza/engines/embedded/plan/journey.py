"""The plan of a continuation: from a portrait and a seam to the spans that each layer quotes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cadenza.domain.request import Controls, Weight
from cadenza.engines.embedded.plan.ending import Ending, close
from cadenza.engines.embedded.plan.entry import entry_prices
from cadenza.engines.embedded.plan.ground import Ground, find_ground
from cadenza.engines.embedded.plan.layers import Manner, colour_distance, pulse_distance, shadow_path
from cadenza.engines.embedded.plan.levels import openness, section_gains
from cadenza.engines.embedded.plan.likeness import Likeness, compare
from cadenza.engines.embedded.plan.path import Paths, Taste
from cadenza.engines.embedded.plan.surprise import surprise_prices
from cadenza.engines.embedded.plan.takes import plan_bodies
from cadenza.music.dice import Dice
from cadenza.music.portrait import Floats, Portrait
from cadenza.music.quotation import Itinerary, Span

_KNOWN_AGAIN_S = 5.0
_AWAY_FROM_VOICE = 3.0  # by which a beat that is sung is farther than any other, for layers beside the body


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
    portrait: Portrait,
    *,
    seam_s: float,
    seconds: float,
    character: Character,
    dice: Dice,
    ending: Ending = Ending.OPEN,
    within_s: tuple[float, float] | None = None,
    leaning: Floats | None = None,
) -> Itinerary:
    """Plan which beats of the source sound in each layer, for at least ``seconds`` from ``seam_s`` on.

    The takes of a seed are planned together, whichever of them is asked for. A cadence comes home some
    seconds before the end. ``within_s`` names the stretch to quote from (see ``find_ground``), ``leaning``
    (beats,) what it costs to quote each beat beside all else.
    """
    ground = find_ground(portrait, seam_s, within_s)
    likeness = compare(portrait)
    entries = entry_prices(ground, portrait, likeness, section_gains(portrait, seam_s))
    paths = Paths(
        ground,
        portrait,
        likeness,
        entries=entries,
        beats=_enough_beats(portrait, seconds),
        taste=_taste(character, openness(portrait, seam_s)),
        leaning=_leanings(ground, leaning, surprise_prices(portrait, character.weirdness)),
        rng=dice.shared.named("phrase path"),
    )
    body = plan_bodies(paths, dice.take_index + 1, dice.shared.named("takes"))[dice.take_index].spans
    journey = _parted(body, portrait, ground, likeness, character, dice)
    is_closed = ending is Ending.CADENCE
    return close(journey, portrait, ground, likeness, seconds) if is_closed else journey


def _parted(
    body: tuple[Span, ...],
    portrait: Portrait,
    ground: Ground,
    likeness: Likeness,
    character: Character,
    dice: Dice,
) -> Itinerary:
    """Give the layers beside the body ways of their own."""
    apart = 1 - character.closeness
    sung = 0.0 if portrait.voice is None else _AWAY_FROM_VOICE * portrait.voice
    manner = Manner(
        tolerance=0.2 + 2 * apart,
        surprise=0.03 + 0.1 * character.weirdness,
        jump=0.6 - 0.4 * character.weirdness,
        longest_run=_longest_run(portrait, ground),
    )
    colour = shadow_path(
        body,
        ground,
        colour_distance(likeness) + sung,
        likeness.joint,
        replace(manner, tolerance=0.25 + apart),
        dice.named("colour path"),
    )
    pulse = shadow_path(
        body,
        ground,
        pulse_distance(likeness) + sung,
        likeness.joint,
        manner,
        dice.named("pulse path"),
        others=colour,
    )
    return Itinerary(body=body, colour=colour, pulse=pulse)


def _taste(character: Character, openness: float) -> Taste:
    """Return the prices of this character; after a close the path need not stay with the section."""
    usual = Taste()
    return replace(
        usual,
        surprise=usual.surprise * (0.3 + 1.4 * character.weirdness),
        verbatim=usual.verbatim * (0.2 + 1.6 * character.weirdness),
        straying=usual.straying * (0.2 + 1.6 * character.closeness) * openness,
    )


def _enough_beats(portrait: Portrait, seconds: float) -> float:
    """Return beats that last at least this long wherever they are taken from."""
    spans_s = np.diff(portrait.pulse.beats_s)
    return seconds / float(np.percentile(spans_s, 10)) + 1


def _longest_run(portrait: Portrait, ground: Ground) -> int:
    """Return how many bars in a row a layer may go on as recorded: what lasts longer is known again."""
    bar_s = ground.beats_per_bar * float(np.median(np.diff(portrait.pulse.beats_s)))
    return int(np.clip(round(_KNOWN_AGAIN_S / bar_s), 2, 4))


def _leanings(ground: Ground, *leanings: Floats | None) -> Floats:
    """Return the sum of prices per beat for each bar."""
    return sum((_per_bar(one, ground) for one in leanings if one is not None), np.zeros(ground.count))


def _per_bar(leaning: Floats, ground: Ground) -> Floats:
    """Return the mean over the beats of each bar of the ground."""
    bars = [leaning[bar : bar + ground.step] for bar in ground.bars]
    return np.array([float(beats.mean()) if len(beats) else 0.0 for beats in bars])
