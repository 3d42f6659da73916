"""A voice laid over music that is finished already: room is made for it, and the level stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.audio.loudness import SILENCE_LUFS, integrated_lufs
from cadenza.audio.resample import resample
from cadenza.audio.signal import Samples, Signal
from cadenza.engines.embedded.mix.seam import held_under
from cadenza.engines.embedded.mix.vocals import OVER_BACKING_LU, Dip, VocalStrip

Stereo = NDArray[np.float32]

_VOCAL_BAND_HZ = (200.0, 4000.0)
_MOST_LOUDER_LU = 1.0  # than the music without the voice, while it sings
_BEFORE_S, _AFTER_S = 1.0, 1.5  # how long the music takes to make room, and to come back
_HIGHEST_PEAK = 0.9
_MOST_TRIM_DB = 4.0


def laid_over(
    backing: Signal, voice: Signal, sung_s: Sequence[tuple[float, float]], *, plate: Stereo, echo_s: float
) -> tuple[Samples, Samples]:
    """Return the backing and the voice as they sit together; their sum is the mix.

    Parameters
    ----------
    backing
        Finished music of 1 or 2 channels; rate and layout are kept.
    voice
        Dry lines in stereo on the same timeline, each at the level that ``produced`` gives it.
    sung_s
        (begin, end) of each line: the backing dips there at 1 to 4 kHz.
    plate
        The voice's reverberation at its own rate.

    The voice is five loudness units above the backing in the vocal band (200 Hz to 4 kHz). While somebody
    sings, both are brought down together so that the music does not grow louder than it was by more than
    one unit.
    """
    rate, count = backing.sample_rate, backing.sample_count
    both = np.broadcast_to(backing.samples, (2, count))
    dipped = Signal(Dip(sung_s, rate).process(both)[: backing.channel_count], rate)
    wide = resample(dipped, voice.sample_rate).samples
    band = _vocal_band(np.broadcast_to(wide, (2, wide.shape[1])), voice.sample_rate)
    band = _fitted(band, voice.sample_count)
    strip = VocalStrip(plate, echo_s, integrated_lufs(Signal(band, voice.sample_rate)), voice.sample_rate)
    placed = resample(Signal(strip.process(voice.samples, band), voice.sample_rate), rate).samples
    if backing.channel_count == 1:
        placed = placed.mean(axis=0, keepdims=True)
    sings = _singing(sung_s, dipped)
    placed = _at_its_level(_fitted(placed, count), dipped, sings)
    gain = _room(backing, dipped.samples + placed, sings, sung_s)
    peak = max(_HIGHEST_PEAK, float(np.abs(backing.samples).max(initial=0.0)))
    mixed = held_under((dipped.samples + placed) * gain, peak, rate)
    held = np.asarray(placed * gain, dtype=np.float32)
    return np.asarray(mixed - held, dtype=np.float32), held


def _singing(sung_s: Sequence[tuple[float, float]], music: Signal) -> NDArray[np.bool_]:
    sings = np.zeros(music.sample_count, dtype=np.bool_)
    for begin_s, end_s in sung_s:
        sings[max(0, round(begin_s * music.sample_rate)) : round(end_s * music.sample_rate)] = True
    return sings


def _at_its_level(voice: Samples, music: Signal, sings: NDArray[np.bool_]) -> Samples:
    """Trim the whole voice, room and echo included, to its place above the music while somebody sings.

    What the ride cannot know is made good here: it follows the music of the last seconds only.
    """
    above = _lufs(_vocal_band(voice, music.sample_rate), sings, music.sample_rate) - _lufs(
        _vocal_band(music.samples, music.sample_rate), sings, music.sample_rate
    )
    trim_db = float(np.clip(OVER_BACKING_LU - above, -_MOST_TRIM_DB, _MOST_TRIM_DB))
    return np.asarray(voice * 10 ** (trim_db / 20), dtype=np.float32)


def _lufs(sound: Samples, sings: NDArray[np.bool_], sample_rate: int) -> float:
    return integrated_lufs(Signal(np.ascontiguousarray(sound[:, sings], np.float32), sample_rate))


def _room(
    backing: Signal, mix: Samples, sings: NDArray[np.bool_], sung_s: Sequence[tuple[float, float]]
) -> Samples:
    """Return the gain of all: below 1 where the voice would make the music louder, from its first line on."""
    rate, count = backing.sample_rate, backing.sample_count
    before, after = (_lufs(sound, sings, rate) for sound in (backing.samples, mix))
    louder = max(0.0, after - before - _MOST_LOUDER_LU) if before > SILENCE_LUFS else 0.0
    first_s, last_s = sung_s[0][0], sung_s[-1][1]
    times_s = np.arange(count) / rate
    share = np.interp(times_s, [first_s - _BEFORE_S, first_s, last_s, last_s + _AFTER_S], [0, 1, 1, 0])
    return np.asarray(10 ** (-louder * share / 20), dtype=np.float32)


def _vocal_band(sound: Samples, sample_rate: int) -> Samples:
    low_hz, high_hz = _VOCAL_BAND_HZ
    band_hz = (low_hz, min(high_hz, 0.48 * sample_rate))
    sections = dsp.butter(2, band_hz, "bandpass", fs=sample_rate, output="sos")
    return np.asarray(dsp.sosfilt(sections, sound, axis=1), dtype=np.float32)


def _fitted(sound: Samples, count: int) -> Samples:
    """Cut or pad to ``count`` samples: resampling may be one off."""
    kept = sound[:, :count]
    return np.pad(kept, ((0, 0), (0, count - kept.shape[1])))
