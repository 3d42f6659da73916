"""What the mouth does in each phone of English: formants, noise, length.

Formants of plain vowels are the means of men of Peterson and Barney ("Control methods used in a
study of the vowels", JASA 24, 1952, table II); diphthongs, sonorants and the loci of consonants, and
all bandwidths, are those of Klatt ("Software for a cascade/parallel formant synthesizer", JASA 67,
1980, tables II and III). Lengths are the inherent durations of Klatt's rules ("Synthesis by rule of
segmental durations in English sentences", 1979), rounded. Levels and the shapes of the noises are set
by hand after the general descriptions in Stevens, "Acoustic Phonetics" (1998), chapters 7 to 9.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

Formants = tuple[float, float, float]


class Manner(enum.Enum):
    """How a phone is made."""

    VOWEL = "vowel"
    GLIDE = "glide"
    NASAL = "nasal"
    FRICATIVE = "fricative"
    STOP = "stop"
    AFFRICATE = "affricate"
    BREATHED = "breathed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone of a man's voice.

    ``formants_hz`` are F1 to F3, ``glides_to_hz`` where a diphthong ends. ``pull`` is how far the
    phone keeps its own F2 and F3 at the border to a vowel (1: wholly), ``move_s`` how long the vowel
    takes from there. ``noise`` names a shape in ``NOISES``; levels are in dB against a vowel.
    """

    manner: Manner
    formants_hz: Formants
    bandwidths_hz: Formants
    glides_to_hz: Formants | None = None
    length_s: float = 0.1
    pull: float = 0.5
    move_s: float = 0.05
    voicing_db: float | None = 0.0
    noise: str = ""
    noise_db: float = -20.0

    @property
    def is_voiced(self) -> bool:
        """Whether the vocal folds swing."""
        return self.voicing_db is not None


def _vowel(formants: Formants, bandwidths: Formants, glides_to: Formants | None = None) -> Phone:
    return Phone(
        manner=Manner.VOWEL, formants_hz=formants, bandwidths_hz=bandwidths, glides_to_hz=glides_to,
        length_s=0.15, pull=0.5, move_s=0.06,
    )  # fmt: skip


def _glide(formants: Formants, bandwidths: Formants, *, move_s: float) -> Phone:
    return Phone(
        manner=Manner.GLIDE, formants_hz=formants, bandwidths_hz=bandwidths, length_s=0.08, pull=0.85,
        move_s=move_s, voicing_db=-3.0,
    )  # fmt: skip


def _nasal(formants: Formants, bandwidths: Formants, length_s: float) -> Phone:
    return Phone(
        manner=Manner.NASAL, formants_hz=formants, bandwidths_hz=bandwidths, length_s=length_s, pull=0.6,
        move_s=0.045, voicing_db=-4.0,
    )  # fmt: skip


def _hiss(
    formants: Formants, noise: str, noise_db: float, length_s: float, voicing_db: float | None
) -> Phone:
    return Phone(
        manner=Manner.FRICATIVE, formants_hz=formants, bandwidths_hz=(150, 100, 200), length_s=length_s,
        pull=0.6, move_s=0.05, voicing_db=voicing_db, noise=noise, noise_db=noise_db,
    )  # fmt: skip


def _stop(
    formants: Formants, noise: str, noise_db: float, length_s: float, voicing_db: float | None
) -> Phone:
    return Phone(
        manner=Manner.STOP, formants_hz=formants, bandwidths_hz=(120, 120, 200), length_s=length_s, pull=0.55,
        move_s=0.045, voicing_db=voicing_db, noise=noise, noise_db=noise_db,
    )  # fmt: skip


PHONES: Mapping[str, Phone] = {
    "IY": _vowel((270, 2290, 3010), (50, 100, 200)),
    "IH": _vowel((390, 1990, 2550), (50, 90, 150)),
    "EH": _vowel((530, 1840, 2480), (60, 90, 180)),
    "AE": _vowel((660, 1720, 2410), (70, 110, 220)),
    "AA": _vowel((730, 1090, 2440), (90, 70, 150)),
    "AO": _vowel((570, 840, 2410), (80, 80, 110)),
    "UH": _vowel((440, 1020, 2240), (70, 90, 100)),
    "UW": _vowel((300, 870, 2240), (60, 90, 130)),
    "AH": _vowel((640, 1190, 2390), (80, 60, 140)),
    "ER": _vowel((490, 1350, 1690), (80, 70, 110)),
    "EY": _vowel((480, 1850, 2520), (65, 100, 180), (310, 2150, 2750)),
    "AY": _vowel((700, 1180, 2480), (90, 70, 160), (390, 1950, 2550)),
    "OY": _vowel((550, 920, 2400), (80, 60, 130), (370, 1900, 2500)),
    "AW": _vowel((700, 1230, 2480), (80, 70, 130), (430, 920, 2320)),
    "OW": _vowel((520, 1000, 2300), (70, 75, 80), (400, 830, 2280)),
    "W": _glide((290, 610, 2150), (50, 80, 90), move_s=0.09),
    "Y": _glide((260, 2070, 3020), (40, 150, 300), move_s=0.09),
    "R": _glide((310, 1060, 1380), (70, 100, 120), move_s=0.09),
    "L": _glide((310, 1050, 2880), (50, 100, 250), move_s=0.05),
    "M": _nasal((480, 1270, 2130), (60, 200, 200), 0.07),
    "N": _nasal((480, 1340, 2470), (60, 250, 250), 0.065),
    "NG": _nasal((480, 2000, 2900), (60, 250, 250), 0.085),
    "F": _hiss((340, 1100, 2080), "flat", -20.0, 0.1, None),
    "V": _hiss((220, 1100, 2080), "flat", -26.0, 0.065, -7.0),
    "TH": _hiss((320, 1290, 2540), "dental", -21.0, 0.095, None),
    "DH": _hiss((270, 1290, 2540), "dental", -27.0, 0.055, -6.0),
    "S": _hiss((320, 1390, 2530), "sharp", -12.0, 0.105, None),
    "Z": _hiss((240, 1390, 2530), "sharp", -17.0, 0.08, -8.0),
    "SH": _hiss((300, 1840, 2750), "broad", -10.0, 0.11, None),
    "ZH": _hiss((280, 1840, 2750), "broad", -16.0, 0.08, -8.0),
    "HH": Phone(
        manner=Manner.BREATHED, formants_hz=(0, 0, 0), bandwidths_hz=(200, 140, 220), length_s=0.07,
        pull=0.0, voicing_db=None,
    ),
    "P": _stop((400, 1100, 2150), "lip", -15.0, 0.1, None),
    "B": _stop((200, 1100, 2150), "lip", -17.0, 0.08, -16.0),
    "T": _stop((400, 1700, 2600), "tip", -9.0, 0.09, None),
    "D": _stop((200, 1700, 2600), "tip", -12.0, 0.07, -16.0),
    "K": _stop((300, 1990, 2600), "back", -9.0, 0.095, None),
    "G": _stop((200, 1990, 2600), "back", -12.0, 0.075, -16.0),
    "CH": Phone(
        manner=Manner.AFFRICATE, formants_hz=(350, 1800, 2820), bandwidths_hz=(150, 100, 300),
        length_s=0.13, pull=0.6, voicing_db=None, noise="broad", noise_db=-10.0,
    ),
    "JH": Phone(
        manner=Manner.AFFRICATE, formants_hz=(260, 1800, 2820), bandwidths_hz=(80, 90, 270), length_s=0.1,
        pull=0.6, voicing_db=-14.0, noise="broad", noise_db=-15.0,
    ),
    "-": Phone(manner=Manner.SILENT, formants_hz=(0, 0, 0), bandwidths_hz=(80, 90, 150), pull=0.0),
    "%": Phone(
        manner=Manner.BREATHED, formants_hz=(600, 1500, 2600), bandwidths_hz=(300, 250, 300), pull=0.5,
        voicing_db=None,
    ),
}  # fmt: skip

# Shapes of noise at the mouth: (Hz, dB) corners for a man, the highest 0 dB.
NOISES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "sharp": ((0, -60), (2500, -38), (3500, -18), (4600, -4), (5500, 0), (7500, -2), (1e4, -8), (16e3, -26)),
    "broad": ((0, -60), (1400, -32), (2000, -14), (2600, 0), (3600, -2), (5e3, -7), (7e3, -14), (14e3, -34)),
    "flat": ((0, -40), (700, -14), (1500, -5), (4000, -3), (8000, 0), (11_000, -3), (16_000, -18)),
    "dental": ((0, -40), (1000, -16), (2000, -8), (5000, -5), (7500, 0), (1e4, -4), (16_000, -18)),
    "lip": ((0, -12), (400, 0), (1200, -4), (2500, -12), (5000, -18), (12_000, -32)),
    "tip": ((0, -40), (1500, -22), (2800, -8), (3800, 0), (6000, -2), (9000, -10), (15_000, -28)),
    "back": ((0, -40), (700, -20), (1100, -4), (1500, 0), (2100, -7), (3600, -15), (9000, -28)),
    "front": ((0, -40), (1300, -22), (2000, -6), (2700, 0), (3500, -5), (5000, -13), (1e4, -28)),
}  # fmt: skip
