"""Riding the faders into the new part: what steps at the join comes in gradually instead."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from cadenza.audio.features import decibels
from cadenza.audio.signal import Samples, Signal
from cadenza.music.portrait import Floats

_CENTRES_HZ = (90.0, 220.0, 540.0, 1300.0, 3200.0, 7800.0)
_WINDOWS_S = (0.7, 2.1)  # either side of the join: a step counts that is there at once and lasts
_HOP_S = 0.05
_USUAL_PERCENTILE = 75
_MOST_CUT_DB, _MOST_BOOST_DB = 8.0, 4.0  # what is lifted brings its noise along
_HELD_S, _RIDE_S = 0.4, 3.0
_PAD_S = 0.25


def ridden_in(new_part: Samples, before: Signal, *, lead_in_s: float) -> Samples:
    """Bring the bands of a new part in from their levels before the join.

    Parameters
    ----------
    new_part
        (channels, samples), the first ``lead_in_s`` of it lie before the join.
    before
        The music up to the join, some 20 s of it: from it comes how large a step is usual in each band.

    What a band steps beyond that is taken out at the join, up to 8 dB (4 dB upwards), and given back
    over three seconds.
    """
    rate = before.sample_rate
    ride_db = _ride(before, new_part[:, round(lead_in_s * rate) :])
    count = min(new_part.shape[1], round((lead_in_s + _RIDE_S + _PAD_S) * rate))
    if not np.abs(ride_db).max() > 0 or not count:
        return new_part
    since_s = np.arange(count) / rate - lead_in_s
    share = 0.5 + 0.5 * np.cos(np.pi * np.clip((since_s - _HELD_S) / (_RIDE_S - _HELD_S), 0, 1))
    ridden = new_part.copy()
    for band, gain_db in zip(_bands(new_part[:, :count], rate), ride_db, strict=True):
        ridden[:, :count] += band * (10 ** (gain_db * share / 20) - 1)
    return ridden


def _ride(before: Signal, after: Samples) -> Floats:
    """Return the gain in dB of each band at the join: against what steps both at once and for a while."""
    rate = before.sample_rate
    heard = _levels(before.samples, rate)
    new = _levels(after[:, : round(max(_WINDOWS_S) * rate)], rate)
    windows = [round(window_s / _HOP_S) for window_s in _WINDOWS_S]
    if len(heard) < 4 * max(windows) or len(new) < max(windows):
        return np.zeros(len(_CENTRES_HZ))
    at_once, lasting = (_excess(heard, new, window) for window in windows)
    excess_db = np.where(np.abs(at_once) < np.abs(lasting), at_once, lasting) * (at_once * lasting > 0)
    return np.asarray(np.clip(-excess_db, -_MOST_CUT_DB, _MOST_BOOST_DB))


def _excess(heard: Floats, new: Floats, window: int) -> Floats:
    """Return by how many dB each band steps further than most of its own steps, over a number of hops."""
    means_db = decibels(uniform_filter1d(heard, window, axis=0)[window // 2 : -(window // 2)], 1e-12)
    usual_db = np.percentile(np.abs(means_db[window:] - means_db[:-window]), _USUAL_PERCENTILE, axis=0)
    step_db = decibels(new[:window].mean(axis=0), 1e-12) - decibels(heard[-window:].mean(axis=0), 1e-12)
    return np.asarray(np.sign(step_db) * np.maximum(0, np.abs(step_db) - usual_db))


def _levels(samples: Samples, rate: int) -> Floats:
    """Return mean power per band of each ``_HOP_S``, (hops, bands)."""
    size = round(_HOP_S * rate)
    count = samples.shape[1] // size
    blocks = samples[:, : count * size].reshape(samples.shape[0], count, size)
    power = np.abs(rfft(blocks * np.hanning(size), axis=2)) ** 2 / size
    return np.asarray(power.mean(axis=0) @ _bank(size, rate).T ** 2, dtype=np.float64)


def _bands(samples: Samples, rate: int) -> list[Samples]:
    """Return the bands of a piece, each (channels, samples); they add up to the piece."""
    size = next_fast_len(samples.shape[1] + round(_PAD_S * rate), real=True)
    spectrum = rfft(samples, size, axis=1)
    return [irfft(spectrum * share, size, axis=1)[:, : samples.shape[1]] for share in _bank(size, rate)]


def _bank(size: int, rate: int) -> Floats:
    """Return (bands, bins) shares, raised cosines on the pitch axis; those of each bin add up to 1."""
    bins_hz = np.maximum(np.fft.rfftfreq(size, 1 / rate), 1.0)
    place = np.interp(np.log(bins_hz), np.log(_CENTRES_HZ), np.arange(len(_CENTRES_HZ)))
    away = np.abs(place - np.arange(len(_CENTRES_HZ))[:, None])
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1)))
