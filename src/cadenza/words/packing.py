"""Make the two data files of this folder from the CMU pronouncing dictionary.

Run as ``python -m cadenza.words.packing cmudict.dict FOLDER``. ``pronunciations.gz`` is the dictionary with
one sign per phone. ``letters.gz`` are rules for words that it lacks, learned from it: letters are
aligned with phones (Viterbi training of a letter-to-phones channel, after Black, Lenzo and Pagel,
"Issues in building general letter to sound rules", 1998), then every context that changes the most
frequent answer of the next shorter one becomes a rule.
"""

from __future__ import annotations

import gzip
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cadenza.words.phones import SIGNS, sign_of

# Letters to the left and to the right that a rule may look at, in the order in which it learns to.
WIDTHS = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (2, 5), (4, 3), (4, 4))
_LEAST_SEEN = 2  # a context seen less often teaches nothing that a shorter one does not
_LEAST_SILENT = 8  # and a vowel that is not spoken takes more to believe
_ROUNDS = 4
_UNSEEN = -12.0  # natural logarithm of the chance of what was never seen
_MISPLACED = 3.0  # "er" is aligned with its vowel letter, so that no context loses the syllable
_SYLLABIC_R = frozenset(sign_of(f"ER{digit}") for digit in "012")
_ENTRY = re.compile(r"([a-z'.\-]+)(?:\(\d\))? ([A-Z0-2 ]+)")
_PLAIN = re.compile(r"[a-z]+")

Channel = Mapping[str, Mapping[str, float]]


def entries(text: str) -> list[tuple[str, str]]:
    """Return (word, signs) of every line of the dictionary, variants after the first pronunciation."""
    found = (_ENTRY.match(line) for line in text.splitlines())
    pairs = ((entry[1], entry[2].split()) for entry in found if entry)
    return [(word, "".join(sign_of(phone) for phone in phones)) for word, phones in pairs]


def pack_dictionary(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the compressed lines "word, tab, signs", sorted by word, variants in their order."""
    lines = [f"{word}\t{signs}" for word, signs in sorted(pairs, key=lambda pair: pair[0] + "\t")]
    return _packed(lines)


def learn_letters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return rules: "left|letter|right" (``#`` is the edge of a word) to the signs it is spoken as."""
    plain = [(word, signs) for word, signs in dict(reversed(list(pairs))).items() if _PLAIN.fullmatch(word)]
    channel = _first_guess(plain)
    for _ in range(_ROUNDS):
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for word, signs in plain:
            for letter, share in zip(word, align(word, signs, channel), strict=False):
                seen[letter][share] += 1
        channel = {letter: _chances(counts) for letter, counts in seen.items()}
    return _rules([(word, aligned) for word, signs in plain if (aligned := align(word, signs, channel))])


def _first_guess(pairs: Sequence[tuple[str, str]]) -> Channel:
    """Guess from words with as many letters as phones, where most letters stand for one phone."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for word, signs in pairs:
        if len(word) == len(signs):
            for letter, sign in zip(word, signs, strict=True):
                seen[letter][sign] += 1
    return {letter: _chances(counts + Counter({"": 20})) for letter, counts in seen.items()}


def _chances(counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    return {share: math.log(count / total) for share, count in counts.items() if count > 2}


def align(word: str, signs: str, channel: Channel) -> list[str]:
    """Return what each letter stands for (none, one or two signs), the likeliest way; else nothing."""
    best: dict[int, tuple[float, list[str]]] = {0: (0.0, [])}
    for letter in word:
        chances = channel.get(letter, {})
        following: dict[int, tuple[float, list[str]]] = {}
        for place, (score, shares) in best.items():
            for width in (0, 1, 2):
                if place + width > len(signs):
                    break
                share = signs[place : place + width]
                value = score + chances.get(share, _UNSEEN - 3 * abs(width - 1))
                value -= _MISPLACED * (letter == "r" and share in _SYLLABIC_R)
                if place + width not in following or value > following[place + width][0]:
                    following[place + width] = (value, [*shares, share])
        best = following
    return best[len(signs)][1] if len(signs) in best else []


def _rules(aligned: Sequence[tuple[str, list[str]]]) -> dict[str, str]:
    rules: dict[str, str] = {}
    for width in WIDTHS:
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for word, shares in aligned:
            padded = f"####{word}####"
            for place, share in enumerate(shares, start=4):
                seen[context(padded, place, width)][share] += 1
        for name, counts in seen.items():
            answer, count = counts.most_common(1)[0]
            least = _LEAST_SILENT if not answer and name.split("|")[1] in "aiou" else _LEAST_SEEN
            if count >= least and _shorter(rules, name) != answer:
                rules[name] = answer
    return rules


def apply(rules: Mapping[str, str], word: str) -> str:
    """Return the signs of a word of letters a to z: for each letter the rule with the widest context."""
    padded, signs = f"####{word}####", ""
    for place in range(4, 4 + len(word)):
        names = (context(padded, place, width) for width in reversed(WIDTHS))
        signs += next((rules[name] for name in names if name in rules), "")
    return signs


def context(padded: str, place: int, width: tuple[int, int]) -> str:
    """Return the name of a letter's surroundings in a word that is padded with four ``#``."""
    left, right = width
    return f"{padded[place - left : place]}|{padded[place]}|{padded[place + 1 : place + 1 + right]}"


def _shorter(rules: Mapping[str, str], name: str) -> str | None:
    """Return what the rules learned so far answer in this context."""
    left, letter, right = name.split("|")
    for before, after in reversed(WIDTHS):
        if before <= len(left) and after <= len(right):
            found = rules.get(f"{left[len(left) - before :]}|{letter}|{right[:after]}")
            if found is not None:
                return found
    return None


def _packed(lines: Iterable[str]) -> bytes:
    return gzip.compress("\n".join(lines).encode("ascii"), 9, mtime=0)


def main(source: Path, folder: Path) -> None:
    """Write both files into ``folder``."""
    pairs = entries(source.read_text("utf-8"))
    assert len(SIGNS) == len(set(SIGNS.values()))
    (folder / "pronunciations.gz").write_bytes(pack_dictionary(pairs))
    rules = learn_letters(pairs)
    (folder / "letters.gz").write_bytes(_packed(f"{name}\t{rules[name]}" for name in sorted(rules)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
