"""Lyrics ready to be sung: sections of lines of words of syllables, each with its phones.

An immutable phrase is what lies between the tune and the voice. Phones are ARPAbet as the CMU
pronouncing dictionary writes it, without its stress digits: the digit is ``Syllable.stress``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cadenza.music.brief import SectionKind

VOWELS = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))


class Stress(enum.IntEnum):
    """How strongly a syllable is spoken in its word; a larger number is a stronger syllable."""

    NONE = 0
    SECONDARY = 1
    PRIMARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllable:
    """One syllable: what one note (or one melisma) carries.

    ``text`` is its share of the word as written, ``onset`` and ``coda`` are consonants, ``nucleus``
    is one of ``VOWELS``. ``stress`` is the dictionary's; words of grammar ("the", "of") have NONE.
    ``is_emphatic`` tells that the writer marked the word (ALL CAPS or ``!``), ``is_held`` that this
    syllable is drawn out (``~`` or a repeated vowel), ``is_backing`` that the backing voices sing it.
    """

    text: str
    onset: tuple[str, ...]
    nucleus: str
    coda: tuple[str, ...]
    stress: Stress
    is_emphatic: bool = False
    is_held: bool = False
    is_backing: bool = False

    @property
    def phones(self) -> tuple[str, ...]:
        """Onset, nucleus and coda in a row."""
        return (*self.onset, self.nucleus, *self.coda)

    @property
    def weight(self) -> int:
        """How much the syllable wants a strong beat: 0 (least) to 3 (primary and emphatic)."""
        return min(3, int(self.stress) + int(self.is_emphatic))


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word. ``text`` is it as written, with its punctuation but without marks of performance.

    ``may_breathe_after`` tells that a comma, a dash or the like follows. A word has one syllable at
    least.
    """

    text: str
    syllables: tuple[Syllable, ...]
    may_breathe_after: bool = False

    @property
    def is_backing(self) -> bool:
        """Whether the backing voices sing the word (it stood in parentheses)."""
        return self.syllables[0].is_backing


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: sung in one breath. ``hints`` are performance tags that stand before it in its section.

    ``text`` is the line as written, without marks of performance. Words in parentheses are among
    ``words`` at their place; ``lead`` and ``backing`` part them.
    """

    text: str
    words: tuple[Word, ...]
    hints: tuple[str, ...] = ()

    @property
    def lead(self) -> tuple[Word, ...]:
        """What the lead voice sings of the line."""
        return tuple(word for word in self.words if not word.is_backing)

    @property
    def backing(self) -> tuple[Word, ...]:
        """What the backing voices sing of the line."""
        return tuple(word for word in self.words if word.is_backing)

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """All syllables of the line, lead and backing, in order."""
        return tuple(syllable for word in self.words for syllable in word.syllables)

    @property
    def stresses(self) -> str:
        """The metre of what the lead sings: ``/`` a stressed syllable, ``x`` one without stress."""
        lead = (syllable for word in self.lead for syllable in word.syllables)
        return "".join("/" if syllable.stress else "x" for syllable in lead)

    @property
    def rhyme(self) -> tuple[str, ...]:
        """Phones from the last stressed vowel of the lead's last word on: equal phones rhyme."""
        words = self.lead or self.words
        return rhyme_of(words[-1].syllables) if words else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section. ``kind`` is None where no tag was written before it.

    ``label`` is the tag as written without brackets ("Verse 1"), ``hints`` what the tag says beyond
    its kind ("whispered"), ``lines`` may be empty (an instrumental section).
    """

    kind: SectionKind | None
    label: str
    hints: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lyrics:
    """All the words of a song, in order.

    ``guessed`` are words that no dictionary knew, ``unspoken`` words in scripts that we cannot
    pronounce and that are in no line; both in lower case.
    """

    sections: tuple[Section, ...]
    guessed: tuple[str, ...] = ()
    unspoken: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines of all sections."""
        return tuple(line for section in self.sections for line in section.lines)


def rhyme_of(syllables: tuple[Syllable, ...]) -> tuple[str, ...]:
    """Return the phones from the last stressed vowel on: what two rhyming words have in common.

    Where no syllable has stress, the last vowel counts. IH before R counts as IY: dictionaries write
    "near" with one and "here" with the other, and nobody sings them apart.
    """
    stressed = [index for index, syllable in enumerate(syllables) if syllable.stress]
    start = stressed[-1] if stressed else len(syllables) - 1
    first, rest = syllables[start], syllables[start + 1 :]
    is_near = first.nucleus == "IH" and first.coda[:1] == ("R",)
    return (
        "IY" if is_near else first.nucleus,
        *first.coda,
        *(phone for syllable in rest for phone in syllable.phones),
    )
