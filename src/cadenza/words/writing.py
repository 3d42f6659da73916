"""Lyrics from a prompt: couplets that make sense and rhyme, chosen and joined by a plan.

Every couplet in the data files is a pair of whole sentences that rhyme by the dictionary; the writer
chooses theme, viewpoint, hook, form and rhyme scheme, and keeps each line within two syllables of
the section's pattern. No line stands twice but in the chorus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cadenza.words.draw import Draw
from cadenza.words.reading import read_line
from cadenza.words.themes import FALLBACK, Couplet, Theme, manual, themes
from cadenza.words.wishes import Wish, read_wish

USUAL_S = 150.0  # how long a song is written for if nobody says
TOLERANCE = 2  # syllables that a line may differ from its section's pattern
_TAGS = {
    "intro": "Intro",
    "pre-chorus": "Pre-Chorus",
    "chorus": "Chorus",
    "bridge": "Bridge",
    "outro": "Outro",
}
_WE = (
    (re.compile(r"\bI was\b"), "we were"),
    (re.compile(r"\bI wasn't\b"), "we weren't"),
    (re.compile(r"\bI am\b"), "we are"),
    (re.compile(r"\bI'm\b"), "we're"),
    (re.compile(r"\bI\b"), "we"),
    (re.compile(r"\bme\b"), "us"),
)
_ONLY_MINE = re.compile(r"\b(?:my|mine|myself)\b|\b(?:me|I)$", re.IGNORECASE)
_I, _YOU = re.compile(r"\b(?:I|me)\b"), re.compile(r"\byou(?:r|rs|rself)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Lyrics with section tags, and how they were made.

    ``viewpoint`` is "I" or "we", ``scheme`` the rhymes of a verse ("AABB").
    """

    title: str
    text: str
    theme: str
    viewpoint: str
    scheme: str


def write_lyrics(
    prompt: str, *, style: str = "", seed: int = 0, variant: int = 0, duration_s: float | None = None
) -> Written:
    """Write lyrics for a song of about ``duration_s`` seconds; ``variant`` counts ideas for one prompt.

    The same arguments give the same lyrics. Any prompt gives lyrics; an empty one has its theme drawn.
    """
    wish = read_wish(prompt, style, Draw(seed, 0, "wish"))
    writer = _Writer(wish, seed, variant)
    return writer.write(USUAL_S if duration_s is None else duration_s)


class _Writer:
    """One song being written: which couplets are left, and the draws."""

    def __init__(self, wish: Wish, seed: int, variant: int) -> None:
        self._wish, self._seed, self._variant = wish, seed, variant
        self._draw = Draw(seed, variant, "song")
        self._used: set[str] = set()
        self._scheme = self._draw.one(manual().schemes["verse"])
        self._title, self._hook = self._choose_hook()

    def write(self, duration_s: float) -> Written:
        """Write section after section."""
        sections = next(form for longest_s, form in manual().forms if duration_s <= longest_s)
        chorus = self._chorus()
        verses, blocks = 0, []
        for section, count in sections:
            verses += section == "verse"
            tag = f"Verse {verses}" if section == "verse" else _TAGS[section]
            lines = chorus if section == "chorus" else self._lines(section, verses, count)
            blocks.append("\n".join([f"[{tag}]", *lines]))
        return Written(
            title=self._title,
            text="\n\n".join(blocks),
            theme=self._wish.theme.name,
            viewpoint="we" if self._wish.is_we else "I",
            scheme=self._scheme,
        )

    def _lines(self, section: str, verses: int, count: int) -> list[str]:
        if section == "verse" and self._wish.is_wordy:
            count *= 2
        parts = {
            "verse": ("scene", "turn") if verses == 1 else ("turn", "scene"),
            "pre-chorus": ("pre",),
            "bridge": ("bridge",),
            "outro": ("chorus", "bridge"),
        }.get(section, ())
        couplets = [self._couplet(section, parts, at) for at in range(count // 2)]
        lines: list[str] = []
        for at in range(0, len(couplets), 2):
            lines += _quatrain(couplets[at : at + 2], self._scheme)
        return lines

    def _couplet(self, section: str, parts: Sequence[str], at: int) -> Couplet:
        """Return a couplet that this song has not used: of the subject, of the theme, of any song.

        Where rhymes cross, couplets whose lines stand alone come first. ``at`` is its place in the section.
        """
        crossed = self._scheme == "ABAB" and section in ("verse", "bridge")
        for couplets in self._candidates(section, parts, at):
            for couplet in sorted(couplets, key=lambda couplet: crossed and couplet.is_whole):
                if self._fits(couplet, section) and not self._used & {couplet.first, couplet.second}:
                    self._used |= {couplet.first, couplet.second}
                    return couplet
        raise AssertionError("the data files have couplets for the longest form")

    def _fits(self, couplet: Couplet, section: str) -> bool:
        target = manual().pattern[section]
        return all(abs(_syllables(line) - target) <= TOLERANCE for line in (couplet.first, couplet.second))

    def _candidates(self, section: str, parts: Sequence[str], at: int) -> Iterator[list[Couplet]]:
        draw = Draw(self._seed, self._variant, f"{section} {len(self._used)}")
        if self._wish.subject and at == 0:
            yield self._spoken(draw.shuffled(self._subject_couplets(parts[0])))
        for theme in (self._wish.theme, themes()[FALLBACK]):
            for part in parts:
                yield self._spoken(draw.shuffled(theme.couplets[part]))
        for theme in (self._wish.theme, *themes().values()):  # nobody minds an "I" where "we" has run dry
            for part in parts:
                yield [self._filled(couplet, theme) for couplet in draw.shuffled(theme.couplets[part])]

    def _subject_couplets(self, part: str) -> tuple[Couplet, ...]:
        told, spoken_to = (manual().subject.get(name, ()) for name in (part, f"{part}_to"))
        is_deed = self._wish.subject.split()[0].endswith("ing")
        return told if is_deed else (*told, *spoken_to)

    def _spoken(self, couplets: Sequence[Couplet]) -> list[Couplet]:
        """Fill the slots and put couplets in the song's viewpoint; leave out those that cannot be."""
        filled = [self._filled(couplet, self._wish.theme) for couplet in couplets]
        if not self._wish.is_we:
            return filled
        pairs = [(as_we(couplet.first), as_we(couplet.second), couplet.is_whole) for couplet in filled]
        return [Couplet(first, second, whole) for first, second, whole in pairs if first and second]

    def _filled(self, couplet: Couplet, theme: Theme) -> Couplet:
        slots = {name: self._draw.one(values) for name, values in theme.slots.items()}
        first, second = (
            _capital(line.format(**slots, subject=self._wish.subject))
            for line in (couplet.first, couplet.second)
        )
        return Couplet(first, second, couplet.is_whole)

    def _choose_hook(self) -> tuple[str, str]:
        """Return title and hook: the theme's, or one with the prompt's own words where it has no theme."""
        wish, target = self._wish, manual().pattern["chorus"]
        if wish.subject and wish.theme.name == FALLBACK:
            lines = [_capital(line.format(subject=wish.subject)) for line in manual().subject_hooks]
            fitting = [line for line in lines if abs(_syllables(line) - target) <= TOLERANCE]
            if fitting:
                return wish.title or title_case(wish.subject), self._draw.one(fitting)
        hooks = list(wish.theme.hooks.items())
        if wish.is_we:
            spoken = [(title, line) for title, raw in hooks if (line := as_we(raw)) is not None]
            hooks = spoken or hooks
        start = Draw(self._seed, 0, "hook").below(len(hooks))  # so that two variants never share one
        title, hook = hooks[(start + self._variant) % len(hooks)]
        return wish.title or title, hook

    def _chorus(self) -> list[str]:
        couplet = self._couplet("chorus", ("chorus",), 1)
        lines = {"h": self._hook, "a": couplet.first, "b": couplet.second}
        return [lines[sign] for sign in self._draw.one(manual().refrains)]


def _quatrain(couplets: Sequence[Couplet], scheme: str) -> list[str]:
    if len(couplets) == 2 and scheme == "ABAB" and not any(couplet.is_whole for couplet in couplets):
        one, other = couplets
        return [one.first, other.first, one.second, other.second]
    return [line for couplet in couplets for line in (couplet.first, couplet.second)]


def as_we(line: str) -> str | None:
    """Return a line said by several people, or None where it is one person's own."""
    if _ONLY_MINE.search(line) or (_I.search(line) and _YOU.search(line)):
        return None
    for pattern, instead in _WE:
        line = pattern.sub(instead, line)
    return _capital(line)


def title_case(text: str) -> str:
    """Return words as a title writes them."""
    small = {"a", "an", "the", "of", "and", "in", "on", "to", "for"}
    words = text.split()
    return " ".join(
        word if index and word.lower() in small else word[:1].upper() + word[1:]
        for index, word in enumerate(words)
    )


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


@lru_cache(4096)
def _syllables(line: str) -> int:
    return len(read_line(line).syllables)
