"""From floating point to the whole numbers of a file, without touching what already is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.signal import Samples


def to_16_bits(samples: Samples, dice: np.random.Generator) -> NDArray[np.int16]:
    """Return the nearest 16-bit numbers (full scale 32768, as decoders read them).

    Samples that are whole 16-bit numbers already stay what they are, so the source part of a
    continuation comes out bit for bit; all others get triangular dither of two steps' width first
    (Lipshitz, Wannamaker and Vanderkooy, "Quantization and dither", JAES 40, 1992).
    """
    scaled = samples * np.float32(32768)
    nearest = np.rint(scaled)
    new = scaled != nearest
    if new.any():
        noise = dice.random(samples.shape, np.float32) - dice.random(samples.shape, np.float32)
        nearest = np.where(new, np.rint(scaled + noise), nearest)
    whole: NDArray[np.int16] = np.clip(nearest, -32768, 32767).astype(np.int16)
    return whole


def to_24_bits(samples: Samples) -> NDArray[np.int32]:
    """Return the nearest 24-bit numbers in the upper bits of 32, as libsndfile takes them.

    float32 has no finer steps at full scale than these, so there is nothing to dither.
    """
    scaled = np.rint(samples.astype(np.float64) * 2**23)
    return np.clip(scaled, -(2**23), 2**23 - 1).astype(np.int32) << 8
