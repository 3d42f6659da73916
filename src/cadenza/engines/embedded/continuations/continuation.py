"""How a recording is continued: the one place that knows every stage of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cadenza.audio.signal import Samples, Signal
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Controls, Side
from cadenza.domain.task import LyricLine
from cadenza.engines.embedded.continuations.joints import Joined, Joint, joint_for
from cadenza.engines.embedded.continuations.recombiner import SEAM_FADE_S, NewPart, Progress, Recombiner, Task
from cadenza.engines.embedded.continuations.singing_on import Song, SungOver, sing_over
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.mix.ring import faded_out, rung_out
from cadenza.engines.embedded.plan.direction import Direction
from cadenza.engines.embedded.plan.ending import Ending
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.engines.embedded.plan.leaning import leaning
from cadenza.engines.embedded.plan.places import phrase_length
from cadenza.engines.embedded.plan.sung_path import path_over, seconds_for
from cadenza.engines.embedded.recombine.quote import beat_marks
from cadenza.music.brief import Role
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Itinerary, Quoted

__all__ = ["ContinuedTake", "continue_recording", "hand_out", "listen"]

_PREVIEW_CHUNK_S = 5.0
_LEAST_KEY_CONFIDENCE = 0.03
_LAST_CHORD_S = 0.6  # of it are as recorded, then it rings
_LONGEST_FADE_S = 8.0
_LAST_BREATH_S = 0.3  # after the last note that is sung
_STAY = Direction(strength=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedTake:
    """A continuation: the joined song, its new part alone, where they meet, and what was heard.

    All samples of ``signal`` before ``joined_at_s`` less 40 ms are those of the source (those after
    ``joined_at_s`` and 40 ms, where it was a lead-in that was made). ``bpm`` is None
    for music without a steady pulse, ``key`` ("A minor") where no key stands out. ``has_drums`` tells of the
    source, ``joined_by`` are the roles that players of ours have in the new part. ``lines`` are sung in
    the new part, in seconds of ``signal``; ``unsung`` had no room. ``quoted`` is what comes from where.
    """

    signal: Signal
    new_part: Signal
    joined_at_s: float
    bpm: float | None
    key: str | None
    has_drums: bool
    joined_by: frozenset[Role]
    lines: tuple[LyricLine, ...] = ()
    unsung: tuple[Line, ...] = ()
    quoted: tuple[Quoted, ...] = ()


def continue_recording(  # noqa: PLR0913 - the words of one order, each named by the caller
    source: Signal,
    *,
    from_s: float | None,
    new_part_s: float | None,
    seed: int,
    take_index: int,
    controls: Controls,
    progress: Progress,
    should_stop: Callable[[], bool],
    preview: Callable[[Signal], None],
    portrait: Portrait | None = None,
    ending: Ending = Ending.OPEN,
    direction: Direction = _STAY,
    song: Song | None = None,
    until_s: float | None = None,
    side: Side = Side.RIGHT,
    context_s: float | None = None,
    opening_s: float | None = None,
) -> ContinuedTake:
    """Make the music of a recording go on from a second, in its own style.

    Parameters
    ----------
    source
        8 to 192 kHz, 1 or 2 channels; rate and layout are kept.
    from_s
        Where the new part begins; None chooses the end of the last whole bar of the music. On the left side:
        from where the source is kept, None is the beginning of its music.
    new_part_s
        Its length; None gives 40 to 90 s in whole phrases.
    take_index
        Takes of one seed are different ideas: later ones avoid the bars of the earlier.
    portrait
        What ``listen`` heard in this source, if that is known already.
    ending
        Whether the new part comes to an end, and how; by default it stops where it is full.
    direction
        Where the words want the music to go; by default on as it is.
    song
        What is sung over the new part, from its first phrase start on; None leaves it instrumental.
    until_s
        Where the source comes back: then the new part, of exactly that length, replaces what lies between.
    side
        LEFT makes a lead-in before the source instead. Nobody sings in it, and it does not end.
    context_s
        How much of the source next to the seam is quoted from (at least six bars); None is all before it.
    opening_s
        Make only so much of the new part, planned as if all of it were made. Where its length is fixed, and
        in a lead-in, it is all made.
    preview
        Gets the take in gapless chunks: what is kept before the new part at once, then the rest.

    Raises
    ------
    SourceUnusable
        If the source is silent, too short, or has too little music.
    Stopped
        As soon as ``should_stop`` answers true.
    """

    def heed() -> None:
        if should_stop():
            raise Stopped("The continuation was cancelled.")

    heed()
    progress("listen", 0.0)
    portrait = portrait or listen(source)
    heed()
    joint = joint_for(source, portrait, from_s=from_s, until_s=until_s, side=side, context_s=context_s)
    kept = joint.kept
    hand_out(kept, preview)
    progress("plan", 0.1)
    seconds = joint.seconds or new_part_s or _usual_length(joint.portrait, joint.seam_s, song)
    dice = Dice(seed, take_index)
    ending = Ending.OPEN if joint.is_mirrored or joint.seconds else ending
    journey = joint.led(
        plan_journey(
            joint.portrait,
            seam_s=joint.seam_s,
            seconds=seconds,
            character=Character.of(controls),
            dice=dice,
            ending=ending,
            within_s=joint.within_s,
            leaning=leaning(joint.portrait, direction),
        )
    )
    if opening_s is not None and joint.seconds is None and not joint.is_mirrored:
        journey, seconds = _opening(journey, joint.portrait, opening_s), min(seconds, opening_s)
        ending = Ending.OPEN
    task = Task(
        source=joint.source,
        portrait=joint.portrait,
        seam_s=joint.seam_s,
        controls=controls,
        direction=direction,
        dice=dice,
        is_mirrored=joint.is_mirrored,
        keeps_time=joint.keeps_time,
    )
    part = Recombiner(task, heed, progress).sound(journey, seconds)
    new, over = part.samples, None
    if song is not None and not joint.is_mirrored:
        progress("sing", 0.92)
        until_s = seconds if journey.home_s is None else min(seconds, journey.home_s)
        new, over = _sung(new, source, song, portrait, journey, until_s, dice, heed)
    joined = joint.joined(_ended(new, journey, ending, source.sample_rate))
    rest = joined.signal.samples[:, kept.sample_count :]
    hand_out(Signal(rest, source.sample_rate), preview)
    progress("join", 1.0)
    return _take(joint, joined, portrait, part, over)


def _opening(journey: Itinerary, portrait: Portrait, seconds: float) -> Itinerary:
    """Return the beats of a journey that begin within so many seconds."""
    beats, at_s = beat_marks(journey.body, portrait)
    return journey.until(float(beats[min(int(np.searchsorted(at_s, seconds)), len(beats) - 1)]))


def _usual_length(portrait: Portrait, seam_s: float, song: Song | None) -> float:
    words = None if song is None else song.libretto.read
    least_s = 0.0 if words is None else seconds_for(words, portrait)
    return phrase_length(portrait, seam_s, least_s=least_s)


def _sung(
    new: Samples,
    source: Signal,
    song: Song,
    portrait: Portrait,
    journey: Itinerary,
    until_s: float,
    dice: Dice,
    heed: Callable[[], None],
) -> tuple[Samples, SungOver]:
    """Sing over the new part; its crossfade, which lies before the join, stays as it is."""
    rate = source.sample_rate
    lead_in = round(SEAM_FADE_S * rate)
    path = path_over(journey.body, beat_marks(journey.body, portrait), portrait, until_s - _LAST_BREATH_S)
    over = sing_over(Signal(np.ascontiguousarray(new[:, lead_in:]), rate), song, path, portrait, dice, heed)
    return np.concatenate([new[:, :lead_in], over.mix], axis=1), over


def _ended(new: Samples, journey: Itinerary, ending: Ending, rate: int) -> Samples:
    """Let the last chord ring out, or everything fade, where the music comes to an end."""
    if journey.home_s is not None:
        at = round((SEAM_FADE_S + journey.home_s + _LAST_CHORD_S) * rate)
        return rung_out(new, at=min(at, new.shape[1]), rate=rate)
    if ending is Ending.FADE:
        return faded_out(new, seconds=min(_LONGEST_FADE_S, new.shape[1] / rate / 3), rate=rate)
    return new


def _take(
    joint: Joint, joined: Joined, portrait: Portrait, part: NewPart, over: SungOver | None
) -> ContinuedTake:
    seam_s, lines = joined.joined_at_s, () if over is None else over.lines
    return ContinuedTake(
        signal=joined.signal,
        new_part=joined.new_part,
        joined_at_s=seam_s,
        bpm=portrait.pulse.bpm if portrait.pulse.steady else None,
        key=str(portrait.key) if portrait.key.confidence > _LEAST_KEY_CONFIDENCE else None,
        has_drums=part.has_drums,
        joined_by=part.joined,
        lines=tuple(line.later(seam_s) for line in lines),
        unsung=() if over is None else over.unsung,
        quoted=tuple(joint.quoted(one) for one in part.quoted),
    )


def hand_out(signal: Signal, preview: Callable[[Signal], None]) -> None:
    """Give a stretch to the preview in chunks."""
    size = round(_PREVIEW_CHUNK_S * signal.sample_rate)
    for start in range(0, signal.sample_count, size):
        preview(Signal(signal.samples[:, start : start + size], signal.sample_rate))
