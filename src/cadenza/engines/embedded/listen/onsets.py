"""Where something begins: onset novelty in bands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from cadenza.audio.features import ANALYSIS_RATE_HZ, Array, Mono, mel_power

HOP = 256
FRAMES_PER_S = ANALYSIS_RATE_HZ / HOP
BAND_COUNT = 40
_REGISTERS = (0, 6, 14, 26, 40)  # mel bands: below 270 Hz, to 850 Hz, to 2.9 kHz, above


@dataclass(frozen=True, slots=True, kw_only=True)
class Onsets:
    """Frames at ``FRAMES_PER_S``: power per mel band, rises per register (frames, 4), their sum.

    ``novelty`` has unit deviation; ``strength`` tells how far the clearest rises of the log-compressed power
    stood out before that: about 0 for noise and for steady tones, above 0.03 where notes are played.
    """

    power: NDArray[np.float32]
    registers: Array
    novelty: Array
    strength: float


def find_onsets(mono: Mono) -> Onsets:
    """Measure onsets as rises over the locally highest neighbour band (SuperFlux, Boeck & Widmer 2013).

    The maximum over neighbour bands in the reference keeps vibrato from looking like new notes.
    """
    power = mel_power(mono, 1024, HOP, BAND_COUNT)
    compressed = np.log1p(power / (1e-3 * _loud(power) + 1e-12))
    reference = maximum_filter1d(compressed, 3, axis=1)
    rises = np.zeros(compressed.shape)
    rises[2:] = np.maximum(0, compressed[2:] - reference[:-2])
    registers = np.stack(
        [rises[:, low:high].mean(axis=1) for low, high in pairwise(_REGISTERS)],
        axis=1,
    )
    # Each register counts alike: a hi-hat must not drown a bass, nor the other way round.
    even = registers / (registers.std(axis=0) + 0.05 * registers.std() + 1e-9)
    novelty = even.mean(axis=1)
    novelty = np.maximum(0, novelty - uniform_filter1d(novelty, round(FRAMES_PER_S)))
    rise = registers.mean(axis=1)
    strength = float(np.percentile(rise, 98) - 2.5 * rise.mean())
    return Onsets(
        power=power, registers=registers, novelty=novelty / (novelty.std() + 1e-9), strength=strength
    )


def _loud(power: NDArray[np.float32]) -> float:
    return float(np.percentile(power.max(axis=1), 95)) if len(power) else 0.0
