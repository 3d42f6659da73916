"""Just the join: five seconds before it and five after, to try a place before a whole new part is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.engines.embedded.continuations.continuation import ContinuedTake

# More is made than is heard: levels and strokes are judged over it.
OPENING_S: Final = 8.0
_AROUND_S: Final = 5.0


def around_join(made: ContinuedTake, *, leads_in: bool) -> ContinuedTake:
    """Return what is heard of a take around its join, the times within that excerpt.

    ``leads_in``: the new part lies before the join.
    """
    at_s, rate = made.joined_at_s, made.signal.sample_rate
    first_s, last_s = max(0, round((at_s - _AROUND_S) * rate)) / rate, at_s + _AROUND_S
    new_from_s = max(first_s, at_s - made.new_part.duration_s) if leads_in else at_s
    new_until_s = at_s if leads_in else min(last_s, at_s + made.new_part.duration_s)
    return replace(
        made,
        signal=_copied(made.signal.between(first_s, last_s)),
        new_part=_copied(made.signal.between(new_from_s, new_until_s)),
        joined_at_s=at_s - first_s,
        quoted=tuple(replace(one, at_s=one.at_s - first_s) for one in made.quoted if one.at_s < last_s),
    )


def _copied(excerpt: Signal) -> Signal:
    """Return a copy: the whole take need not stay in memory."""
    return Signal(excerpt.samples.copy(), excerpt.sample_rate)


def honoured_around(told: Mapping[str, Honoured], made: ContinuedTake) -> dict[str, Honoured]:
    """Return what became of each field where only the join was made of ``made``, the whole take."""
    at_s = made.joined_at_s
    changed = {
        name: Honoured(fidelity=Fidelity.IGNORED, reason="nobody sings in a preview")
        for name in ("lyrics", "vocal_gender")
        if name in told
    }
    if "duration" in told:
        reason = "the new part is planned for this length; a preview has five seconds of it"
        changed["duration"] = Honoured(fidelity=Fidelity.APPROXIMATE, reason=reason)
    where = f"the join lies at {at_s:.2f} s of the take that would be made"
    return {**told, **changed, "preview": Honoured(fidelity=Fidelity.EXACT, reason=where)}
