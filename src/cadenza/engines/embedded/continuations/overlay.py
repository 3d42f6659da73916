"""Something new over a recording that stays whole: a lead to its music, or players under its voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Samples, Signal
from cadenza.domain.errors import Stopped
from cadenza.domain.request import GenerationRequest, Overlay, Specified
from cadenza.domain.task import LyricLine
from cadenza.engines.embedded.compose.along import ACCOMPANISTS
from cadenza.engines.embedded.continuations.company import Company, grid_of, play_along
from cadenza.engines.embedded.continuations.singing_on import Song, sing_over
from cadenza.engines.embedded.mix.ring import faded_out
from cadenza.engines.embedded.mix.seam import power
from cadenza.engines.embedded.plan.brief.words import read_wishes
from cadenza.engines.embedded.plan.sung_path import path_over
from cadenza.music.brief import Role
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Itinerary, Span

_PHRASE_BARS = 4
_LAST_BREATH_S = 0.3  # after the last note that is sung
_BEHIND_DB = 8.0  # the players, behind the recording: by loudness and by power
_LONGEST_FADE_S = 3.0
_HIGHEST_PEAK = 0.9
_ENTRY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaid:
    """A recording with what was laid over it, and that alone; both are as long as the recording.

    ``lines`` are sung, in seconds of the recording, ``unsung`` had no room; ``joined_by`` are the roles
    that players of ours have.
    """

    signal: Signal
    added: Signal
    lines: tuple[LyricLine, ...] = ()
    unsung: tuple[Line, ...] = ()
    joined_by: frozenset[Role] = frozenset()


def lay_over(
    source: Signal, portrait: Portrait, song: Song, dice: Dice, should_stop: Callable[[], bool]
) -> Overlaid:
    """Lay over a recording what ``song.request`` asks for, on its beats, in its key and tuning.

    A lead enters where a phrase of the music begins, and the music makes room while somebody sings. Players
    stay 8 dB behind the recording, of which nothing changes but, where both would be too loud, its level.

    Raises
    ------
    Stopped
        Soon after ``should_stop`` answers true.
    """

    def heed() -> None:
        if should_stop():
            raise Stopped("The overlay was cancelled.")

    heed()
    where = song.request.continuation
    assert where is not None, "an overlay has a source"
    if where.overlay is Overlay.INSTRUMENTS:
        return _accompanied(source, portrait, song.request, dice, heed)
    if song.libretto.read is None:
        return Overlaid(signal=source, added=Signal(np.zeros_like(source.samples), source.sample_rate))
    return _sung(source, portrait, song, dice, heed)


def company_for(request: GenerationRequest) -> Company:
    """Return who accompanies: a whole rhythm group with the instruments named, less what is to be avoided."""
    words = request.wish.style if isinstance(request.wish, Specified) else ""
    wishes = read_wishes(words, request.avoid)
    wanted = [w for w in wishes.instruments if not {w.role.value, w.name} & wishes.avoid]
    roles = {w.role for w in wanted} if wishes.is_alone and wanted else set(ACCOMPANISTS)
    return Company(
        roles=frozenset(role for role in roles if role in ACCOMPANISTS and role.value not in wishes.avoid),
        words=words,
        avoid=request.avoid,
        named={w.role: w.name for w in wanted if w.name and not w.name.startswith("*")},
        controls=request.controls,
        is_half_time=wishes.is_half_time,
    )


def _sung(source: Signal, portrait: Portrait, song: Song, dice: Dice, heed: Callable[[], None]) -> Overlaid:
    beats_s = portrait.pulse.beats_s
    marks = (np.arange(len(beats_s), dtype=np.float64), beats_s)
    path = path_over(_phrases(portrait), marks, portrait, portrait.music_end_s - _LAST_BREATH_S)
    over = sing_over(source, song, path, portrait, dice, heed)
    return Overlaid(
        signal=Signal(over.mix, source.sample_rate),
        added=Signal(over.voice, source.sample_rate),
        lines=over.lines,
        unsung=over.unsung,
    )


def _phrases(portrait: Portrait) -> tuple[Span, ...]:
    """Return the whole recording beat by beat as it is, cut where its phrases begin."""
    bar, count = portrait.metre.beats_per_bar, portrait.beat_count
    begun = portrait.beat_position(portrait.music_start_s) - 0.5
    first = next((int(beat) for beat in portrait.downbeats if beat >= begun), 0)
    cuts = sorted({0, count, *range(first, count, _PHRASE_BARS * bar)})
    return tuple(Span(start=float(a), length=float(b - a)) for a, b in pairwise(cuts))


def _accompanied(
    source: Signal, portrait: Portrait, request: GenerationRequest, dice: Dice, heed: Callable[[], None]
) -> Overlaid:
    rate, beats_s = source.sample_rate, portrait.pulse.beats_s
    whole = (Span(start=0.0, length=float(portrait.beat_count)),)
    marks = (np.arange(len(beats_s), dtype=np.float64), beats_s)
    grid = grid_of(
        Itinerary(body=whole, colour=whole, pulse=whole), portrait, seam_s=float(beats_s[0]), marks=marks
    )
    company = company_for(request)
    stems = {}
    if company.roles:
        stems = play_along(
            company, grid, dice, layout=source, lead_in_s=0.0, count=source.sample_count, between=heed
        )
    band = _within_music(sum(stems.values(), np.zeros_like(source.samples)), portrait, rate)
    band *= np.float32(_behind(source, band))
    peak = float(np.abs(source.samples + band).max(initial=1e-9))
    gain = np.float32(min(1.0, max(_HIGHEST_PEAK, float(np.abs(source.samples).max(initial=0.0))) / peak))
    return Overlaid(
        signal=Signal((source.samples + band) * gain, rate),
        added=Signal(band * gain, rate),
        joined_by=frozenset(stems),
    )


def _within_music(band: Samples, portrait: Portrait, rate: int) -> Samples:
    """Let the players begin with the bar in which the music begins, and fade out with it."""
    bar = portrait.metre.beats_per_bar
    into = (portrait.beat_position(portrait.music_start_s) + 0.5 - portrait.metre.first_downbeat) % bar - 0.5
    begin_s = portrait.seconds_at(portrait.beat_position(portrait.music_start_s) - into)
    count = band.shape[1]
    begin, end = (int(np.clip(round(s * rate), 0, count)) for s in (begin_s, portrait.music_end_s))
    entry = np.clip((np.arange(count) - begin) / (_ENTRY_S * rate), 0, 1) if begin else np.ones(count)
    kept = np.asarray(band * entry, dtype=np.float32)[:, :end]
    faded = faded_out(kept, seconds=min(_LONGEST_FADE_S, end / rate / 4), rate=rate)
    return np.pad(faded, ((0, 0), (0, count - end)))


def _behind(source: Signal, band: Samples) -> float:
    """Return the gain that puts the players behind the recording; 1 where nobody plays."""
    if power(band) == 0:
        return 1.0
    loudness_db = integrated_lufs(source) - integrated_lufs(Signal(band, source.sample_rate))
    power_db = 10 * np.log10(power(source.samples) / power(band))
    return float(10 ** ((min(loudness_db, power_db) - _BEHIND_DB) / 20))
