"""The master: tone, glue, loudness and a ceiling that no peak between samples exceeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy import signal as dsp

from cadenza.audio.loudness import integrated_lufs, true_peaks
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.eq import high_pass, high_shelf

TARGET_LUFS = -14.0
CEILING_DBTP = -1.0
_AIM_DBTP = -1.3  # the gain curve is smooth, the sum with it may overshoot by a little
_BLOCK = 64
_PIECE = 1 << 19
_KNEE = 0.7  # of full scale: the soft clipper leaves everything below alone


def master(mix: Signal, *, top_db: float, fade_s: float, between: Callable[[], None]) -> Signal:
    """Turn ``mix`` into the finished stereo: -14 LUFS (where the peaks allow it), at most -1 dBTP, no DC.

    It works on the samples of ``mix`` themselves, since a long song exists once only, and returns it.
    ``top_db`` tilts the highs above 8 kHz; the last ``fade_s`` seconds fade to silence. ``between``
    is called between steps, at least once per half a CPU second for a song of three minutes; what it
    raises ends the work.
    """
    samples, rate = mix.samples, mix.sample_rate
    _tone(mix, top_db)
    _fade_out(samples, round(fade_s * rate))
    between()
    _scale(samples, _glue(samples, rate))
    for _ in range(3):
        between()
        missing_lu = TARGET_LUFS - integrated_lufs(mix)
        between()
        if abs(missing_lu) < 0.1:
            break
        _drive(samples, missing_lu)
        limit(mix, ceiling_dbtp=_AIM_DBTP)
    limit(mix, ceiling_dbtp=_AIM_DBTP)
    return mix


def provisional(mix: Signal, *, gain_db: float) -> Signal:
    """Return a window as a first listener may hear it: near its final level, softly clipped."""
    heard = mix.samples.copy()
    _drive(heard, gain_db)
    heard *= np.float32(0.83)
    return Signal(heard, mix.sample_rate)


def _tone(mix: Signal, top_db: float) -> None:
    sections = np.stack([high_pass(24.0, mix.sample_rate), high_shelf(8000.0, top_db, mix.sample_rate)])
    state = np.zeros((len(sections), mix.channel_count, 2))
    for piece in _pieces(mix.sample_count):
        mix.samples[:, piece], state = dsp.sosfilt(sections, mix.samples[:, piece], axis=1, zi=state)


def _fade_out(samples: NDArray[np.float32], count: int) -> None:
    count = min(count, samples.shape[1])
    ramp = (0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, count))).astype(np.float32)
    samples[:, samples.shape[1] - count :] *= ramp


def _glue(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Return the gain per block of a gentle bus compressor: 2:1 above the average level, at most 4 dB.

    The detector reads the mean square of blocks of 64 samples; 30 ms up, 150 ms down.
    """
    power = _blocks(samples)
    level_db = 10 * np.log10(np.maximum(1e-9, power))
    per_s = sample_rate / _BLOCK
    smoothed = _one_pole(level_db, 0.03 * per_s)
    threshold_db = 10 * np.log10(np.mean(power[power > 1e-8])) if np.any(power > 1e-8) else 0.0
    reduction = np.clip((smoothed - threshold_db) * 0.5, 0.0, 4.0)
    released = _one_pole(_held(reduction, 4.0 / (0.15 * per_s)), 0.02 * per_s)
    return np.asarray(10 ** (-released / 20))


def _drive(samples: NDArray[np.float32], gain_db: float) -> None:
    """Amplify in place; what exceeds 0.7 then is bent towards 1.2, and the limiter takes the rest."""
    gain, room = np.float32(10 ** (gain_db / 20)), 1.2 - _KNEE
    for piece in _pieces(samples.shape[1]):
        part = samples[:, piece]
        part *= gain
        over = np.abs(part) > _KNEE
        loud = part[over]
        part[over] = np.sign(loud) * (_KNEE + room * np.tanh((np.abs(loud) - _KNEE) / room))


def limit(signal: Signal, *, ceiling_dbtp: float) -> None:
    """Hold the signal's own samples under a true peak, with 3 ms of foresight and a release of 100 ms."""
    ceiling = 10 ** (ceiling_dbtp / 20)
    peaks = true_peaks(signal, block=_BLOCK)
    if float(peaks.max(initial=0.0)) <= ceiling:
        return
    needed_db = 20 * np.log10(np.maximum(1.0, peaks / ceiling))
    ahead = ndimage.maximum_filter1d(needed_db, 7)
    per_s = signal.sample_rate / _BLOCK
    held = _held(ahead, 6.0 / (0.1 * per_s))
    # Averaging over no more blocks than the foresight never falls short of what is needed.
    smooth = ndimage.uniform_filter1d(held, 5)
    _scale(signal.samples, 10 ** (-smooth / 20))


def _blocks(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean square of each block over all channels, shape (blocks,)."""
    powers = np.zeros(-(-samples.shape[1] // _BLOCK))
    for piece in _pieces(samples.shape[1]):  # whole blocks, but for the last
        squares = np.square(samples[:, piece]).mean(axis=0)
        padded = np.pad(squares, (0, -len(squares) % _BLOCK)).reshape(-1, _BLOCK)
        first = piece.start // _BLOCK
        powers[first : first + len(padded)] = padded.mean(axis=1)
    return powers


def _held(values: NDArray[np.float64], fall_per_block: float) -> NDArray[np.float64]:
    """Return the smallest curve above ``values`` that falls by at most ``fall_per_block``."""
    slope = fall_per_block * np.arange(len(values))
    return np.asarray(np.maximum.accumulate(values + slope) - slope)


def _one_pole(values: NDArray[np.float64], time_constant: float) -> NDArray[np.float64]:
    keep = np.exp(-1.0 / max(1e-6, time_constant))
    first = values[:1] * keep if len(values) else values
    smoothed, _ = dsp.lfilter([1 - keep], [1, -keep], values, zi=first)
    return np.asarray(smoothed)


def _scale(samples: NDArray[np.float32], gain_per_block: NDArray[np.float64]) -> None:
    """Multiply in place by a gain that runs straight from the middle of one block to the next."""
    centres = (np.arange(len(gain_per_block)) + 0.5) * _BLOCK
    for piece in _pieces(samples.shape[1]):
        places = np.arange(piece.start, min(piece.stop, samples.shape[1]))
        samples[:, piece] *= np.interp(places, centres, gain_per_block).astype(np.float32)


def _pieces(sample_count: int) -> list[slice]:
    """Return slices of half a million samples: doubles of a whole song at once would be much."""
    return [slice(begin, begin + _PIECE) for begin in range(0, sample_count, _PIECE)]
