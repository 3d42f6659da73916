"""A sung line over a continuation: words, tune, voice and mix, in the order of the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cadenza.audio.signal import Samples, Signal
from cadenza.domain.request import GenerationRequest, Specified
from cadenza.domain.task import LyricLine
from cadenza.engines.embedded.compose.vocal import set_words
from cadenza.engines.embedded.mix.overlay import laid_over
from cadenza.engines.embedded.mix.reverb import room
from cadenza.engines.embedded.perform.singing import timed_lines
from cadenza.engines.embedded.plan.brief.words import read_wishes
from cadenza.engines.embedded.plan.sung_path import SungPath, plan_sung_part
from cadenza.engines.embedded.sing.voice import SAMPLE_RATE
from cadenza.engines.embedded.songs.libretto import Libretto
from cadenza.engines.embedded.songs.tape import Tape
from cadenza.engines.embedded.songs.vocals import VocalTrack, compass_of, lines_of
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line
from cadenza.music.portrait import Portrait

_PLATE_S = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """What shall be sung over music that is there: the words and the request they come with."""

    libretto: Libretto
    request: GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SungOver:
    """Music with a voice: ``backing`` and ``voice`` add up to the mix, both (channels, samples).

    ``lines`` are in seconds of the music, ``unsung`` those for which there was no room.
    """

    backing: Samples
    voice: Samples
    lines: tuple[LyricLine, ...] = ()
    unsung: tuple[Line, ...] = ()

    @property
    def mix(self) -> Samples:
        """Both together."""
        return np.asarray(self.backing + self.voice, dtype=np.float32)


def sing_over(
    music: Signal,
    song: Song,
    path: SungPath | None,
    portrait: Portrait,
    dice: Dice,
    between: Callable[[], None],
) -> SungOver:
    """Sing over finished ``music`` in the bars of ``path``, whose seconds are those of the music.

    ``between`` is called before each line; what it raises ends the work.
    """
    words = song.libretto.read
    assert words is not None, "there are words to sing"
    silent = SungOver(backing=music.samples, voice=np.zeros_like(music.samples), unsung=words.lines)
    if path is None:
        return silent
    part = plan_sung_part(path, portrait, words, song.request, dice)
    style = song.request.wish.style if isinstance(song.request.wish, Specified) else ""
    compass = compass_of(song.request.voice, style, dice)
    tune = set_words(part.brief, part.slots, part.chords, compass, dice)
    if not tune:
        return silent
    sung = timed_lines(tune, path.seconds_at, tuning_semitones=portrait.tuning_semitones)
    count = round(music.duration_s * SAMPLE_RATE)
    tape = Tape(0, count)
    genre = next(iter(read_wishes(style, song.request.avoid).genres), "")
    VocalTrack(sung, compass, dice, tape.lay, between, genre).sing_until(count)
    backing, voice = laid_over(
        music,
        Signal(tape.take(count), SAMPLE_RATE),
        [(line.begin_s, line.end_s) for line in sung],
        plate=room(_PLATE_S, SAMPLE_RATE, dice.shared.named("plate")),
        echo_s=path.beat_s,
    )
    return SungOver(backing=backing, voice=voice, lines=lines_of(sung), unsung=part.unsung)
