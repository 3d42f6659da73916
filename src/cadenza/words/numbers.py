"""Numbers as they are spoken."""

from __future__ import annotations

import re

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905 - as above
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MOST_DIGITS = 15
_NUMBER = re.compile(
    r"(?P<money>\$)?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?(?:[:/](?P<second>\d{1,2}))?"
    r"(?P<tail>st|nd|rd|th|'?s|%|am|pm|k)?",
    re.IGNORECASE,
)


def spoken_number(text: str) -> tuple[str, ...]:
    """Return the words of a number as lyrics write it; empty where ``text`` is none.

    Understood: 7, 1,000, 3.5, 1st, 1999 (a year), 80s, 24/7, 3:45, $5, 50%, 5am, 10k.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return ()
    whole, tail = found["whole"], (found["tail"] or "").lower().lstrip("'")
    words = _whole(whole)
    if found["part"]:
        words += ["point", *(_ONES[int(digit)] for digit in found["part"])]
    if found["second"]:
        words += _clock(found["second"])
    return tuple(_with_tail(words, tail, money=bool(found["money"]), is_one=whole == "1"))


def _whole(digits: str) -> list[str]:
    plain = digits.replace(",", "")
    if len(plain) > _MOST_DIGITS or (len(plain) > 1 and plain[0] == "0"):
        return [_ONES[int(digit)] for digit in plain]
    if len(plain) == 4 and plain == digits and _is_year(int(plain)):
        return _year(int(plain))
    return cardinal(int(plain))


def cardinal(number: int) -> list[str]:
    """Return the words of a whole number from 0 to below 10**15."""
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        tens, ones = divmod(number, 10)
        return [_TENS[tens], *([_ONES[ones]] if ones else [])]
    size, name = next(scale for scale in _SCALES if number >= scale[0])
    many, rest = divmod(number, size)
    return [*cardinal(many), name, *(cardinal(rest) if rest else [])]


def _is_year(number: int) -> bool:
    return 1100 <= number < 2100 and number % 1000 >= 10


def _year(number: int) -> list[str]:
    century, rest = divmod(number, 100)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return [*cardinal(century), *(["oh"] if rest < 10 else []), *cardinal(rest)]


def _clock(digits: str) -> list[str]:
    number = int(digits)
    if number == 0:
        return ["o'clock"]
    return [*(["oh"] if digits[0] == "0" else []), *cardinal(number)]


def _with_tail(words: list[str], tail: str, *, money: bool, is_one: bool) -> list[str]:
    if tail in ("st", "nd", "rd", "th"):
        return [*words[:-1], _ordinal(words[-1])]
    if tail == "s":
        last = words[-1]
        return [*words[:-1], f"{last[:-1]}ies" if last.endswith("y") else f"{last}s"]
    more = {"%": ["percent"], "am": ["a.", "m."], "pm": ["p.", "m."], "k": ["thousand"]}.get(tail, [])
    return [*words, *more, *(["dollar" if is_one else "dollars"] if money else [])]


def _ordinal(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"
