"""The voice's way through the pipeline: singers and vocal production, a line at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cadenza.domain.request import Voice
from cadenza.domain.task import LyricLine, LyricWord
from cadenza.engines.embedded.mix.vocals import produced
from cadenza.engines.embedded.sing.choir import Choir
from cadenza.engines.embedded.sing.voice import SAMPLE_RATE
from cadenza.music.dice import Dice
from cadenza.music.vocal import Compass, TimedLine

VOCALS: Final = "vocals"  # the stem's name
_BEFORE_S = 1.5  # more than breath and consonants before a line's first vowel ever take
_HIGH_WORDS = re.compile(r"\b(female|wom[ae]n|girl|soprano|alto)\b", re.IGNORECASE)
_LOW_WORDS = re.compile(r"\b(male|m[ae]n|boy|tenor|baritone|bass voice)\b", re.IGNORECASE)
_ANY_SINGER = re.compile(r"(voice|vocals?|vocalist|singer|singing|sings|sung)", re.IGNORECASE)


def compass_of(voice: Voice, style: str, dice: Dice) -> Compass:
    """Return who sings: as asked, else as the style says, else one of the two by chance per order."""
    if voice is Voice.FEMALE or (voice is not Voice.MALE and _HIGH_WORDS.search(style)):
        return Compass.HIGH
    if voice is Voice.MALE or _LOW_WORDS.search(style):
        return Compass.LOW
    return (Compass.LOW, Compass.HIGH)[int(dice.shared.named("who sings").integers(2))]


def speaks_of_singers(word: str) -> bool:
    """Answer whether a word of a description says that somebody sings, or who."""
    return any(words.fullmatch(word) for words in (_HIGH_WORDS, _LOW_WORDS, _ANY_SINGER))


def lines_of(sung: Sequence[TimedLine]) -> tuple[LyricLine, ...]:
    """Return what readers are told of lines as sung: the times of each line and of its words."""
    return tuple(
        LyricLine(text=line.line.text, start_s=line.begin_s, end_s=line.end_s, words=_words_of(line))
        for line in sung
    )


def _words_of(line: TimedLine) -> tuple[LyricWord, ...]:
    syllables = iter(line.syllables)
    words = []
    for word in line.line.words:
        own = [next(syllables) for _ in word.syllables]
        words.append(LyricWord(text=word.text, start_s=own[0].begin_s, end_s=own[-1].end_s))
    return tuple(words)


class VocalTrack:
    """Sings lines shortly before they are needed.

    ``lay`` gets each, shape (2, samples), and the sample where it begins, which may be negative.
    ``between`` is called before each line; what it raises ends the work. ``genre`` decides between
    singing and rap, and what is called after a line.
    """

    def __init__(
        self,
        lines: Sequence[TimedLine],
        compass: Compass,
        dice: Dice,
        lay: Callable[[NDArray[np.float32], int], None],
        between: Callable[[], None],
        genre: str = "",
    ) -> None:
        self._lines = lines
        self._choir = Choir(compass, dice, genre=genre)
        self._lay = lay
        self._between = between
        self._next = 0

    def sing_until(self, end: int) -> None:
        """Sing all lines that may sound before sample ``end``; whole lines, also beyond it."""
        while self._next < len(self._lines):
            line = self._lines[self._next]
            if (line.begin_s - _BEFORE_S) * SAMPLE_RATE >= end:
                return
            self._between()
            self._sing(line)
            self._next += 1

    def _sing(self, line: TimedLine) -> None:
        following = self._lines[self._next + 1 : self._next + 2]
        free_s = following[0].begin_s - line.end_s if following else 0.0
        sung = self._choir.sing(line, self._next, free_s)
        self._lay(produced(sung.lead, sung.others, SAMPLE_RATE), sung.begin)
