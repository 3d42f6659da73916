"""The voice that is always there: a glottal pulse, breath and hiss through moving formants.

Each glottal pulse is sounded once, as the answer of the tract of its moment to a pulse of the shape
KLGLOTT88 (Klatt and Klatt, "Analysis, synthesis, and perception of voice quality variations among
female and male talkers", JASA 87, 1990), worked out in the frequency domain and added at its exact
place between samples. So the pitch is exact, formants may move at any speed, nothing folds back, and
the whole is a handful of array operations per phrase. Breath rides on the pulses; hiss is noise
shaped by what the mouth does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cadenza.engines.embedded.sing.phones import NOISES
from cadenza.engines.embedded.sing.tract import GRID_S, Movements, articulate
from cadenza.engines.embedded.sing.voice import FRAME_S, SAMPLE_RATE, Floats, Phrase

_SIZE, _BEFORE = 2048, 512  # samples of one pulse's answer, and how many lie before its closure
_HZ = np.fft.rfftfreq(_SIZE, 1 / SAMPLE_RATE)
_TURN = 2j * np.pi * _HZ / SAMPLE_RATE  # of the phase per sample of delay
_PIECE = 512  # pulses worked out at once
_NASAL_POLE_HZ, _NASAL_ZERO_HZ, _NASAL_WIDTH_HZ = 270.0, 450.0, 100.0
_HISS_SIZE, _HISS_HOP = 256, 64
_LEVEL = 0.1
_INAUDIBLE = 1e-3
_ASPIRATION, _HISS = 0.02, 1.6  # what makes the levels in ``phones`` those that are heard
_SHIFTS = 64  # places between two samples that a pulse can take: far finer than the voice's own jitter
_OPENING_HZ = 5500.0  # above this the soft opening of the pulse adds less than 1 % to its closing

Complex = NDArray[np.complex128]
_DELAYS: Complex = np.exp(-_TURN * (np.arange(_SHIFTS + 1)[:, None] / _SHIFTS + _BEFORE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """What makes one singer differ from another.

    ``scale`` stretches F1, F2, F3 and what lies above against a man's, ``open_quotient`` is the open
    share of a glottal cycle, ``tilt_db`` what the source loses at 3 kHz, ``breath_db`` the breath in
    the voice, ``ring_db`` the singer's formant near ``ring_hz``, ``roughness`` the irregularity of
    period and strength (1 is a healthy voice).
    """

    scale: tuple[float, float, float, float]
    open_quotient: float
    tilt_db: float
    breath_db: float
    ring_db: float
    ring_hz: float = 3000.0
    roughness: float = 1.0


class SourceFilterVoice:
    """A ``Voice`` of our own making."""

    def __init__(self, timbre: Timbre) -> None:
        self._timbre = timbre
        self._upper = _upper_formants(timbre)

    def render(self, phrase: Phrase) -> NDArray[np.float32]:
        """Return the phrase; see ``Voice``."""
        count = round(phrase.length_s * SAMPLE_RATE)
        dice = np.random.default_rng(np.random.SeedSequence(phrase.seed))
        mouth = articulate(phrase.segments)
        sound = np.zeros(count + 2 * _SIZE)
        self._voiced(phrase, mouth, sound, dice)
        self._hissed(phrase, mouth, sound, dice)
        return (_LEVEL * sound[_BEFORE : _BEFORE + count]).astype(np.float32)

    def _voiced(self, phrase: Phrase, mouth: Movements, sound: Floats, dice: np.random.Generator) -> None:
        """Add all pulses, each with its share of breath."""
        at, period = _pulses(phrase, self._timbre.roughness, dice)
        noise = dice.standard_normal(len(sound) + 2 * _SIZE)
        wobble = 1.0 + 0.025 * self._timbre.roughness * dice.standard_normal(len(at))
        place = np.minimum((at / SAMPLE_RATE / GRID_S).astype(int), len(mouth.voicing) - 1)
        audible = np.flatnonzero((mouth.voicing + mouth.aspiration)[place] > _INAUDIBLE)
        for begin in range(0, len(audible), _PIECE):
            chosen = audible[begin : begin + _PIECE]
            self._add_pulses(_At(phrase, mouth, at[chosen], period[chosen], wobble[chosen]), noise, sound)

    def _add_pulses(self, now: _At, noise: Floats, sound: Floats) -> None:
        timbre, energy = self._timbre, now.energy
        tilt_db = np.clip(timbre.tilt_db - 8.0 * np.log10(np.maximum(energy, 0.05)), 0.0, 24.0)
        source = (now.voicing * energy * now.wobble)[:, None] * _glottal(
            now.period, timbre.open_quotient, tilt_db
        )
        breath = energy * (now.aspiration + now.voicing * 10 ** (timbre.breath_db / 20))
        is_steady = now.voicing > now.aspiration
        source += _breath(noise, now, np.where(is_steady, 0.7, 1.0), breath * _ASPIRATION)
        whole = np.floor(now.at).astype(int)
        delays = _DELAYS[np.round((now.at - whole) * _SHIFTS).astype(int)]
        answer = source * self._tract(now) * delays
        pulses = fft.irfft(answer, _SIZE, axis=1)
        for place, pulse in zip(whole, pulses, strict=True):
            sound[place : place + _SIZE] += pulse

    def _tract(self, now: _At) -> Complex:
        """Return the transfer of glottis to lips at each pulse, shape (pulses, bins)."""
        scale = np.array(self._timbre.scale[:3])[:, None]
        formants = now.formants_hz * scale
        # A singer opens the mouth until the first formant is not below the note (Sundberg 1987).
        formants[0] = np.maximum(formants[0], 1.02 * SAMPLE_RATE / now.period)
        formants[1] = np.maximum(formants[1], formants[0] + 180.0)
        formants[2] = np.maximum(formants[2], formants[1] + 250.0)
        poles, gain = _resonators(formants, now.bandwidths_hz)
        transfer = (self._upper * gain[:, None]) / fft.rfft(poles, _SIZE, axis=1)
        nasal = np.flatnonzero(now.nasality > 0.01)
        if len(nasal):
            transfer[nasal] *= _nose(now.nasality[nasal])
        return np.asarray(transfer)

    def _hissed(self, phrase: Phrase, mouth: Movements, sound: Floats, dice: np.random.Generator) -> None:
        """Add the noise that arises in the mouth: hiss and bursts, frame by frame."""
        gains = mouth.hiss + mouth.bursts
        frames = np.flatnonzero(gains.max(axis=0) > 1e-4)
        if len(frames) == 0:
            return
        stretch = self._timbre.scale[3]
        hz = np.asarray(np.fft.rfftfreq(_HISS_SIZE, 1 / SAMPLE_RATE), dtype=np.float64)
        shapes = np.stack([_noise_shape(corners, hz / stretch) for corners in NOISES.values()])
        energy = np.interp(frames * GRID_S, np.arange(len(phrase.energy)) * FRAME_S, phrase.energy)
        magnitude = (gains[:, frames].T @ shapes) * (_HISS * np.sqrt(energy))[:, None]
        grains = dice.standard_normal((len(frames), _HISS_SIZE)) * np.hanning(_HISS_SIZE + 1)[:-1]
        shaped = fft.irfft(fft.rfft(grains, axis=1) * magnitude, _HISS_SIZE, axis=1)
        for frame, grain in zip(frames, shaped, strict=True):
            begin = _BEFORE + frame * _HISS_HOP - _HISS_SIZE // 2
            sound[begin : begin + _HISS_SIZE] += grain


class _At:
    """The state of mouth and throat at each of some pulses."""

    def __init__(self, phrase: Phrase, mouth: Movements, at: Floats, period: Floats, wobble: Floats) -> None:
        self.at, self.period, self.wobble = at, period, wobble
        place = at / SAMPLE_RATE / GRID_S
        low = np.minimum(place.astype(int), mouth.voicing.shape[0] - 1)
        self.formants_hz = mouth.formants_hz[:, low]
        self.bandwidths_hz = mouth.bandwidths_hz[:, low]
        self.voicing = mouth.voicing[low]
        self.aspiration = mouth.aspiration[low]
        self.nasality = mouth.nasality[low]
        frame_s = np.arange(len(phrase.energy)) * FRAME_S
        self.energy = np.interp(at / SAMPLE_RATE, frame_s, phrase.energy)


def _pulses(phrase: Phrase, roughness: float, dice: np.random.Generator) -> tuple[Floats, Floats]:
    """Return where each pulse closes and its period, both in samples.

    Jitter is about a third of a per cent of the period for ``roughness`` 1: in the range of healthy voices.
    """
    count = round(phrase.length_s * SAMPLE_RATE)
    frame_s = np.arange(len(phrase.f0_hz)) * FRAME_S
    f0_hz = np.interp(np.arange(count) / SAMPLE_RATE, frame_s, phrase.f0_hz)
    phase = np.cumsum(f0_hz) / SAMPLE_RATE
    at = np.interp(np.arange(1, int(phase[-1])), phase, np.arange(count))
    period = SAMPLE_RATE / f0_hz[at.astype(int)]
    jitter = np.clip(dice.standard_normal(len(at)), -2.5, 2.5)
    return np.maximum(0.0, at + 0.0022 * roughness * jitter * period), period


def _glottal(period: Floats, open_quotient: float, tilt_db: Floats) -> Complex:
    """Return the spectrum of the derivative of each KLGLOTT88 pulse, closing at time 0.

    The flow 27/4 (t^2 - t^3) opens for ``open_quotient`` of the period; the falling edge of its
    derivative is 1 high. A one-pole low-pass takes ``tilt_db`` away at 3 kHz.
    """
    w = 2 * np.pi * np.outer(open_quotient * period / SAMPLE_RATE, _HZ)
    w[:, 0] = 1.0
    turn = np.zeros(w.shape, dtype=complex)
    low = int(_OPENING_HZ / _HZ[1])
    turn[:, :low] = np.exp(1j * w[:, :low])
    first = ((1 + 1j * w) - turn) / w**2
    second = (1j * w * w + 2 * w - 2j + 2j * turn) / w**3
    spectrum = (2 * first - 3 * second) * (open_quotient * period)[:, None]
    spectrum[:, 0] = 0.0
    return np.asarray(spectrum * _tilt(tilt_db))


def _nose(nasality: Floats) -> Complex:
    """Return the pole and the zero that the nose adds (Klatt 1980), shape (pulses, bins)."""
    zero_hz = _NASAL_POLE_HZ + (_NASAL_ZERO_HZ - _NASAL_POLE_HZ) * nasality
    over = _section(zero_hz, np.full_like(zero_hz, _NASAL_WIDTH_HZ))
    under = _section(np.array([_NASAL_POLE_HZ]), np.array([_NASAL_WIDTH_HZ]))
    gain = under.sum(axis=1) / over.sum(axis=1)
    return np.asarray(gain[:, None] * fft.rfft(over, _SIZE, axis=1) / fft.rfft(under, _SIZE, axis=1))


def _tilt(tilt_db: Floats) -> Complex:
    """Return one-pole low-passes that lose ``tilt_db`` at 3 kHz, shape (pulses, bins)."""
    loss = 10 ** (tilt_db / 10)
    ratio = np.sqrt(np.maximum(loss - 1.0, 1e-9)) / 3000.0
    return np.asarray(1.0 / (1.0 + 1j * ratio[:, None] * _HZ))


def _breath(noise: Floats, now: _At, width: Floats, gain: Floats) -> Complex:
    """Return the spectrum of a grain of noise around each pulse, ``width`` periods to either side."""
    reach = min(_BEFORE, int(np.ceil(np.max(width * now.period))))
    around = np.arange(-reach, reach)
    places = now.at.astype(int)[:, None] + around + _BEFORE
    inside = np.abs(around)[None, :] / (width * now.period)[:, None]
    window = np.where(inside < 1.0, 0.5 + 0.5 * np.cos(np.pi * np.minimum(inside, 1.0)), 0.0)
    grains = noise[places] * window * (gain * SAMPLE_RATE / 1000)[:, None]
    return np.asarray(fft.rfft(grains, _SIZE, axis=1) * np.exp(_TURN * reach))


def _section(hz: Floats, width_hz: Floats) -> Floats:
    """Return the polynomial of a pair of poles or zeros in z^-1, shape (pulses, 3)."""
    radius = np.exp(-np.pi * width_hz / SAMPLE_RATE)
    middle = -2 * radius * np.cos(2 * np.pi * hz / SAMPLE_RATE)
    return np.stack([np.ones_like(radius), middle, radius**2], axis=1)


def _times(one: Floats, two: Floats) -> Floats:
    """Multiply polynomials row by row."""
    product = np.zeros((len(one), one.shape[1] + two.shape[1] - 1))
    for power in range(two.shape[1]):
        product[:, power : power + one.shape[1]] += one * two[:, power : power + 1]
    return product


def _resonators(formants_hz: Floats, bandwidths_hz: Floats) -> tuple[Floats, Floats]:
    """Return the polynomial of resonators in cascade and the gain that makes each 1 at 0 Hz."""
    sections = [_section(hz, width) for hz, width in zip(formants_hz, bandwidths_hz, strict=True)]
    gain = np.prod([section.sum(axis=1) for section in sections], axis=0)
    product = sections[0]
    for section in sections[1:]:
        product = _times(product, section)
    return product, gain


def _upper_formants(timbre: Timbre) -> Complex:
    """Return the resonances that do not move: F4 and above, and the singer's formant; shape (bins,).

    F4 and F5 are Klatt's (1980); those above lie where a tube of a man's length has them.
    """
    centres = np.array([3300.0, 3750.0, 4900.0, 5900.0, 6900.0, 7900.0, 8900.0, 9900.0]) * timbre.scale[3]
    widths = np.array([250.0, 250.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0])
    response = np.ones(len(_HZ), dtype=complex)
    for hz, width in zip(centres, widths, strict=True):
        section = _section(np.array([hz]), np.array([width]))
        response *= section.sum() / fft.rfft(section[0], _SIZE)
    bell = 10 ** (timbre.ring_db / 20 * np.exp(-(((_HZ - timbre.ring_hz) / 450.0) ** 2)))
    return np.asarray(response * bell)


def _noise_shape(corners: tuple[tuple[float, float], ...], hz: Floats) -> Floats:
    where, level_db = np.array(corners).T
    return np.asarray(10 ** (np.interp(hz, where, level_db) / 20))
