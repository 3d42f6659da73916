"""Where somebody seems to sing or speak: tones that glide, which those of most instruments do not.

After the fluctogram of Lehner, Sonnleitner and Widmer ("Towards light-weight, real-time-capable singing
voice detection", ISMIR 2013), without the trained classifier behind it: spectra on a pitch axis are compared
with those 46 ms before, shifted up and down by parts of a semitone; where a shift fits better than none, a
tone glides. Fiddles, whistles, bent guitars and sliding synthesisers glide too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.features import ANALYSIS_RATE_HZ, Array, Mono, magnitudes

_SIZE, _HOP = 2048, 512
FRAMES_PER_S = ANALYSIS_RATE_HZ / _HOP
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 4000.0
_STEPS_PER_SEMITONE = 6
_OCTAVE = 12 * _STEPS_PER_SEMITONE
_STEP_FRAMES = 2  # the time over which a glide is looked for
_MOST_STEPS = 4
_LEAST_LIKENESS, _LEAST_LEAD = 0.8, 0.02
_LEAST_RELIEF = 0.7  # nepers: flatter spectra have no partials to follow
_OVER_S = 1.0


def find_glides(mono: Mono) -> Array:
    """Return (frames,) at ``FRAMES_PER_S`` the share of six octave bands whose tones glide, over 1 s."""
    spectrum = _on_pitch_axis(mono)
    if len(spectrum) <= _STEP_FRAMES:
        return np.zeros(len(spectrum))
    bands = range(0, spectrum.shape[1] - _OCTAVE + 1, _OCTAVE // 2)
    share = np.mean([_is_gliding(spectrum, band) for band in bands], axis=0)
    width = round(_OVER_S * FRAMES_PER_S)
    padded = np.pad(share, (0, _STEP_FRAMES))
    return np.asarray(np.convolve(padded, np.full(width, 1 / width), mode="same")[: len(spectrum)])


def _on_pitch_axis(mono: Mono) -> NDArray[np.float32]:
    """Return (frames, pitches) logarithmic magnitudes, ``_STEPS_PER_SEMITONE`` apart."""
    count = int(np.log2(_HIGHEST_HZ / _LOWEST_HZ) * _OCTAVE)
    bins = _LOWEST_HZ * 2 ** (np.arange(count) / _OCTAVE) * _SIZE / ANALYSIS_RATE_HZ
    below = bins.astype(int)
    part = (bins - below).astype(np.float32)
    rows = []
    for block in magnitudes(mono, _SIZE, _HOP):
        level = np.log(block + np.float32(1e-5))
        rows.append(level[:, below] * (1 - part) + level[:, below + 1] * part)
    return np.concatenate(rows)


def _is_gliding(spectrum: NDArray[np.float32], band: int) -> Array:
    """Return (frames - ``_STEP_FRAMES``,) 1 where an octave's tones have moved."""
    earlier, later = spectrum[:-_STEP_FRAMES], spectrum[_STEP_FRAMES:]
    shape = _centred(earlier[:, band : band + _OCTAVE])
    shifts = [k for k in range(-_MOST_STEPS, _MOST_STEPS + 1) if 0 <= band + k <= later.shape[1] - _OCTAVE]
    likeness = np.stack(
        [_correlation(shape, _centred(later[:, band + k : band + k + _OCTAVE])) for k in shifts], axis=1
    )
    best = likeness.max(axis=1)
    still = likeness[:, shifts.index(0)]
    relief = np.sqrt((shape**2).mean(axis=1))
    moves = (best > _LEAST_LIKENESS) & (best - still > _LEAST_LEAD) & (relief > _LEAST_RELIEF)
    return np.asarray(moves, dtype=np.float64)


def _centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> Array:
    norms = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / (norms + 1e-6), dtype=np.float64)
