"""Chords, and the Roman numerals that name them in a key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cadenza.music.pitch import SCALES, SHARP_NAMES, Key, Mode

# Semitones above the root, in the order in which a voicing may leave them out (last first).
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 10, 7),
    "maj7": (0, 4, 11, 7),
    "m7": (0, 3, 10, 7),
    "mmaj7": (0, 3, 11, 7),
    "m7b5": (0, 3, 10, 6),
    "dim7": (0, 3, 9, 6),
    "7sus4": (0, 5, 10, 7),
    "add9": (0, 4, 2, 7),
    "madd9": (0, 3, 2, 7),
    "9": (0, 4, 10, 2, 7),
    "maj9": (0, 4, 11, 2, 7),
    "m9": (0, 3, 10, 2, 7),
    "13": (0, 4, 10, 9, 7),
}
_DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII")
_NUMERAL = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)([a-z0-9]*)")


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (pitch class) and a quality, a key of ``QUALITIES``."""

    root: int
    quality: str

    def __post_init__(self) -> None:
        assert self.quality in QUALITIES, "a chord has a known quality"

    def __str__(self) -> str:
        return f"{SHARP_NAMES[self.root]}{self.quality}"

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Root first, then the tones that tell the quality, then what may be left out."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    @property
    def third(self) -> int:
        """The pitch class that takes the third's place (a fourth in a suspended chord)."""
        step = next((s for s in QUALITIES[self.quality] if s in {3, 4, 5, 2}), 7)
        return (self.root + step) % 12

    @property
    def fifth(self) -> int:
        """The pitch class of the fifth, altered where the chord alters it."""
        step = next((s for s in QUALITIES[self.quality] if s in {6, 7, 8}), 7)
        return (self.root + step) % 12


def chord_from_numeral(numeral: str, key: Key) -> Chord:
    """Read a Roman numeral such as "ii7", "bVIImaj7" or "V7sus4" in ``key``.

    Degrees are those of the key's own scale ("VI" in a minor key is the flat sixth); capitals are
    major, small letters minor; "#" and "b" shift the root by a semitone; "o" is diminished.
    Raises ``ValueError`` where the text is not such a numeral.
    """
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError("not a Roman numeral with a known chord quality")
    sign, degree, suffix = match.groups()
    step = SCALES[key.mode][_DEGREES.index(degree.upper())]
    root = (key.tonic + step + {"": 0, "#": 1, "b": -1}[sign]) % 12
    quality = _quality(suffix, is_minor=degree.islower())
    if quality not in QUALITIES:
        raise ValueError("not a Roman numeral with a known chord quality")
    return Chord(root, quality)


def _quality(suffix: str, *, is_minor: bool) -> str:
    if suffix.startswith("o"):
        return "dim" + suffix[1:]
    if not is_minor or suffix.startswith(("m", "dim", "sus", "5")):
        # "iim7b5" says its minor third twice, which is how people write it.
        return suffix if suffix != "maj7" or not is_minor else "mmaj7"
    return "m" + suffix


def dominant_of(key: Key) -> Chord:
    """Return the dominant seventh chord, with the leading note in minor too."""
    return Chord((key.tonic + 7) % 12, "7")


def tonic_of(key: Key) -> Chord:
    """Return the plain tonic triad."""
    return Chord(key.tonic, "" if key.mode is Mode.MAJOR else "m")
