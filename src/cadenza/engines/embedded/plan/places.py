"""Where the new part begins and how long it lasts, where the caller left that to us."""

from __future__ import annotations

import numpy as np

from cadenza.music.portrait import Portrait

_SHORTEST_S, _USUAL_S, _LONGEST_S = 40.0, 60.0, 90.0
_RINGING_BEATS = 0.3


def best_seam(portrait: Portrait) -> float:
    """Return the second of the last bar line of the music: no whole bar of it is given up.

    The very end is taken where it lies on a bar line already, or where there is no bar to count from.
    """
    end = portrait.beat_position(portrait.music_end_s)
    bar = portrait.metre.beats_per_bar
    passed = (end + _RINGING_BEATS - portrait.metre.first_downbeat) // bar
    line = portrait.metre.first_downbeat + passed * bar
    line_s = portrait.seconds_at(float(line)) if passed > 0 else portrait.music_end_s
    return float(min(line_s, portrait.duration_s))


def phrase_length(portrait: Portrait, seam_s: float, *, least_s: float = 0.0) -> float:
    """Return 40 to 90 s that end with an eight-bar period, counted from the seam's bar.

    About a minute, or ``least_s`` and a little more where that is longer (90 s at most).
    """
    usual_s = min(_LONGEST_S, max(_USUAL_S, least_s))
    bar = portrait.metre.beats_per_bar
    bar_s = bar * float(np.median(np.diff(portrait.pulse.beats_s)))
    into_bar = (portrait.beat_position(seam_s) - portrait.metre.first_downbeat) % bar
    if into_bar > bar - _RINGING_BEATS:
        into_bar = 0.0
    periods = np.arange(1, 200) * (4 if bar_s > 4 else 8)
    lengths_s = (periods - into_bar / bar) * bar_s
    fitting = lengths_s[(lengths_s >= _SHORTEST_S) & (lengths_s <= _LONGEST_S)]
    if not len(fitting):
        return usual_s
    if least_s > _USUAL_S:
        return float(min(fitting[fitting >= usual_s], default=fitting[-1]))
    return float(fitting[np.abs(fitting - usual_s).argmin()])
