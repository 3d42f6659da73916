"""The voice in the mix: made even and clear, ridden over the backing, which makes room for it.

Line by line a voice is filtered, compressed twice (a fast one for peaks, a slow one for level) and
de-essed; then its fader follows the loudness of whatever plays, so that it stays about five loudness
units above it, while the others dip where words are understood (1 to 4 kHz).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.audio.loudness import integrated_lufs, k_weighting
from cadenza.audio.signal import Signal
from cadenza.engines.embedded.mix.eq import high_pass, high_shelf, peak
from cadenza.engines.embedded.mix.reverb import Reverb

Stereo = NDArray[np.float32]
Mono = NDArray[np.float32]
Floats = NDArray[np.float64]

OVER_BACKING_LU = 5.0
_LINE_LUFS = -20.0  # of a line's lead after its dynamics: what the fader starts from
_BLOCK = 64
_FASTEST_RIDE_S, _RIDE_BLOCK_S = 1.2, 0.1
_QUIETEST_BACKING_LU = -9.0  # against the loudest: below this the voice does not follow
_DIP_DB, _DIP_HZ, _DIP_QUALITY = -4.5, 2000.0, 0.6
_DIP_RISE_S, _DIP_FALL_S = 0.12, 0.35
_SIBILANT_HZ, _SIBILANT_SHARE = 5500.0, 0.4
_ECHO_GAINS = (0.2, 0.08, 0.03)
_PLATE_SEND, _SIDE_SEND = 0.22, 0.35


def produced(lead: Mono, others: Stereo, sample_rate: int) -> Stereo:
    """Return one line of singing, even and clear, the lead in the middle at -20 LUFS; shape (2, samples)."""
    middle = _channel(lead[None, :], sample_rate)
    sides = _channel(others, sample_rate)
    loudness = integrated_lufs(Signal(np.vstack([middle, middle]).astype(np.float32), sample_rate))
    if loudness < -60.0:  # nobody leads: the others are brought to where they would be beside one
        loudness = integrated_lufs(Signal(sides.astype(np.float32), sample_rate)) + 4.0
    gain = 10 ** (float(np.clip(_LINE_LUFS - loudness, -30.0, 30.0)) / 20)
    return ((middle + sides) * gain).astype(np.float32)


def _channel(sound: NDArray[np.float32], sample_rate: int) -> Floats:
    sections = np.stack(
        [
            high_pass(90.0, sample_rate),
            peak(280.0, -3.0, 1.0, sample_rate),
            peak(3000.0, 3.0, 0.8, sample_rate),
            high_shelf(9000.0, 4.0, sample_rate),
        ]
    )
    clear = dsp.sosfilt(sections, sound.astype(float), axis=1)
    even = _compressed(clear, sample_rate, over_db=2.0, ratio=4.0, attack_s=0.003, release_s=0.06)
    even = _compressed(even, sample_rate, over_db=-4.0, ratio=2.0, attack_s=0.03, release_s=0.25)
    return _deessed(even, sample_rate)


def _compressed(
    sound: Floats, sample_rate: int, *, over_db: float, ratio: float, attack_s: float, release_s: float
) -> Floats:
    """Return the sound with what exceeds its own mean level by ``over_db`` divided by ``ratio`` (in dB)."""
    power = _block_means(np.square(sound).mean(axis=0))
    loud = power[power > 1e-8]
    if len(loud) == 0:
        return sound
    threshold_db = 10 * np.log10(float(np.mean(loud))) + over_db
    over = np.maximum(0.0, 10 * np.log10(np.maximum(power, 1e-9)) - threshold_db)
    reduction_db = over * (1 - 1 / ratio)
    per_s = sample_rate / _BLOCK
    slope = 20.0 / (release_s * per_s) * np.arange(len(over))
    held = np.maximum.accumulate(reduction_db + slope) - slope
    width = max(1, round(attack_s * per_s)) | 1
    smooth = np.convolve(np.pad(held, width // 2, mode="edge"), np.ones(width) / width, "valid")
    return sound * _spread(10 ** (-smooth / 20), sound.shape[1])


def _deessed(sound: Floats, sample_rate: int) -> Floats:
    """Hold the hiss of sibilants to a share of the voice's own level."""
    band = dsp.butter(2, _SIBILANT_HZ, "highpass", fs=sample_rate, output="sos")
    hiss = dsp.sosfilt(band, sound, axis=1)
    level = np.sqrt(_block_means(np.square(hiss).mean(axis=0)))
    voice = np.sqrt(np.mean(np.square(sound))) if sound.size else 0.0
    if voice == 0.0:
        return sound
    gain = np.minimum(1.0, np.sqrt(_SIBILANT_SHARE * voice / np.maximum(level, 1e-9)))
    smooth = np.convolve(np.pad(gain, 2, mode="edge"), np.ones(5) / 5, "valid")
    return sound - hiss * (1.0 - _spread(smooth, sound.shape[1]))


def _block_means(values: Floats) -> Floats:
    padded = np.pad(values, (0, -len(values) % _BLOCK)).reshape(-1, _BLOCK)
    return np.asarray(padded.mean(axis=1))


def _spread(per_block: Floats, count: int) -> Floats:
    centres = (np.arange(len(per_block)) + 0.5) * _BLOCK
    return np.asarray(np.interp(np.arange(count), centres, per_block))


class VocalStrip:
    """The voice's channel: fader ride, plate and echo in the tempo; works window by window."""

    def __init__(self, plate: Stereo, echo_s: float, backing_lufs: float, sample_rate: int) -> None:
        self._rate = sample_rate
        self._weighting = k_weighting(sample_rate)
        self._weighting_state = np.zeros((len(self._weighting), 2, 2))
        self._plate = Reverb(plate)
        self._echo = round(echo_s * sample_rate)
        self._past = np.zeros(self._echo * len(_ECHO_GAINS), dtype=np.float32)
        self._loudest = backing_lufs
        self._backing = backing_lufs
        self._gain_db = self._wanted_db()

    def process(self, dry: Stereo, backing: Stereo) -> Stereo:
        """Return the voice as it sits in the mix; ``backing`` is all that sounds beside it."""
        ridden = dry * self._ride(backing)
        mono = ridden.mean(axis=0)
        wet: Stereo = self._plate.process(mono * np.float32(_PLATE_SEND))
        line = np.concatenate([self._past, mono])
        for number, gain in enumerate(_ECHO_GAINS, start=1):
            begin = len(self._past) - number * self._echo
            wet += line[begin : begin + len(mono)] * np.float32(gain * _SIDE_SEND)
        self._past = line[len(line) - len(self._past) :]
        return np.asarray(ridden + wet, dtype=np.float32)

    def _wanted_db(self) -> float:
        followed = max(self._backing, self._loudest + _QUIETEST_BACKING_LU)
        return followed + OVER_BACKING_LU - _LINE_LUFS

    def _ride(self, backing: Stereo) -> NDArray[np.float32]:
        weighted, self._weighting_state = dsp.sosfilt(
            self._weighting, backing, axis=1, zi=self._weighting_state
        )
        size = round(_RIDE_BLOCK_S * self._rate)
        keep = np.exp(-_RIDE_BLOCK_S / _FASTEST_RIDE_S)
        places, gains = [0], [self._gain_db]
        for begin in range(0, weighted.shape[1], size):
            piece = weighted[:, begin : begin + size]
            power = float(np.square(piece).mean(axis=1).sum())
            now = -0.691 + 10 * np.log10(max(power, 1e-7))
            self._backing = float(
                10 * np.log10(keep * 10 ** (self._backing / 10) + (1 - keep) * 10 ** (now / 10))
            )
            places.append(begin + piece.shape[1])
            gains.append(self._wanted_db())
        self._gain_db = gains[-1]
        curve_db = np.interp(np.arange(backing.shape[1]), places, gains)
        return np.asarray(10 ** (curve_db / 20), dtype=np.float32)


class Dip:
    """Takes one strip of the backing back between 1 and 4 kHz while somebody sings."""

    def __init__(self, sung_s: Sequence[tuple[float, float]], sample_rate: int) -> None:
        self._rate = sample_rate
        self._edges = [
            edge for begin, end in sung_s for edge in (begin - _DIP_RISE_S, begin, end, end + _DIP_FALL_S)
        ]
        self._depths = [0.0, 1.0, 1.0, 0.0] * len(sung_s)
        self._section = peak(_DIP_HZ, _DIP_DB, _DIP_QUALITY, sample_rate)[None, :]
        self._state = np.zeros((1, 2, 2))
        self._at = 0

    def process(self, sound: Stereo) -> Stereo:
        """Return the next samples of the strip, shape (2, samples)."""
        dipped, self._state = dsp.sosfilt(self._section, sound, axis=1, zi=self._state)
        time_s = (self._at + np.arange(sound.shape[1])) / self._rate
        depth = np.interp(time_s, np.maximum.accumulate(self._edges), self._depths)
        self._at += sound.shape[1]
        return (sound + depth * (dipped - sound)).astype(np.float32)
