"""The embedded engine: one order to songs or continuations, take by take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Abilities
from cadenza.domain.provenance import DigitalSource
from cadenza.domain.request import Continuation, ExtraFile, Side, Voice
from cadenza.engines.embedded.continuations.continuation import (
    ContinuedTake,
    continue_recording,
    hand_out,
    listen,
)
from cadenza.engines.embedded.continuations.glimpse import OPENING_S, around_join, honoured_around
from cadenza.engines.embedded.continuations.overlay import lay_over
from cadenza.engines.embedded.continuations.singing_on import Song
from cadenza.engines.embedded.continuations.told import honoured_continuation
from cadenza.engines.embedded.continuations.told_overlay import honoured_overlay
from cadenza.engines.embedded.hearing import version_of, with_voice
from cadenza.engines.embedded.honoured import honoured_song
from cadenza.engines.embedded.memory import Memory
from cadenza.engines.embedded.names import continuation_plan
from cadenza.engines.embedded.plan.direction import read_direction
from cadenza.engines.embedded.plan.ending import Ending, wanted_ending
from cadenza.engines.embedded.songs.libretto import given_words, words_over
from cadenza.engines.embedded.songs.song import SongPlan, make_song, plan_song
from cadenza.engines.protocol import Listener, Order, Rendition, TakePlan
from cadenza.music.dice import Dice
from cadenza.music.findings import FINDINGS_VERSION
from cadenza.music.portrait import Portrait
from cadenza.packs.shelf import Shelf

NAME: Final = "embedded"
VERSION: Final = "5"
_LISTENING_SHARE: Final = 0.25
_APART_S: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedEngine:
    """``Engine`` on a CPU, without weights. ``song_s`` and ``extend_s`` are lengths where none is asked.

    ``shelf`` has the packs that it may hear with; ``memory`` keeps what it heard in sources that have
    a digest.
    """

    song_s: float | None = None
    extend_s: float | None = None
    shelf: Shelf | None = None
    memory: Memory | None = None

    @property
    def name(self) -> str:
        """Name as in ``CADENZA_ENGINE``."""
        return NAME

    @property
    def version(self) -> str:
        """Changes whenever the same order may give other bytes."""
        return VERSION + version_of(self.shelf)

    @property
    def abilities(self) -> Abilities:
        """What this engine can do."""
        return Abilities(
            sings=True, makes_songs=True, continues_audio=True, longest_s=480.0, longest_source_s=960.0
        )

    def render(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        """Yield the asked takes in their order; see ``Engine``."""
        where = order.request.continuation
        if where is not None and where.overlay is not None:
            yield from self._overlays(order, listener)
        elif order.source is not None:
            yield from self._continuations(order, listener)
        else:
            yield from self._songs(order, listener)

    def _songs(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        request = order.request
        if request.duration_s is None and self.song_s is not None:
            request = dataclasses.replace(request, duration_s=self.song_s)
        songs = [plan_song(request, seed=order.seed, take_index=index) for index in order.take_indices]
        plans = [
            TakePlan(take_index=index, title=song.title, style=song.style, lyrics=song.lyrics)
            for index, song in zip(order.take_indices, songs, strict=True)
        ]
        for plan in plans:
            listener.planned(plan)
        for place, (plan, song) in enumerate(zip(plans, songs, strict=True)):
            part = _Part(listener, plan.take_index, place, len(plans))
            # Nothing here keeps a finished take: a long one beside the next would be much.
            yield _song_of(order, plan, song, part)

    def _continuations(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        assert order.source is not None
        request = order.request
        assert request.continuation is not None, "an order with a source is a continuation"
        plans = [continuation_plan(order, index) for index in order.take_indices]
        for plan in plans:
            listener.planned(plan)
        listener.progress("listening", 0.0)
        source = order.source
        portrait = self._recalled(order, "", lambda: listen(source))
        where = request.continuation
        goes_on = where.until_s is None and where.side is Side.RIGHT
        ending = wanted_ending(request, portrait) if goes_on else Ending.OPEN
        direction = read_direction(request)
        libretto = given_words(request)
        is_sung = libretto.read and not request.seam_only
        song = Song(libretto=libretto, request=request) if is_sung else None
        if libretto.read or request.voice is Voice.NOBODY:
            portrait = self._sung_in(order, portrait, listener)
        for place, plan in enumerate(plans):
            part = _Part(listener, plan.take_index, place, len(plans), before=_LISTENING_SHARE)
            made = continue_recording(
                order.source,
                from_s=where.from_s,
                until_s=where.until_s,
                side=where.side,
                context_s=where.context_s,
                new_part_s=request.duration_s or self.extend_s,
                seed=order.seed,
                take_index=plan.take_index,
                controls=request.controls,
                progress=part.progress,
                should_stop=listener.should_stop,
                preview=_unheard if request.seam_only else part.preview,
                portrait=portrait,
                ending=ending,
                direction=direction,
                song=song,
                opening_s=OPENING_S if request.seam_only else None,
            )
            honoured = honoured_continuation(request, portrait, ending, libretto, direction, made)
            if request.seam_only:
                honoured, made = honoured_around(honoured, made), _excerpt(made, where)
                part.preview(made.signal)
            yield Rendition(
                plan=plan,
                signal=made.signal,
                seed=order.seed,
                bpm=made.bpm,
                key=made.key,
                loudness_lufs=integrated_lufs(made.signal),
                new_part=made.new_part,
                joined_at_s=made.joined_at_s,
                source=DigitalSource.COMPOSITE,
                lines=made.lines,
                quoted=made.quoted,
                honoured=honoured,
            )

    def _sung_in(self, order: Order, portrait: Portrait, listener: Listener) -> Portrait:
        """Return the portrait with where somebody sings, as far as there are ears for it."""
        source, ears = order.source, version_of(self.shelf)
        if source is None or not ears:
            return portrait
        return self._recalled(
            order, ears, lambda: with_voice(portrait, source, self.shelf, listener.should_stop)
        )

    def _recalled(self, order: Order, ears: str, hear: Callable[[], Portrait]) -> Portrait:
        """Return what was heard in this source before, by the same ears; else hear, and remember it."""
        if self.memory is None or order.source_sha256 is None:
            return hear()
        name = f"{order.source_sha256}-{FINDINGS_VERSION}-{VERSION}{ears}"
        if (known := self.memory.find(name)) is not None:
            return known
        portrait = hear()
        if not ears or portrait.voice is not None:  # with a damaged pack no voice is heard
            self.memory.keep(name, portrait)
        return portrait

    def _overlays(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        assert order.source is not None
        source, request = order.source, order.request
        dice = [Dice(order.seed, index) for index in order.take_indices]
        libretti = [words_over(request, one, source.duration_s) for one in dice]
        plans = [
            dataclasses.replace(continuation_plan(order, one.take_index), lyrics=libretto.text)
            for one, libretto in zip(dice, libretti, strict=True)
        ]
        for plan in plans:
            listener.planned(plan)
        listener.progress("listening", 0.0)
        portrait = self._recalled(order, "", lambda: listen(source))
        for place, (plan, libretto) in enumerate(zip(plans, libretti, strict=True)):
            part = _Part(listener, plan.take_index, place, len(plans), before=_LISTENING_SHARE)
            part.progress("overlay", 0.0)
            song = Song(libretto=libretto, request=request)
            made = lay_over(source, portrait, song, dice[place], listener.should_stop)
            hand_out(made.signal, part.preview)
            yield Rendition(
                plan=plan,
                signal=made.signal,
                seed=order.seed,
                bpm=portrait.pulse.bpm if portrait.pulse.steady else None,
                key=str(portrait.key),
                loudness_lufs=integrated_lufs(made.signal),
                new_part=made.added,
                source=DigitalSource.COMPOSITE,
                lines=made.lines,
                honoured=honoured_overlay(song, portrait, made),
            )


def _song_of(order: Order, plan: TakePlan, song: SongPlan, part: _Part) -> Rendition:
    made = make_song(
        song,
        progress=part.progress,
        should_stop=part.listener.should_stop,
        preview=part.preview,
        keeps_stems=ExtraFile.STEMS in order.request.extra_files,
    )
    return Rendition(
        plan=plan,
        signal=made.signal,
        seed=order.seed,
        bpm=made.bpm,
        key=made.key,
        loudness_lufs=integrated_lufs(made.signal),
        stems=made.stems,
        lines=made.lines,
        honoured=honoured_song(order.request, song),
        brief=song.brief,
        score=made.score,
    )


def _excerpt(made: ContinuedTake, where: Continuation) -> ContinuedTake:
    # A section that begins with the music is led into like the recording itself.
    is_first = where.until_s is not None and made.joined_at_s > (where.from_s or 0.0) + _APART_S
    return around_join(made, leads_in=where.side is Side.LEFT or is_first)


def _unheard(_chunk: Signal) -> None:
    """Hear nothing of a take whose join alone is wanted."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One take's share of the whole order's progress."""

    listener: Listener
    take_index: int
    place: int
    count: int
    before: float = 0.0

    def progress(self, stage: str, fraction: float) -> None:
        done = (self.place + fraction) / self.count
        self.listener.progress(stage, self.before + (1 - self.before) * done)

    def preview(self, chunk: Signal) -> None:
        self.listener.preview(self.take_index, chunk)
