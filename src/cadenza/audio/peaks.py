"""The outline of a waveform, for drawing it without fetching the sound."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cadenza.audio.signal import Signal

PAIRS_PER_SECOND: Final = 50


def waveform_peaks(signal: Signal) -> dict[str, Any]:
    """Return lowest and highest sample of each 20 ms over all channels, in audiowaveform's JSON layout.

    ``data`` alternates minimum and maximum as 8-bit numbers (-128 to 127 for full scale);
    ``duration_s`` is ours, the rest is version 2 of the layout that peaks.js and wavesurfer read.
    """
    hop = max(1, round(signal.sample_rate / PAIRS_PER_SECOND))
    starts = np.arange(0, signal.sample_count, hop)
    lowest = np.minimum.reduceat(signal.samples.min(axis=0), starts) if len(starts) else starts
    highest = np.maximum.reduceat(signal.samples.max(axis=0), starts) if len(starts) else starts
    pairs = np.stack([np.floor(lowest * 128), np.ceil(highest * 127)], axis=1)
    return {
        "version": 2,
        "channels": 1,
        "sample_rate": signal.sample_rate,
        "samples_per_pixel": hop,
        "bits": 8,
        "length": len(starts),
        "duration_s": round(signal.duration_s, 6),
        "data": np.clip(pairs, -128, 127).astype(int).ravel().tolist(),
    }
