"""Joins: crossfades that keep the power, the join of source and new part, levels and peaks."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from cadenza.audio.signal import Samples, Signal


def blend(before: Samples, after: Samples) -> Samples:
    """Crossfade two pieces (channels, samples) of equal length, whatever they have in common.

    The gains follow the correlation r of both sides so that the power stays even: equal gain for r = 1,
    equal power for r = 0 (Fink, Holters & Zoelzer 2016).
    """
    count = before.shape[1]
    fade_in = np.sin(np.linspace(0, np.pi / 2, count + 2)[1:-1]) ** 2
    fade_out = 1 - fade_in
    energy = float(np.sqrt((before.astype(np.float64) ** 2).sum() * (after.astype(np.float64) ** 2).sum()))
    correlation = float((before.astype(np.float64) * after).sum()) / energy if energy > 0 else 1.0
    correlation = float(np.clip(correlation, 0, 1))
    sum_gain = np.sqrt(fade_in**2 + fade_out**2 + 2 * correlation * fade_in * fade_out)
    mixed = before * (fade_out / sum_gain) + after * (fade_in / sum_gain)
    return np.asarray(mixed, dtype=np.float32)


def join(source: Signal, new_part: Samples, *, at_s: float, crossfade_s: float) -> Signal:
    """Return the source up to ``at_s`` followed by the new part, at the source's rate.

    Parameters
    ----------
    new_part
        (channels, samples); its first ``crossfade_s`` lie *before* ``at_s`` and are blended with the
        source there. Every earlier sample of the source is kept bit by bit.
    """
    at = min(round(at_s * source.sample_rate), source.sample_count)
    overlap = min(round(crossfade_s * source.sample_rate), at)
    new_part = new_part[:, round(crossfade_s * source.sample_rate) - overlap :]
    mixed = blend(source.samples[:, at - overlap : at], new_part[:, :overlap])
    whole = np.concatenate([source.samples[:, : at - overlap], mixed, new_part[:, overlap:]], axis=1)
    return Signal(np.ascontiguousarray(whole), source.sample_rate)


def power(samples: Samples) -> float:
    """Return the mean square of samples."""
    return float((samples.astype(np.float64) ** 2).mean())


def held_under(samples: Samples, peak: float, sample_rate: int) -> Samples:
    """Return the samples with their peaks held under ``peak`` by a smooth gain (5 ms either side)."""
    size = np.abs(samples).max(axis=0)
    if not len(size) or float(size.max()) <= peak:
        return samples
    reach = max(1, round(0.005 * sample_rate))
    needed = np.minimum(1.0, peak / np.maximum(maximum_filter1d(size, 2 * reach + 1), 1e-9))
    # A mean over the reach of gains that hold over twice the reach never exceeds what is needed.
    gain = uniform_filter1d(needed, reach, mode="nearest")
    return np.asarray(np.clip(samples * gain, -peak, peak), dtype=np.float32)


def levelled(new_part: Samples, reference: Signal, *, most_db: float) -> Samples:
    """Bring the mean level of a new part to that of a reference, by at most ``most_db`` dB.

    The gain comes in over the first two seconds, so that the level does not step at the join, and the
    last 30 ms fade out, so that the end does not click.
    """
    step = (power(reference.samples) + 1e-12) / (power(new_part) + 1e-12)
    gain_db = float(np.clip(10 * np.log10(step), -most_db, most_db))
    rate, count = reference.sample_rate, new_part.shape[1]
    times_s = np.arange(count) / rate
    gain = 10 ** (gain_db / 20 * np.clip(times_s / 2, 0, 1))
    gain *= np.clip((count - np.arange(count)) / (0.03 * rate), 0, 1)
    return np.asarray(new_part * gain, dtype=np.float32)
