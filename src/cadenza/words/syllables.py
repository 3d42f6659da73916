"""Phones to syllables by maximal onset, and the letters of a word to the syllables that sing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cadenza.music.lyrics import VOWELS, Stress, Syllable

_ONSET_TEXT = (
    "P,T,K,B,D,G,F,V,TH,DH,S,Z,SH,ZH,CH,JH,M,N,L,R,W,Y,HH,"
    "P L,P R,P Y,B L,B R,B Y,T R,T W,D R,D W,K L,K R,K W,K Y,G L,G R,G W,"
    "F L,F R,F Y,V Y,TH R,TH W,SH R,SH L,SH M,SH N,HH W,HH Y,M Y,"
    "S P,S T,S K,S M,S N,S F,S L,S W,S P L,S P R,S P Y,S T R,S K R,S K W,S K Y,S K L"
)
# Consonants that an English word can begin with.
ONSETS = frozenset(tuple(cluster.split()) for cluster in _ONSET_TEXT.split(","))
_STRESSES = {"0": Stress.NONE, "1": Stress.PRIMARY, "2": Stress.SECONDARY}
_PAIRS = ("th", "sh", "ch", "ph", "wh", "qu", "gh", "wr", "kn", "tch")


def syllabify(phones: Sequence[str]) -> tuple[Syllable, ...]:
    """Return the syllables of one word's phones (vowels end in their stress digit), texts left empty.

    Between two vowels as many consonants begin the second syllable as an English word can begin
    with. There must be a vowel.
    """
    places = [index for index, phone in enumerate(phones) if phone[:2] in VOWELS]
    assert places, "a word has a vowel"
    starts = [0, *(_onset_start(phones, left + 1, right) for left, right in pairwise(places))]
    ends = [*starts[1:], len(phones)]
    return tuple(
        Syllable(
            text="",
            onset=tuple(phones[start:place]),
            nucleus=phones[place][:2],
            coda=tuple(phones[place + 1 : end]),
            stress=_STRESSES[phones[place][2:] or "0"],
        )
        for start, place, end in zip(starts, places, ends, strict=True)
    )


def _onset_start(phones: Sequence[str], first: int, nucleus: int) -> int:
    return next((at for at in range(first, nucleus) if tuple(phones[at:nucleus]) in ONSETS), nucleus)


def split_letters(word: str, syllables: Sequence[Syllable]) -> tuple[str, ...]:
    """Return the letters of ``word`` for each syllable; in a row they are the word again."""
    if len(syllables) == 1:
        return (word,)
    groups = _nuclei(word.lower(), len(syllables), ends_in_consonant=bool(syllables[-1].coda))
    if len(groups) != len(syllables):
        cuts = [round(len(word) * index / len(syllables)) for index in range(len(syllables) + 1)]
    else:
        inner = [
            _cut(word.lower(), groups[index][1], groups[index + 1][0], syllables[index + 1])
            for index in range(len(groups) - 1)
        ]
        cuts = [0, *inner, len(word)]
    return tuple(word[start:end] for start, end in pairwise(cuts))


def _nuclei(word: str, count: int, *, ends_in_consonant: bool) -> list[tuple[int, int]]:
    """Return where the vowel letters of each syllable stand: silent e goes, long groups are parted."""
    groups = [found.span() for found in re.finditer(r"(?<!^)[aeiouy]+|^[aeiou]+|^y(?![aeiou])", word)]
    silent = [
        group
        for group in reversed(groups[1:])
        if word[group[0] : group[1]] == "e" and re.match(r"e(?:$|s$|d$|[^aeiouy])", word[group[0] :])
    ]
    if ends_in_consonant and len(groups) == count and re.search(r"[^aeiouylr]e$", word):
        groups.pop()
    while len(groups) > count and silent:
        groups.remove(silent.pop(0))
    while len(groups) < count:
        long = next((group for group in groups if group[1] - group[0] > 1), None)
        if long is None:
            break
        at = groups.index(long)
        groups[at : at + 1] = [(long[0], long[0] + 1), (long[0] + 1, long[1])]
    return groups


def _cut(word: str, start: int, end: int, after: Syllable) -> int:
    """Return where the consonants between two groups of vowels are parted."""
    between = word[start:end]
    if not between or not after.onset:
        return end
    if len(between) > 1 and between[0] == between[1]:
        return start + 1
    letters = sum(between.endswith(pair) for pair in _PAIRS[:1]) + len(after.onset)
    if any(between.endswith(pair) for pair in _PAIRS) and len(after.onset) == 1:
        letters = 2
    return max(start, end - letters)
