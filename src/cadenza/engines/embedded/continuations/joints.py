"""Where a new part goes: after a recording, before it, or in the place of a section of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from cadenza.audio.signal import Samples, Signal
from cadenza.domain.errors import SourceUnusable
from cadenza.domain.request import Side
from cadenza.engines.embedded.continuations.mirror import (
    LATE_S,
    mirrored,
    mirrored_portrait,
    mirrored_samples,
)
from cadenza.engines.embedded.continuations.recombiner import SEAM_FADE_S
from cadenza.engines.embedded.mix.ride import ridden_in
from cadenza.engines.embedded.mix.seam import join
from cadenza.engines.embedded.plan.homeward import lead_back
from cadenza.engines.embedded.plan.places import best_seam
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Itinerary, Quoted

_HEARD_AFTER_S = 20.0
_SHORTEST_SECTION_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The whole song, the new part of it alone, and where it and the source meet first."""

    signal: Signal
    new_part: Signal
    joined_at_s: float


class Joint(Protocol):
    """A place for a new part, in the view of those who make it: it goes on from ``seam_s`` of ``source``.

    ``source`` and ``portrait`` may be mirror images (``is_mirrored``). ``seconds`` is how long the new
    part must be, None where that is free. ``within_s`` is the stretch to quote from, None for the usual one.
    With ``keeps_time`` its beats lie where those of the source do.
    ``kept`` is what a listener hears first, whatever will be made.
    """

    source: Signal
    portrait: Portrait
    seam_s: float
    seconds: float | None
    within_s: tuple[float, float] | None
    is_mirrored: bool
    keeps_time: bool

    @property
    def kept(self) -> Signal:
        """The untouched beginning of the song."""
        ...

    def led(self, journey: Itinerary) -> Itinerary:
        """Return the journey as this place needs it to end."""
        ...

    def quoted(self, one: Quoted) -> Quoted:
        """Return what was quoted in seconds of the song and the source as they are heard."""
        ...

    def joined(self, new: Samples) -> Joined:
        """Put the new part, (channels, samples) with the crossfade before it, in its place."""
        ...


def joint_for(
    source: Signal,
    portrait: Portrait,
    *,
    from_s: float | None,
    until_s: float | None,
    side: Side,
    context_s: float | None,
) -> Joint:
    """Return where the new part goes.

    Raises
    ------
    SourceUnusable
        If the section to be replaced does not lie inside the recording.
    """
    if until_s is not None and (from_s or 0.0) <= portrait.music_start_s:
        return Before(source, portrait, until_s, context_s, seconds=until_s)
    if until_s is not None:
        return Between(source, portrait, from_s or 0.0, until_s, context_s)
    if side is Side.LEFT:
        return Before(source, portrait, from_s, context_s)
    return After(source, portrait, best_seam(portrait) if from_s is None else from_s, context_s)


def _on_sample(time_s: float, source: Signal) -> float:
    return float(np.clip(round(time_s * source.sample_rate), 0, source.sample_count)) / source.sample_rate


class After:
    """Behind what is kept of the recording."""

    is_mirrored = False
    keeps_time = False
    seconds: float | None = None

    def __init__(self, source: Signal, portrait: Portrait, from_s: float, context_s: float | None) -> None:
        self.source, self.portrait = source, portrait
        self.seam_s = _on_sample(from_s, source)
        end_s = min(self.seam_s, portrait.music_end_s)
        self.within_s = None if context_s is None else (max(0.0, end_s - context_s), end_s)

    @property
    def kept(self) -> Signal:
        """The untouched beginning of the song."""
        rate = self.source.sample_rate
        at = round(self.seam_s * rate)
        return Signal(self.source.samples[:, : at - min(at, round(SEAM_FADE_S * rate))], rate)

    def led(self, journey: Itinerary) -> Itinerary:
        """Return the journey: it may end anywhere."""
        return journey

    def quoted(self, one: Quoted) -> Quoted:
        """Return what was quoted: its places are those of the song already."""
        return one

    def joined(self, new: Samples) -> Joined:
        """Return the source up to the seam, then the new part."""
        whole = join(self.source, new, at_s=self.seam_s, crossfade_s=SEAM_FADE_S)
        part = whole.samples[:, round(self.seam_s * whole.sample_rate) :].copy()
        return Joined(signal=whole, new_part=Signal(part, whole.sample_rate), joined_at_s=self.seam_s)


class Before:
    """In front of the recording: made in the mirror, as what goes on after its beginning.

    Without a place the whole recording is kept from where its music begins.
    """

    is_mirrored = True
    keeps_time = False

    def __init__(
        self,
        source: Signal,
        portrait: Portrait,
        from_s: float | None,
        context_s: float | None,
        *,
        seconds: float | None = None,
    ) -> None:
        self.seconds, self._made_s = seconds, 0.0
        if from_s is None:
            from_s = max(0.0, portrait.music_start_s - LATE_S)
        self.source = mirrored(source)
        self.portrait = mirrored_portrait(portrait)
        self._after = After(self.source, self.portrait, source.duration_s - from_s, context_s)
        self.seam_s, self.within_s = self._after.seam_s, self._after.within_s

    @property
    def kept(self) -> Signal:
        """Nothing: the song begins with what is new."""
        return Signal(self.source.samples[:, :0], self.source.sample_rate)

    def led(self, journey: Itinerary) -> Itinerary:
        """Return the journey: it may end anywhere."""
        return journey

    def quoted(self, one: Quoted) -> Quoted:
        """Return what was quoted, out of the mirror."""
        until_s = one.at_s - self.seam_s + one.length_s
        return replace(
            one,
            at_s=self._made_s - until_s,
            source_s=self.source.duration_s - one.source_s - one.length_s,
        )

    def joined(self, new: Samples) -> Joined:
        """Return the new part, then the source from the seam on."""
        there = self._after.joined(new)
        part = mirrored(there.new_part)
        self._made_s = part.duration_s
        return Joined(signal=mirrored(there.signal), new_part=part, joined_at_s=part.duration_s)


class Between:
    """In the place of a section: it goes on from the seam and leads back into what follows."""

    is_mirrored = False
    keeps_time = True

    def __init__(
        self, source: Signal, portrait: Portrait, from_s: float, until_s: float, context_s: float | None
    ) -> None:
        self.source, self.portrait = source, portrait
        self.seam_s, self.until_s = _on_sample(from_s, source), _on_sample(until_s, source)
        if self.until_s - self.seam_s < _SHORTEST_SECTION_S:
            raise SourceUnusable(
                f"The section to replace must lie inside the {source.duration_s:.2f} s of the recording "
                f"and last at least {_SHORTEST_SECTION_S:g} s."
            )
        self.seconds: float | None = self.until_s - self.seam_s
        self._quotable = self._within(context_s)
        self.within_s: tuple[float, float] | None = self._quotable

    def _within(self, context_s: float | None) -> tuple[float, float]:
        """Return the longer of what comes before and after the section: what is replaced is not quoted."""
        start_s, end_s = self.portrait.music_start_s, self.portrait.music_end_s
        if self.seam_s - start_s >= end_s - self.until_s:
            return (start_s if context_s is None else max(0.0, self.seam_s - context_s), self.seam_s)
        return (self.until_s, end_s if context_s is None else min(end_s, self.until_s + context_s))

    @property
    def kept(self) -> Signal:
        """The untouched beginning of the song."""
        return After(self.source, self.portrait, self.seam_s, None).kept

    def led(self, journey: Itinerary) -> Itinerary:
        """Let the journey lead into what follows the section."""
        return lead_back(
            journey, self.portrait, seam_s=self.seam_s, until_s=self.until_s, within_s=self._quotable
        )

    def quoted(self, one: Quoted) -> Quoted:
        """Return what was quoted: its places are those of the song already."""
        return one

    def joined(self, new: Samples) -> Joined:
        """Return the source up to the seam, the new part, and the source again; its length stays the same."""
        rate = self.source.sample_rate
        first = join(self.source, self._led_back(new), at_s=self.seam_s, crossfade_s=SEAM_FADE_S)
        at, until = (round(time_s * rate) for time_s in (self.seam_s, self.until_s))
        fade = min(round(SEAM_FADE_S * rate), until - at)
        # Joined from behind: what follows the section is the one that is kept bit by bit.
        rest = mirrored(Signal(self.source.samples[:, until - fade :], rate))
        new_part = mirrored_samples(first.samples[:, at:until])
        back = join(rest, new_part, at_s=rest.sample_count / rate, crossfade_s=fade / rate)
        samples = np.concatenate([first.samples[:, :at], mirrored_samples(back.samples)], axis=1)
        whole = Signal(samples, rate)
        return Joined(
            signal=whole, new_part=Signal(samples[:, at:until].copy(), rate), joined_at_s=self.seam_s
        )

    def _led_back(self, new: Samples) -> Samples:
        """Bring the bands of the new part to their levels after the section, over its last seconds."""
        after = self.source.between(self.until_s, self.until_s + _HEARD_AFTER_S)
        ridden = ridden_in(mirrored_samples(new), mirrored(after), lead_in_s=0.0)
        return mirrored_samples(ridden)
