"""What a prompt asks the lyric writer for: a theme, a subject in its own words, a title, a viewpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cadenza.words.draw import Draw
from cadenza.words.reading import read_line
from cadenza.words.themes import FALLBACK, Theme, manual, themes

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 - as phones write it
_ABOUT = re.compile(r"\babout\s+(?P<rest>[^.,;:!?\n\[\]()\"]{1,80})", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(?P<rest>(?:my|our)\s[^.,;:!?\n\[\]()\"]{1,60}|[A-Z][a-z]+)")
_CALLED = re.compile(
    r"\b(?:called|titled|named|title:?)\s+[\"“']?(?P<rest>[^\"”.,;:!?\n\[\]]{1,60})", re.IGNORECASE
)
_SINGABLE = re.compile(r"[A-Za-z' -]+")
_MOST_WORDS, _MOST_SYLLABLES = 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. ``subject`` and ``title`` are empty where the prompt names none."""

    theme: Theme
    subject: str
    title: str
    is_we: bool
    is_wordy: bool


def read_wish(prompt: str, style: str, draw: Draw) -> Wish:
    """Read a prompt: most of its words decide the theme, the first of them where two themes have as many.

    What it leaves open is drawn.
    """
    words = [word.lower() for word in _WORD.findall(prompt)]
    matches = {name: sum(word in theme.words for word in words) for name, theme in themes().items()}
    subject = _subject(prompt)
    most = max(matches.values())
    if most:
        tied = [name for name, count in matches.items() if count == most]
        name = next(name for word in words for name in tied if word in themes()[name].words)
    else:
        name = FALLBACK if subject else draw.one(manual().usual)
    theme = themes()[name]
    if subject and all(word in theme.words | _ARTICLES for word in subject.lower().split()):
        subject = ""
    return Wish(
        theme=theme,
        subject=subject,
        title=_title(prompt),
        is_we=bool(manual().we.intersection(words)),
        is_wordy=bool(manual().wordy.intersection(re.split(r"[^\w-]+", f"{prompt} {style}".lower()))),
    )


_OWNERS = frozenset(("a", "an", "the", "my", "our"))
_ARTICLES = frozenset(
    ("a", "an", "the", "my", "our", "old", "new", "big", "little", "falling", "first", "true")
)


def _subject(prompt: str) -> str:
    """Return what the song is about, as a name of a thing that a line can carry; else nothing."""
    found = _ABOUT.search(prompt) or _FOR.search(prompt)
    words = found["rest"].split() if found else []
    kept: list[str] = []
    for word in words:
        if word.lower() in manual().until:
            break
        kept.append(word)
    if len(kept) > 2 and kept[0].endswith("ing") and kept[1].lower() in _OWNERS:
        kept = kept[1:]  # "losing my dog" is about "my dog"
    text = " ".join(kept)
    if not kept or len(kept) > _MOST_WORDS or not _SINGABLE.fullmatch(text):
        return ""
    if kept[0].lower() in manual().not_about or kept[-1].lower() in _ARTICLES:
        return ""
    return text if len(read_line(text).syllables) <= _MOST_SYLLABLES else ""


def _title(prompt: str) -> str:
    found = _CALLED.search(prompt)
    words = found["rest"].split() if found else []
    return " ".join(words) if 0 < len(words) <= _MOST_WORDS else ""
