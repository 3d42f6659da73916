"""Phones in our files: one printable sign each, vowels with their stress."""

from __future__ import annotations

from cadenza.music.lyrics import VOWELS

# fmt: off
_CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T",
    "TH", "V", "W", "Y", "Z", "ZH",
)
# fmt: on
_NAMES = (*_CONSONANTS, *(f"{vowel}{digit}" for vowel in sorted(VOWELS) for digit in "012"))
# Printable ASCII from "0" on: neither tab nor line end nor blank.
SIGNS = {name: chr(ord("0") + index) for index, name in enumerate(_NAMES)}
_PHONES = {sign: name for name, sign in SIGNS.items()}


def sign_of(phone: str) -> str:
    """Return the sign of an ARPAbet phone ("K", "AE1")."""
    return SIGNS[phone]


def phones_of_signs(signs: str) -> tuple[str, ...]:
    """Return the phones that signs stand for; vowels end in their stress digit."""
    return tuple(_PHONES[sign] for sign in signs)
