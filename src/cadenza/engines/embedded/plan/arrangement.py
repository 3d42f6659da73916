"""Who plays the new part: how much of the source's own layers, and which players of ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cadenza.engines.embedded.plan.direction import Direction
from cadenza.music.brief import Role

_HALF_TIME_FROM = 0.3  # of the strength: two grooves at once are neither
_FAINTEST_DB = -9.0  # of what is added at the least strength
# Where each layer of the source is gone and where it is whole, as shares of half the audio weight: its chords
# and tunes go first, what carries them last.
_COLOUR, _PULSE, _BODY = (0.3, 1.0), (0.15, 0.85), (0.0, 0.7)
_LEADS = (Role.CHORDS, Role.PAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Gains (linear) of the source's layers, and of each role that joins.

    ``tutti`` says that nothing of the source sounds and a whole band plays a progression of its own.
    """

    body: float = 1.0
    colour: float = 1.0
    pulse: float = 1.0
    joining: Mapping[Role, float] = field(default_factory=dict)
    is_half_time: bool = False
    tutti: bool = False


def arrange(direction: Direction, *, closeness: float, has_drums: bool) -> Arrangement:
    """Decide who plays.

    From an audio weight (``closeness``) of 0.5 up everything comes from the source. Below, its layers give
    way one after the other to players of ours, with equal power; at 0 none of it sounds. What the words add
    joins whatever the weight; what they leave out never plays.
    """
    near = min(1.0, 2 * closeness)
    body, colour, pulse = (_ramp(near, *reach) for reach in (_BODY, _COLOUR, _PULSE))
    joining = {Role.BASS: _rest(body), **dict.fromkeys(_LEADS, _rest(colour))}
    if has_drums:
        joining[Role.DRUMS] = _rest(pulse)
    pulse *= 10 ** (direction.drums_db / 20)
    strength = direction.strength
    if strength > 0:
        added = 10 ** (_FAINTEST_DB * (1 - strength) / 20)
        for role in [*direction.adds, *([Role.DRUMS] if direction.names_drums and not has_drums else [])]:
            joining[role] = max(joining.get(role, 0.0), added)
    is_half_time = direction.is_half_time and strength >= _HALF_TIME_FROM
    if is_half_time and has_drums:
        joining[Role.DRUMS], pulse = 1.0, 0.0
    if near == 0:
        joining |= {role: 1.0 for role in Role if role not in joining and role is not Role.DRUMS}
    return Arrangement(
        body=body,
        colour=colour,
        pulse=pulse,
        joining={role: gain for role, gain in joining.items() if gain > 0 and role not in direction.without},
        is_half_time=is_half_time,
        tutti=near == 0,
    )


def _ramp(near: float, gone: float, whole: float) -> float:
    return float(np.sin(np.pi / 2 * np.clip((near - gone) / (whole - gone), 0, 1)))


def _rest(gain: float) -> float:
    """Return the gain that keeps the power together with another."""
    return float(np.sqrt(max(0.0, 1 - gain**2)))
