"""How well words are spoken that the dictionary lacks: rules learned from 19 words of 20, asked for the 20th.

``python benchmarks/words.py`` (about a minute)
"""

from __future__ import annotations

import hashlib
import time

from cadenza.words import packing
from cadenza.words.dictionary import dictionary_lines, pronunciations
from cadenza.words.phones import phones_of_signs


def main() -> None:
    """Print the table."""
    began_s = time.process_time()
    pronunciations("music")
    print(f"dictionary loaded in {1000 * (time.process_time() - began_s):.0f} ms of CPU time")
    lines = (line.decode().split("\t") for line in dictionary_lines())
    pairs = [(word, signs) for word, signs in lines]
    held_out = {word for word, _ in pairs if hashlib.sha256(word.encode()).digest()[0] < 13}
    rules = packing.learn_letters([pair for pair in pairs if pair[0] not in held_out])
    known = dict(reversed(pairs))
    told = [
        (phones_of_signs(known[word]), phones_of_signs(packing.apply(rules, word)))
        for word in held_out
        if word.isalpha()
    ]
    for name, of in (("phones", _plain), ("phones and stress", tuple), ("syllables", _count)):
        right = sum(of(asked) == of(answer) for asked, answer in told)
        print(f"{name}: {100 * right / len(told):.1f} % of {len(told)} words right")


def _plain(phones: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(phone.rstrip("012") for phone in phones)


def _count(phones: tuple[str, ...]) -> int:
    return sum(phone[-1].isdigit() for phone in phones)


if __name__ == "__main__":
    main()
