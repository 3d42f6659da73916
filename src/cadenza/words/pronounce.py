"""One word to its syllables: the dictionary, then its parts, then rules of spelling."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cadenza.music.lyrics import VOWELS, Stress, Syllable
from cadenza.words.dictionary import pronunciations, spelled_out
from cadenza.words.syllables import split_letters, syllabify

_DATA = Path(__file__).parent / "data"
_HISSING = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_VOICELESS = frozenset(("P", "T", "K", "F", "TH"))
_LETTER_NAMES = {"w": "D AH1 B AH0 L Y UW0", "a": "EY1"}
# Endings that pull the stress to the syllable before them.
_PULLING = re.compile(r"(?:[ts]ion|sian|cian|ics?|ity|ical|ious|eous|ian)s?$")
_Speak = Callable[[Sequence[str]], tuple[str, ...]]
_SHORTEST_HALF, _LONGEST_LETTERS = 3, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What ``spoken.toml`` says: preferred phones, abbreviations, words without stress of their own."""

    preferred: Mapping[str, tuple[str, ...]]
    abbreviations: Mapping[str, tuple[str, ...]]
    stresses: Mapping[str, Stress]


@cache
def spoken() -> Spoken:
    """Return the table, read once."""
    table = tomllib.loads((_DATA / "spoken.toml").read_text("utf-8"))
    grammar = table["grammar"]
    return Spoken(
        preferred={word: tuple(phones.split()) for word, phones in table["preferred"].items()},
        abbreviations={word: tuple(words.split()) for word, words in table["abbreviations"].items()},
        stresses={
            **dict.fromkeys(grammar["weak"].split(), Stress.NONE),
            **dict.fromkeys(grammar["half"].split(), Stress.SECONDARY),
        },
    )


@cache
def is_known(word: str) -> bool:
    """Whether a lower-case word needs no guessing of its letters."""
    return _looked_up(word) is not None


@cache
def phones_of(word: str, *, before_vowel: bool = False) -> tuple[str, ...]:
    """Return the phones of a lower-case word of letters a to z and ``'``; vowels end in a stress digit.

    ``before_vowel`` tells that the next word begins with a vowel ("thee apple").
    """
    if before_vowel and word == "the":
        return ("DH", "IY0")
    return _looked_up(word) or _guessed(re.sub(r"[^a-z]", "", word) or "a")


def syllables_of(word: str, *, text: str = "", before_vowel: bool = False) -> tuple[Syllable, ...]:
    """Return the syllables of a lower-case word; ``text`` (as written) is parted among them.

    Words of grammar lose their stress: in a line they are what stands between the beats.
    """
    syllables = syllabify(phones_of(word, before_vowel=before_vowel))
    texts = split_letters(text or word, syllables)
    ceiling = spoken().stresses.get(word, Stress.PRIMARY)
    return tuple(
        replace(syllable, text=piece, stress=min(syllable.stress, ceiling))
        for syllable, piece in zip(syllables, texts, strict=True)
    )


def letter_name(letter: str) -> tuple[str, ...]:
    """Return how a letter is named."""
    if letter in _LETTER_NAMES:
        return tuple(_LETTER_NAMES[letter].split())
    return next(iter(pronunciations(letter)))


def reads_as_letters(word: str) -> bool:
    """Whether a word in capitals is named letter by letter: short, unknown, and hard to say as a word."""
    if len(word) > _LONGEST_LETTERS or is_known(word):
        return False
    return len(word) < 4 or not re.search(r"[aeiouy]", word)


def _looked_up(word: str) -> tuple[str, ...] | None:
    if (preferred := spoken().preferred.get(word)) is not None:
        return preferred
    if (found := pronunciations(word)) and _has_vowel(found[0]):
        return found[0]
    return _by_parts(word)


def _by_parts(word: str) -> tuple[str, ...] | None:
    """Speak a word that the dictionary lacks from what it is made of."""
    if word.startswith("'") and (found := pronunciations(word[1:])):
        return found[0]
    for ending, speak in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            for stem in _stems(word[: -len(ending)], ending):
                if (found := pronunciations(stem)) and _has_vowel(found[0]):
                    return speak(found[0])
    return _compound(word)


def _compound(word: str) -> tuple[str, ...] | None:
    """Speak "starfire" as star and fire; the longest first half that leaves a word counts."""
    for at in range(len(word) - _SHORTEST_HALF, _SHORTEST_HALF - 1, -1):
        first, second = pronunciations(word[:at]), pronunciations(word[at:])
        if first and second and _has_vowel(first[0]) and _has_vowel(second[0]):
            return (*first[0], *(phone.replace("1", "2") for phone in second[0]))
    return None


def _stems(stem: str, ending: str) -> list[str]:
    """Return what may stand before an ending: "danc" is "dance", "runn" is "run", "happi" is "happy"."""
    found = [stem]
    if ending not in ("'s", "s'", "'", "'ll", "'d", "'ve", "'re", "n't"):
        found.append(stem + "e")
        if len(stem) > 2 and stem[-1] == stem[-2]:
            found.append(stem[:-1])
        if stem.endswith("i"):
            found.append(stem[:-1] + "y")
    return found


def _plural(phones: Sequence[str]) -> tuple[str, ...]:
    if phones[-1] in _HISSING:
        return (*phones, "IH0", "Z")
    return (*phones, "S" if phones[-1] in _VOICELESS else "Z")


def _past(phones: Sequence[str]) -> tuple[str, ...]:
    if phones[-1] in ("T", "D"):
        return (*phones, "IH0", "D")
    return (*phones, "T" if phones[-1] in _VOICELESS | {"S", "SH", "CH"} else "D")


def _short(*tail: str) -> _Speak:
    """Return a way to add ``tail``, with a vowel before it where the stem ends in a consonant."""
    return lambda phones: (*phones, *(() if phones[-1][:2] in VOWELS else ("AH0",)), *tail)


def _plain(*tail: str) -> _Speak:
    return lambda phones: (*phones, *tail)


# How a word ends, and what that adds to its stem.
_ENDINGS: tuple[tuple[str, _Speak], ...] = (
    ("'s", _plural),
    ("s'", _plural),
    ("'ll", _short("L")),
    ("'d", _past),
    ("'ve", _short("V")),
    ("'re", _plain("ER0")),
    ("n't", _plain("AH0", "N", "T")),
    ("ing", _plain("IH0", "NG")),
    ("in'", _plain("IH0", "N")),
    ("ness", _plain("N", "AH0", "S")),
    ("less", _plain("L", "AH0", "S")),
    ("ly", _plain("L", "IY0")),
    ("ers", _plain("ER0", "Z")),
    ("er", _plain("ER0")),
    ("est", _plain("AH0", "S", "T")),
    ("ed", _past),
    ("es", _plural),
    ("s", _plural),
    ("'", _plain()),
)


def _has_vowel(phones: Sequence[str]) -> bool:
    return any(phone[:2] in VOWELS for phone in phones)


def _guessed(word: str) -> tuple[str, ...]:
    phones = spelled_out(word)
    if not _has_vowel(phones):
        phones = (*phones[:1], "AH1", *phones[1:]) if phones else ("AH1",)
    return _stressed_once(word, phones)


def _stressed_once(word: str, phones: Sequence[str]) -> tuple[str, ...]:
    """Give a guessed word exactly one primary stress."""
    places = [index for index, phone in enumerate(phones) if phone[:2] in VOWELS]
    primary = [index for index in places if phones[index].endswith("1")]
    if _PULLING.search(word) and len(places) > 1:
        chosen = places[-2]
    elif primary:
        chosen = primary[0]
    else:
        chosen = places[max(0, len(places) - 3)] if len(places) > 2 else places[0]
    demoted = [phone.replace("1", "2") if index in primary else phone for index, phone in enumerate(phones)]
    demoted[chosen] = demoted[chosen][:2] + "1"
    return tuple(demoted)
