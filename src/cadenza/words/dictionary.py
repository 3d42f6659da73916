"""The pronouncing dictionary, and the rules learned from it for words that it lacks."""

from __future__ import annotations

import gzip
from bisect import bisect_left
from functools import cache
from pathlib import Path

from cadenza.words.packing import apply
from cadenza.words.phones import phones_of_signs

_DATA = Path(__file__).parent / "data"


@cache
def dictionary_lines() -> list[bytes]:
    """Return the lines "word, tab, signs", sorted by word; variants in the order of the dictionary."""
    return gzip.decompress((_DATA / "pronunciations.gz").read_bytes()).split(b"\n")


@cache
def _letters() -> dict[str, str]:
    text = gzip.decompress((_DATA / "letters.gz").read_bytes()).decode("ascii")
    return dict(line.split("\t") for line in text.split("\n"))


@cache
def pronunciations(word: str) -> tuple[tuple[str, ...], ...]:
    """Return all pronunciations of a lower-case word, the most usual first; empty where it is unknown."""
    if not word.isascii():
        return ()
    lines, head = dictionary_lines(), f"{word}\t".encode("ascii")
    place, found = bisect_left(lines, head), []
    while place < len(lines) and lines[place].startswith(head):
        found.append(phones_of_signs(lines[place][len(head) :].decode("ascii")))
        place += 1
    return tuple(found)


def spelled_out(word: str) -> tuple[str, ...]:
    """Return how letters a to z are most likely spoken, stress digits included (none may be primary)."""
    return phones_of_signs(apply(_letters(), word))
