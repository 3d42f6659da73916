"""What a new song sings: the caller's words, or words written from the prompt, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cadenza.domain.request import Described, GenerationRequest, Specified, Voice
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line, Lyrics
from cadenza.words.reading import read_lyrics
from cadenza.words.themes import themes
from cadenza.words.writing import write_lyrics

_SINGING = r"(?:vocals?|vocalists?|voices?|sing(?:ing|ers?)|lyrics|words)"
_NO_SINGING = re.compile(
    rf"\binstrumentals?\b|\b(?:no|without(?:\s+any)?|minus)\s+(?:\w+\s+)?{_SINGING}\b|\bwordless\b"
    r"|\bkaraoke\b|\bunaccompanied\b|\bsolo\s(?!and\b|with\b|in\b|over\b|at\b|section\b|part\b)\w",
    re.IGNORECASE,
)
_NOT_WITHOUT = re.compile(
    r"\b(?:not|isn't|no)\s+(?:an?\s+)?instrumentals?\b|\b(?:vocal|voice)\s+solo", re.IGNORECASE
)
_AVOIDED = re.compile(rf"\s*(?:any |all |lead |human |sung )*{_SINGING}\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Libretto:
    """The words of one take.

    ``text`` is what readers see, ``read`` how it is sung, None where nobody sings. ``is_own`` tells
    that we wrote it, under ``title``; ``theme`` are the words of a prompt that its subject answers to.
    ``silence`` is why nobody sings although words were given or a voice was asked for.
    """

    text: str = ""
    read: Lyrics | None = None
    is_own: bool = False
    title: str = ""
    theme: frozenset[str] = frozenset()
    silence: str = ""

    def heard(self, unsung: Sequence[Line]) -> str:
        """Return the words as readers see them; of our own, those without room are left out."""
        return _without_last(self.text, len(unsung)) if self.is_own else self.text

    def understands(self, word: str) -> bool:
        """Answer whether the words answer to a word of the prompt."""
        return self.is_own and (
            word in self.theme or re.search(rf"\b{re.escape(word)}", self.text, re.IGNORECASE) is not None
        )


def find_words(request: GenerationRequest, dice: Dice) -> Libretto:
    """Return the words that a new song sings; for a description they are written from the seed."""
    if not isinstance(request.wish, Described) or _silence(request):
        return given_words(request)
    return _written(request.wish.prompt, dice, request.duration_s)


def words_over(request: GenerationRequest, dice: Dice, duration_s: float) -> Libretto:
    """Return what is sung over a recording: the words given, else words written from the description."""
    wish = request.wish
    about = wish.description if isinstance(wish, Specified) and not wish.lyrics else None
    return given_words(request) if not about or _silence(request) else _written(about, dice, duration_s)


def _written(prompt: str, dice: Dice, duration_s: float | None) -> Libretto:
    written = write_lyrics(prompt, seed=dice.seed, variant=dice.take_index, duration_s=duration_s)
    return Libretto(
        text=written.text,
        read=read_lyrics(written.text),
        is_own=True,
        title=written.title,
        theme=themes()[written.theme].words,
    )


def given_words(request: GenerationRequest) -> Libretto:
    """Return the words that the caller wrote; the continuation of a recording sings no others."""
    text = (request.wish.lyrics or "").strip() if isinstance(request.wish, Specified) else ""
    read = read_lyrics(text)
    nothing = "they hold no words that can be sung" if text else "there are no words to sing"
    silence = _silence(request) or ("" if read.lines else nothing)
    return Libretto(text=text, read=None if silence else read, silence=silence)


def _silence(request: GenerationRequest) -> str:
    """Return why nobody may sing; empty where somebody may."""
    if request.voice is Voice.NOBODY:
        return "an instrumental was asked for; section tags shape its form"
    if any(_AVOIDED.fullmatch(part) for part in re.split(r"[,;\n]", request.avoid)):
        return "the negative tags keep voices out"
    if isinstance(request.wish, Described):
        prompt = _NOT_WITHOUT.sub(" ", request.wish.prompt)
        if _NO_SINGING.search(prompt):
            return "the prompt asks for music without a voice"
    return ""


def _without_last(text: str, count: int) -> str:
    """Leave out the last ``count`` sung lines, and tags that then stand over nothing."""
    lines = text.splitlines()
    for index in reversed([i for i, line in enumerate(lines) if line and not line.startswith("[")]):
        if count == 0:
            break
        del lines[index]
        count -= 1
    while lines and (not lines[-1] or lines[-1].startswith("[")):
        del lines[-1]
    return "\n".join(lines)
