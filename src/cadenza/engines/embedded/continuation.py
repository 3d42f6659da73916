"""How a recording is continued: the one place that knows every stage of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cadenza.audio.signal import Samples, Signal
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Controls
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.mix.seam import blend, held_under, join
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.engines.embedded.recombine.assemble import assemble
from cadenza.engines.embedded.recombine.quote import beat_marks, quotes, section_gains
from cadenza.engines.embedded.recombine.separate import Separator
from cadenza.music.dice import Dice
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Layer

__all__ = ["ContinuedTake", "continue_recording", "listen"]

_CROSSOVER_HZ = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedTake:
    """A continuation: the joined song, its new part alone, where they meet, and what was heard."""

    signal: Signal
    new_part: Signal
    joined_at_s: float
    bpm: float | None
    key: str | None


def continue_recording(
    source: Signal,
    *,
    from_s: float | None,
    new_part_s: float | None,
    seed: int,
    take_index: int,
    controls: Controls,
    progress: Callable[[str, float], None],
    should_stop: Callable[[], bool],
    preview: Callable[[Signal], None],
    portrait: Portrait | None = None,
) -> ContinuedTake:
    def heed() -> None:
        if should_stop():
            raise Stopped("The continuation was cancelled.")

    portrait = portrait or listen(source)
    seam_s = from_s if from_s is not None else portrait.music_end_s
    seconds = new_part_s or 60.0
    dice = Dice(seed, take_index)
    journey = plan_journey(portrait, seam_s=seam_s, seconds=seconds, character=Character.of(controls), dice=dice)
    marks = beat_marks(journey.body, portrait)
    separator = Separator(source, crossover_hz=_CROSSOVER_HZ)
    fade_s = 0.04
    rate = source.sample_rate
    total: Samples | None = None
    for layer in Layer:
        sound = assemble(
            quotes(journey.of(layer), portrait, marks, section_gains(portrait, seam_s)), frozenset({layer}), separator, rate=rate,
            lead_in_s=fade_s, crossfade_s=fade_s if layer is not Layer.PULSE else 0.02, blend=blend, between=heed,
        )
        total = sound if total is None else total + sound
    new = total[:, : round((fade_s + seconds) * rate)]
    new = held_under(new, float(np.abs(source.samples).max()), rate)
    joined = join(source, new, at_s=seam_s, crossfade_s=fade_s)
    return ContinuedTake(
        signal=joined, new_part=Signal(np.ascontiguousarray(joined.samples[:, -round(seconds * rate):]), rate), joined_at_s=seam_s,
        bpm=portrait.pulse.bpm if portrait.pulse.steady else None, key=str(portrait.key),
    )
