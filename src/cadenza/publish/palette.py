"""Colours that follow the music: a key has its hue, bright sound has bright colours."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY = re.compile(r"\s*([A-G])([#b♯♭]?)\s*(minor|major|m\b)?", re.IGNORECASE)
_STEPS = 256


def hue_of_key(key: str | None) -> float:
    """Return a hue in degrees: neighbours on the circle of fifths are neighbours in colour.

    A minor key takes the place of its relative major, turned a little towards blue. Without a key the
    hue is that of D, between all the others.
    """
    match = _KEY.match(key or "")
    if not match:
        return 300.0
    letter, accidental, mode = match.groups()
    pitch_class = _LETTERS[letter.upper()] + {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(accidental, 0)
    is_minor = (mode or "").lower() in {"minor", "m"}
    fifths = (pitch_class + 3 * is_minor) * 7 % 12
    return (240 + fifths * 30 + 18 * is_minor) % 360


def ramp(hue_degrees: float, *, brightness: float, is_minor: bool) -> NDArray[np.float32]:
    """Return 256 colours (rows of sRGB, 0 to 1) from deep shade to light, for rising energy.

    The hue travels on the way up, from a neighbour of the key's hue to its other side; ``brightness`` (0
    to 1) opens the light end, minor keeps the dark end darker. Steps look even: they are made in OKLCh
    (Ottosson 2020, "A perceptual color space for image processing").
    """
    energy = np.linspace(0, 1, _STEPS)
    lightness = (0.13 if is_minor else 0.17) + energy**0.9 * (0.68 + 0.14 * brightness)
    chroma = (0.04 + 0.17 * np.sin(np.pi * np.clip(energy, 0, 1) ** 0.85)) * (0.85 + 0.3 * brightness)
    hue = hue_degrees - 45 + 110 * energy
    return oklch_to_srgb(np.stack([lightness, chroma, np.radians(hue)], axis=1))


def oklch_to_srgb(colours: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return sRGB (0 to 1, clipped) of rows of lightness (0 to 1), chroma (0 to 0.4) and hue (radians)."""
    lightness, chroma, hue = colours.T
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
    linear = _LMS_TO_RGB @ (_LAB_TO_LMS @ lab) ** 3
    gamma = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
    colours_srgb: NDArray[np.float32] = np.clip(gamma.T, 0, 1).astype(np.float32)
    return colours_srgb


_LAB_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
