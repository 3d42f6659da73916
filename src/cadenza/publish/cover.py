"""The cover: the take itself, seen. Time runs once around, low notes lie inside and high ones outside.

Around the disc stands the loudness of each moment; where a continuation joined its source, a thin
line of light crosses the disc. The colours come from the key and from how bright the sound is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter, map_coordinates

from cadenza.audio.signal import Signal
from cadenza.publish.palette import hue_of_key, ramp

Plane = NDArray[np.float32]

_MOMENTS: Final = 720  # along the circle
_BANDS: Final = 84  # along the radius
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 10_000.0
_WINDOW: Final = 4096
_RANGE_DB: Final = 48.0
_SILENT_DB: Final = 45.0  # of a window's lifted power: a 1 kHz sine at about -45 dB below full scale

COVER_SIDE: Final = 1024  # pixels; the fine rays need as many
# Radii as parts of the picture's side.
_HOLE, _RIM, _CROWN = 0.085, 0.375, 0.465


def draw_cover(signal: Signal, *, key: str | None, joined_at_s: float | None = None) -> Image.Image:
    """Return a square RGB picture, 1024 pixels wide, of ``signal``, the same for the same music."""
    energy = _energy(signal)
    colours = ramp(hue_of_key(key), brightness=_brightness(energy), is_minor="minor" in (key or ""))
    radius, turn = _polar(COVER_SIDE)
    light = np.maximum(_disc(energy, radius, turn), _crown(energy, radius, turn))
    if joined_at_s is not None and 0 < joined_at_s < signal.duration_s:
        light = np.maximum(light, _seam(radius, turn, joined_at_s / signal.duration_s))
    light = np.maximum(light, _ground(radius))
    return _with_glow(_coloured(light, colours))


def _energy(signal: Signal) -> Plane:
    """Return (bands, moments), 0 to 1: energy in log-spaced bands, 3 dB per octave lifted, smoothed."""
    mono = signal.samples.mean(axis=0)
    mono = np.pad(mono, (_WINDOW // 2, _WINDOW // 2 + 1))
    starts = np.linspace(0, max(0, len(mono) - _WINDOW - 1), _MOMENTS * 2).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(mono, _WINDOW)[starts]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), axis=1)) ** 2
    edges_hz = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1)
    bins = np.clip(np.round(edges_hz * _WINDOW / signal.sample_rate), 1, _WINDOW // 2 - 1).astype(int)
    # Low bands are narrower than a bin: reduceat gives them the bin itself, smoothing the rest.
    bands = np.add.reduceat(power, bins[:-1], axis=1) / np.maximum(1, np.diff(bins))
    bands = bands.reshape(_MOMENTS, 2, _BANDS).mean(axis=1).T * edges_hz[:-1, None]
    level_db = 10 * np.log10(gaussian_filter(bands, (0.7, 0.8), mode=("nearest", "wrap")) + 1e-9)
    top_db = max(np.percentile(level_db, 99.7), _SILENT_DB)
    energy: Plane = np.clip((level_db - top_db) / _RANGE_DB + 1, 0, 1).astype(np.float32)
    return energy


def _brightness(energy: Plane) -> float:
    """Return 0 (all energy low) to 1 (much of it high) from the centre of mass over the bands."""
    weights = energy.mean(axis=1) ** 2
    centre = float((weights * np.arange(_BANDS)).sum() / max(1e-9, weights.sum())) / _BANDS
    return float(np.clip((centre - 0.25) / 0.4, 0, 1))


def _polar(side: int) -> tuple[Plane, Plane]:
    """Return each pixel's distance from the middle (parts of the side) and its turn (0 to 1 from the top)."""
    across = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    x, y = across[None, :], across[:, None]
    turn: Plane = (np.arctan2(x, -y) / (2 * np.pi) % 1).astype(np.float32)
    return np.hypot(x, y), turn


def _disc(energy: Plane, radius: Plane, turn: Plane) -> Plane:
    band = (radius - _HOLE) / (_RIM - _HOLE) * (_BANDS - 1)
    wrapped = np.concatenate([energy, energy[:, :1]], axis=1)
    seen = map_coordinates(wrapped, [band, turn * _MOMENTS], order=1, mode="nearest")
    inside = _edge(radius - _HOLE) * _edge(_RIM - radius)
    seen_light: Plane = (0.06 + 0.94 * seen**1.35) * inside
    return seen_light


def _crown(energy: Plane, radius: Plane, turn: Plane) -> Plane:
    """Return the ring of fine rays, as long as each moment is loud."""
    loudness = gaussian_filter(energy.mean(axis=0), 1.0, mode="wrap")
    loudness = (loudness - loudness.min()) / max(1e-6, float(np.ptp(loudness)))
    rays = 240
    place = turn * rays
    length = np.interp(np.arange(rays) + 0.5, np.arange(_MOMENTS) * rays / _MOMENTS, loudness)[
        np.minimum(place.astype(int), rays - 1)
    ]
    start = _RIM + 0.012
    ends = start + 0.004 + (_CROWN - start) * length
    thickness = np.abs(place % 1 - 0.5) * radius / rays * 2 * np.pi
    drawn = _edge(radius - start) * _edge(ends - radius) * _edge(0.0023 - thickness)
    crown: Plane = (drawn * (0.45 + 0.45 * length)).astype(np.float32)
    return crown


def _seam(radius: Plane, turn: Plane, place: float) -> Plane:
    away = np.abs((turn - place + 0.5) % 1 - 0.5) * 2 * np.pi * radius
    seam: Plane = 0.95 * _edge(0.0011 - away) * _edge(radius - _HOLE) * _edge(_CROWN - radius)
    return seam


def _ground(radius: Plane) -> Plane:
    """Return the faint light behind everything, falling off towards the corners."""
    ground: Plane = 0.10 * np.clip(1 - radius / 0.72, 0, 1) ** 1.5
    return ground


def _edge(inside_by: Plane) -> Plane:
    """Return 0 outside, 1 inside, with a soft step a pixel wide."""
    edge: Plane = np.clip(inside_by * COVER_SIDE + 0.5, 0, 1)
    return edge


def _coloured(light: Plane, colours: NDArray[np.float32]) -> NDArray[np.float32]:
    place = np.clip(light, 0, 1) * (len(colours) - 1)
    low = np.minimum(place.astype(int), len(colours) - 2)
    rest = (place - low)[..., None]
    coloured: NDArray[np.float32] = colours[low] * (1 - rest) + colours[low + 1] * rest
    return coloured


def _with_glow(picture: NDArray[np.float32]) -> Image.Image:
    sharp = Image.fromarray((picture * 255 + 0.5).astype(np.uint8))
    wide = sharp.filter(ImageFilter.GaussianBlur(sharp.width / 50))
    screened = 1 - (1 - picture) * (1 - 0.38 * np.asarray(wide, np.float32) / 255)
    return Image.fromarray((np.clip(screened, 0, 1) * 255 + 0.5).astype(np.uint8))
