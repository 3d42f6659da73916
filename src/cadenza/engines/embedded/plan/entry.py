"""Where the new part enters: what it costs to go on from each bar of the source."""

from __future__ import annotations

import numpy as np

from cadenza.engines.embedded.plan.ground import Ground
from cadenza.engines.embedded.plan.likeness import Likeness
from cadenza.engines.embedded.plan.steps import Steps, steps_to
from cadenza.music.portrait import Floats, Portrait

_CONTEXT = 1.6
_STEP, _WORST_STEP, _UNNOTICED = 0.2, 1.8, 0.7
_STUTTER_BARS = 3
_STUTTER, _PLAYING_ON = 1.0, 0.45


def entry_prices(ground: Ground, portrait: Portrait, likeness: Likeness, gains_db: Floats) -> Floats:
    """Return what it costs to enter at each bar of the ground, 1 = a joint between two arbitrary places.

    The bars before an entry should resemble those before the seam, and nothing in the join may step or
    strike harder than the recording itself does of late. ``gains_db`` is per beat.
    """
    last = len(likeness.joint) - 1
    entries = ground.bars + ground.pickup
    beats = np.minimum(np.round(entries).astype(int), last)
    context = likeness.joint[min(round(ground.seam), last), beats]
    return np.asarray(
        _CONTEXT * context + _price(entry_steps(ground, portrait, gains_db)) + _repetition(ground)
    )


def entry_steps(ground: Ground, portrait: Portrait, gains_db: Floats) -> Steps:
    """Measure the steps over the join for each bar of the ground, at the gains of the section plan."""
    entries = ground.bars + ground.pickup
    beats = np.minimum(np.round(entries).astype(int), len(gains_db) - 1)
    places_s = np.array([portrait.seconds_at(float(entry)) for entry in entries])
    end_s = min(portrait.seconds_at(ground.seam), portrait.music_end_s)
    return steps_to(places_s, portrait.moments, end_s, gains_db[beats])


def _price(steps: Steps) -> Floats:
    return np.asarray(_STEP * steps.total + _WORST_STEP * np.maximum(0, steps.worst - _UNNOTICED))


def _repetition(ground: Ground) -> Floats:
    """Nothing new comes of playing on, and the bars that have just sounded would stutter."""
    ago = (ground.due - np.arange(ground.count)) / ground.stride
    if ground.count <= 8 * ground.stride:
        return np.zeros(ground.count)
    just_heard = np.where((ago > 0) & (ago <= _STUTTER_BARS), _STUTTER, 0.0)
    return np.where(ago == 0, _PLAYING_ON, just_heard)
