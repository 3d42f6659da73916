"""The voice that is always there: a glottal pulse, breath and hiss through moving formants.

Each glottal pulse is sounded once, as the answer of the tract of its moment to a pulse of the shape
KLGLOTT88 (Klatt and Klatt, "Analysis, synthesis, and perception of voice quality variations among
female and male talkers", JASA 87, 1990), worked out in the frequency domain and added at its exact
place between samples. So the pitch is exact, formants may move at any speed, nothing folds back, and
the whole is a handful of array operations per phrase. Breath rides on the pulses; hiss is noise
shaped by what the mouth does.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cadenza.engines.embedded.sing.phones import NOISES
from cadenza.engines.embedded.sing.pulses import (
    HZ,
    PULSE_RATE,
    ROOM,
    Complex,
    add_pulses,
    at_full_rate,
    grains_of_noise,
    pulse_places,
)
from cadenza.engines.embedded.sing.tract import GRID_S, Movements, articulate
from cadenza.engines.embedded.sing.voice import FRAME_S, SAMPLE_RATE, Floats, Phrase

_PIECE = 512  # pulses worked out at once
_NASAL_POLE_HZ, _NASAL_ZERO_HZ, _NASAL_WIDTH_HZ = 270.0, 450.0, 100.0
_HISS_SIZE, _HISS_HOP = 256, 64
_LEVEL = 0.1
_INAUDIBLE = 1e-3
_ASPIRATION, _HISS = 0.02, 1.6  # what makes the levels in ``phones`` those that are heard
_OPENING_HZ = 5500.0  # above this the soft opening of the pulse adds less than 1 % to its closing
_LOWEST_HZ, _HIGHEST_HZ, _PERIOD_STEP = 50.0, 1100.0, 0.006  # of the table of glottal pulses; 1/10 semitone
_MOST_POWERS = 10

# Powers of z^-1 at 44.1 kHz for each bin: polynomials become spectra by one multiplication.
_POWERS: Complex = np.exp(-2j * np.pi * np.outer(np.arange(_MOST_POWERS), HZ) / SAMPLE_RATE)


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
        sound = at_full_rate(self._voiced(phrase, mouth, dice), count)
        self._hissed(phrase, mouth, sound, dice)
        return (_LEVEL * sound).astype(np.float32)

    def _voiced(self, phrase: Phrase, mouth: Movements, dice: np.random.Generator) -> NDArray[np.float32]:
        """Return all pulses, each with its share of breath, at ``PULSE_RATE``."""
        at, period = pulse_places(phrase, self._timbre.roughness, dice)
        sound = np.zeros(round(phrase.length_s * PULSE_RATE) + ROOM, dtype=np.float32)
        noise = dice.standard_normal(len(sound), dtype=np.float32)
        wobble = 1.0 + 0.025 * self._timbre.roughness * dice.standard_normal(len(at))
        place = np.minimum((at / PULSE_RATE / GRID_S).astype(int), len(mouth.voicing) - 1)
        audible = np.flatnonzero((mouth.voicing + mouth.aspiration)[place] > _INAUDIBLE)
        for begin in range(0, len(audible), _PIECE):
            chosen = audible[begin : begin + _PIECE]
            now = _At(phrase, mouth, at[chosen], period[chosen], wobble[chosen])
            add_pulses(sound, now.at, self._spectra(now, noise))
        return sound

    def _spectra(self, now: _At, noise: NDArray[np.float32]) -> Complex:
        """Return what each pulse sounds like at the lips, shape (pulses, bins)."""
        timbre, energy = self._timbre, now.energy
        source = _pulse_table(timbre.open_quotient)[_rows(now.period)]
        source *= (now.voicing * energy * now.wobble)[:, None].astype(np.float32)
        breath = energy * (now.aspiration + now.voicing * 10 ** (timbre.breath_db / 20))
        is_steady = now.voicing > now.aspiration
        tilt_db = np.clip(timbre.tilt_db - 8.0 * np.log10(np.maximum(energy, 0.05)), 0.0, 24.0)
        source /= _polynomial_spectra(_tilt(tilt_db))
        source += grains_of_noise(
            noise, now.at, np.where(is_steady, 0.7, 1.0) * now.period, breath * _ASPIRATION
        )
        source *= self._tract(now)
        return source

    def _tract(self, now: _At) -> Complex:
        """Return the transfer of glottis to lips at each pulse, shape (pulses, bins)."""
        scale = np.array(self._timbre.scale[:3])[:, None]
        formants = now.formants_hz * scale
        # A singer opens the mouth until the first formant is not below the note (Sundberg 1987).
        formants[0] = np.maximum(formants[0], 1.02 * PULSE_RATE / now.period)
        formants[1] = np.maximum(formants[1], formants[0] + 180.0)
        formants[2] = np.maximum(formants[2], formants[1] + 250.0)
        poles, gain = _resonators(formants, now.bandwidths_hz)
        transfer: Complex = (self._upper * gain[:, None]) / _polynomial_spectra(poles)
        nasal = np.flatnonzero(now.nasality > 0.01)
        if len(nasal):
            transfer[nasal] *= _nose(now.nasality[nasal])
        return transfer

    def _hissed(
        self, phrase: Phrase, mouth: Movements, sound: NDArray[np.float32], dice: np.random.Generator
    ) -> None:
        """Add the noise that arises in the mouth: hiss and bursts, frame by frame."""
        gains = mouth.hiss + mouth.bursts
        frames = np.flatnonzero(gains.max(axis=0) > 1e-4)
        frames = frames[(frames * _HISS_HOP >= _HISS_SIZE // 2)]
        frames = frames[frames * _HISS_HOP + _HISS_SIZE // 2 <= len(sound)]
        if len(frames) == 0:
            return
        stretch = self._timbre.scale[3]
        hz = np.asarray(np.fft.rfftfreq(_HISS_SIZE, 1 / SAMPLE_RATE), dtype=np.float64)
        shapes = np.stack([_noise_shape(corners, hz / stretch) for corners in NOISES.values()])
        energy = np.interp(frames * GRID_S, np.arange(len(phrase.energy)) * FRAME_S, phrase.energy)
        magnitude = (gains[:, frames].T @ shapes) * (_HISS * np.sqrt(energy))[:, None]
        grains = dice.standard_normal((len(frames), _HISS_SIZE)) * np.hanning(_HISS_SIZE + 1)[:-1]
        shaped = fft.irfft(fft.rfft(grains, axis=1) * magnitude, _HISS_SIZE, axis=1)
        for frame, grain in zip(frames.tolist(), shaped.astype(np.float32), strict=True):
            begin = frame * _HISS_HOP - _HISS_SIZE // 2
            sound[begin : begin + _HISS_SIZE] += grain


class _At:
    """The state of mouth and throat at each of some pulses."""

    def __init__(self, phrase: Phrase, mouth: Movements, at: Floats, period: Floats, wobble: Floats) -> None:
        self.at, self.period, self.wobble = at, period, wobble
        place = at / PULSE_RATE / GRID_S
        low = np.minimum(place.astype(int), mouth.voicing.shape[0] - 1)
        self.formants_hz = mouth.formants_hz[:, low]
        self.bandwidths_hz = mouth.bandwidths_hz[:, low]
        self.voicing = mouth.voicing[low]
        self.aspiration = mouth.aspiration[low]
        self.nasality = mouth.nasality[low]
        frame_s = np.arange(len(phrase.energy)) * FRAME_S
        self.energy = np.interp(at / PULSE_RATE, frame_s, phrase.energy)


@functools.lru_cache(maxsize=8)
def _pulse_table(open_quotient: float) -> Complex:
    """Return the spectrum of the derivative of KLGLOTT88 pulses, closing at time 0, shape (periods, bins).

    The flow 27/4 (t^2 - t^3) opens for ``open_quotient`` of the period; the falling edge of its
    derivative is 1 high. Rows are periods from that of ``_LOWEST_HZ`` down, ``_PERIOD_STEP`` apart
    (natural logarithm): a pulse a twentieth of a semitone off in length has the same sound.
    """
    count = int(np.log(_HIGHEST_HZ / _LOWEST_HZ) / _PERIOD_STEP) + 1
    period_s = np.exp(-_PERIOD_STEP * np.arange(count)) / _LOWEST_HZ
    w = 2 * np.pi * np.outer(open_quotient * period_s, HZ)
    w[:, 0] = 1.0
    turn = np.zeros(w.shape, dtype=complex)
    low = int(_OPENING_HZ / HZ[1])
    turn[:, :low] = np.exp(1j * w[:, :low])
    first = ((1 + 1j * w) - turn) / w**2
    second = (1j * w * w + 2 * w - 2j + 2j * turn) / w**3
    spectrum = (2 * first - 3 * second) * (open_quotient * PULSE_RATE * period_s)[:, None]
    spectrum[:, 0] = 0.0
    return np.asarray(spectrum, dtype=np.complex64)


def _rows(period: Floats) -> NDArray[np.intp]:
    """Return the row of ``_pulse_table`` for each period in samples."""
    steps = np.log(PULSE_RATE / (_LOWEST_HZ * period)) / _PERIOD_STEP
    most = int(np.log(_HIGHEST_HZ / _LOWEST_HZ) / _PERIOD_STEP)
    return np.clip(np.round(steps), 0, most).astype(np.intp)


def _polynomial_spectra(polynomials: Floats) -> Complex:
    """Return the values of polynomials in z^-1 (shape (pulses, powers)) at all bins, shape (pulses, bins)."""
    powers = _POWERS[: polynomials.shape[1]].view(np.float64)
    return np.asarray((polynomials @ powers).view(np.complex128), dtype=np.complex64)


def _nose(nasality: Floats) -> Complex:
    """Return the pole and the zero that the nose adds (Klatt 1980), shape (pulses, bins)."""
    zero_hz = _NASAL_POLE_HZ + (_NASAL_ZERO_HZ - _NASAL_POLE_HZ) * nasality
    over = _section(zero_hz, np.full_like(zero_hz, _NASAL_WIDTH_HZ))
    under = _section(np.array([_NASAL_POLE_HZ]), np.array([_NASAL_WIDTH_HZ]))
    gain = under.sum(axis=1) / over.sum(axis=1)
    return np.asarray(gain[:, None] * _polynomial_spectra(over) / _polynomial_spectra(under))


def _tilt(tilt_db: Floats) -> Floats:
    """Return the poles of low-passes that lose ``tilt_db`` at 3 kHz, 1 at 0 Hz, shape (pulses, 2)."""
    loss = 10 ** (np.maximum(tilt_db, 1e-6) / 10)
    cosine = np.cos(2 * np.pi * 3000.0 / SAMPLE_RATE)
    half = (loss - cosine) / (loss - 1.0)
    pole = half - np.sqrt(half**2 - 1.0)
    return np.stack([1.0 / (1.0 - pole), -pole / (1.0 - pole)], axis=1)


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
    response = np.ones(len(HZ), dtype=complex)
    for hz, width in zip(centres, widths, strict=True):
        section = _section(np.array([hz]), np.array([width]))
        response *= section.sum() / _polynomial_spectra(section)[0]
    bell = 10 ** (timbre.ring_db / 20 * np.exp(-(((HZ - timbre.ring_hz) / 450.0) ** 2)))
    return np.asarray(response * bell)


def _noise_shape(corners: tuple[tuple[float, float], ...], hz: Floats) -> Floats:
    where, level_db = np.array(corners).T
    return np.asarray(10 ** (np.interp(hz, where, level_db) / 20))
