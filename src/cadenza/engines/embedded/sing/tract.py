"""From phones to the movements of the mouth: formants that glide, and who sounds when.

Targets and borders after Holmes, Mattingly and Shearme ("Speech synthesis by rule", Language and
Speech 7, 1964): at the border of two phones the stronger one decides how much of its own place is
kept, and the weaker one moves from there to its target. Diphthongs glide late, as singers do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cadenza.engines.embedded.sing.phones import NOISES, PHONES, Manner, Phone
from cadenza.engines.embedded.sing.voice import SILENCE, Floats, Segment

GRID_S = 64 / 44_100  # between two values of the movements
_GLIDE_S, _GLIDE_SHARE = 0.2, 0.55  # of a diphthong's second half
_BURST_S = {"lip": 0.008, "tip": 0.012, "back": 0.018, "front": 0.018}
_VOICE_ONSET_S = {"lip": 0.045, "tip": 0.055, "back": 0.065, "front": 0.065}
_NEUTRAL = (500.0, 1500.0, 2500.0)
_ASPIRATION_DB, _RELEASE_DB, _BREATH_DB = -8.0, -15.0, -16.0
_SHAPES = tuple(NOISES)
_Place = tuple[Floats, Floats]  # formants at the beginning and at the end


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Movements:
    """All movements of a phrase, one value per ``GRID_S``.

    ``formants_hz`` and ``bandwidths_hz`` have shape (3, steps) and are a man's. ``voicing`` and
    ``aspiration`` are gains of the two sources at the glottis, shape (steps,); ``hiss`` the gains of
    the shapes in ``NOISES``, shape (shapes, steps), ``bursts`` likewise, for what is very short.
    ``nasality`` is 0 to 1.
    """

    formants_hz: Floats
    bandwidths_hz: Floats
    voicing: Floats
    aspiration: Floats
    hiss: Floats
    bursts: Floats
    nasality: Floats


def articulate(segments: Sequence[Segment]) -> Movements:
    """Return how the mouth moves through ``segments``."""
    steps = int(np.ceil(segments[-1].end_s / GRID_S)) + 1
    places = _places(segments)
    sources = _Sources(steps)
    for index, segment in enumerate(segments):
        _sound(sources, segments, index, segment, places)
    return Movements(
        formants_hz=_formant_tracks(segments, places, steps),
        bandwidths_hz=_bandwidth_tracks(segments, steps),
        voicing=_smoothed(sources.voicing, 0.012),
        aspiration=_smoothed(sources.aspiration, 0.012),
        hiss=_smoothed(sources.hiss, 0.02),
        bursts=_smoothed(sources.bursts, 0.004),
        nasality=_smoothed(sources.nasality, 0.045),
    )


class _Sources:
    """What sounds, as steps; smoothed once all is known."""

    def __init__(self, steps: int) -> None:
        self.voicing = np.zeros(steps)
        self.aspiration = np.zeros(steps)
        self.nasality = np.zeros(steps)
        self.hiss = np.zeros((len(_SHAPES), steps))
        self.bursts = np.zeros((len(_SHAPES), steps))


def _span(begin_s: float, end_s: float) -> slice:
    first = max(0, round(begin_s / GRID_S))
    return slice(first, max(first + 1, round(end_s / GRID_S)))


def _gain(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def _sound(
    sources: _Sources,
    segments: Sequence[Segment],
    index: int,
    segment: Segment,
    places: Sequence[_Place],
) -> None:
    """Say which sources a segment uses, and when."""
    phone, whole = PHONES[segment.phone], _span(segment.begin_s, segment.end_s)
    if phone.manner in {Manner.STOP, Manner.AFFRICATE}:
        _sound_stop(sources, segments, index, phone, float(places[index][1][1]))
        return
    if phone.manner is Manner.BREATHED:
        sources.aspiration[whole] = _gain(_BREATH_DB if segment.phone == "%" else _ASPIRATION_DB)
        return
    if phone.manner is Manner.SILENT:
        return
    if phone.voicing_db is not None:
        sources.voicing[whole] = _gain(phone.voicing_db)
    if phone.manner is Manner.NASAL:
        sources.nasality[whole] = 1.0
    if phone.noise:
        sources.hiss[_SHAPES.index(phone.noise), whole] = _gain(phone.noise_db)


def _sound_stop(
    sources: _Sources, segments: Sequence[Segment], index: int, phone: Phone, locus_hz: float
) -> None:
    """Close, burst, and breathe until the voice comes in."""
    segment = segments[index]
    before = PHONES[segments[index - 1].phone] if index else PHONES["-"]
    after = PHONES[segments[index + 1].phone] if index + 1 < len(segments) else PHONES["-"]
    length_s = segment.end_s - segment.begin_s
    shape = "front" if phone.noise == "back" and locus_hz > 1700 else phone.noise
    if phone.manner is Manner.AFFRICATE:
        open_s = 0.6 * length_s
    elif phone.is_voiced:
        open_s = min(0.4 * length_s, _BURST_S[shape] + 0.004)
    else:
        is_after_s = before.manner is Manner.FRICATIVE and not before.is_voiced
        full_s = (
            0.02 if is_after_s or after.manner in {Manner.STOP, Manner.FRICATIVE} else _VOICE_ONSET_S[shape]
        )
        open_s = min(0.6 * length_s, full_s)
    opens_s = segment.end_s - open_s
    if phone.voicing_db is not None and before.is_voiced and before.manner is not Manner.SILENT:
        sources.voicing[_span(segment.begin_s, opens_s)] = _gain(phone.voicing_db)
    if phone.manner is Manner.AFFRICATE:
        sources.hiss[_SHAPES.index(shape), _span(opens_s, segment.end_s)] = _gain(phone.noise_db)
        return
    burst_s = min(open_s, _BURST_S[shape])
    weaker_db = -4.0 if after.manner in {Manner.SILENT, Manner.STOP, Manner.FRICATIVE} else 0.0
    sources.bursts[_SHAPES.index(shape), _span(opens_s, opens_s + burst_s)] = _gain(
        phone.noise_db + weaker_db
    )
    if not phone.is_voiced:
        level_db = _RELEASE_DB if after.manner is Manner.SILENT else _ASPIRATION_DB
        sources.aspiration[_span(opens_s + 0.5 * burst_s, segment.end_s)] = _gain(level_db)


def _places(segments: Sequence[Segment]) -> list[_Place]:
    """Return where F1 to F3 aim at the beginning and at the end of each segment, in Hz.

    What has no place of its own (breathed "h", silence) takes its neighbour's; the tongue's back meets
    the palate where the next vowel wants it.
    """
    own = [_own_place(segment) for segment in segments]
    filled: list[_Place] = []
    for index, segment in enumerate(segments):
        if segment.phone in {"K", "G", "NG"}:
            velar = _velar(_vowel_beside(segments, own, index), own[index])
            filled.append((velar, velar))
        else:
            filled.append(own[index] or _borrowed(segments, own, index, filled))
    return filled


def _own_place(segment: Segment) -> _Place | None:
    phone = PHONES[segment.phone]
    if phone.formants_hz[0] == 0:
        return None
    return np.array(phone.formants_hz, float), np.array(phone.glides_to_hz or phone.formants_hz, float)


def _borrowed(
    segments: Sequence[Segment], own: Sequence[_Place | None], index: int, before: Sequence[_Place]
) -> _Place:
    """Return the place of what follows, or where the mouth is left if it stays silent then."""
    is_last = index + 1 == len(segments) or segments[index + 1].phone == SILENCE
    if is_last and before:
        return before[-1][1], before[-1][1]
    ahead = next((place[0] for place in own[index:] if place is not None), np.array(_NEUTRAL))
    return ahead, ahead


def _velar(beside: Floats, own: _Place | None) -> Floats:
    assert own is not None, "a velar has a place of its own"
    second_hz = float(np.clip(1.08 * beside[1] + 60, 1000, 2350))
    third_hz = float(np.clip(0.5 * (beside[2] + second_hz + 500), 1900, 2900))
    return np.array([own[0][0], second_hz, third_hz])


def _vowel_beside(segments: Sequence[Segment], places: Sequence[_Place | None], index: int) -> Floats:
    for neighbour, end in ((index + 1, 0), (index - 1, 1), (index + 2, 0), (index - 2, 1)):
        if 0 <= neighbour < len(segments) and PHONES[segments[neighbour].phone].manner is Manner.VOWEL:
            place = places[neighbour]
            assert place is not None, "a vowel has its place"
            return place[end]
    return np.array(_NEUTRAL)


def _border(left: Segment, right: Segment, places: tuple[_Place, _Place]) -> tuple[Floats, float]:
    """Return the formants at the border of two segments, and how long the weaker one moves from there."""
    one, two = PHONES[left.phone], PHONES[right.phone]
    here, there = places[0][1], places[1][0]
    stronger = one if _strength(one) >= _strength(two) else two
    own, other = (here, there) if stronger is one else (there, here)
    keep = np.array([min(0.6, stronger.pull), stronger.pull, stronger.pull])
    return own + (1 - keep) * (other - own), stronger.move_s


def _strength(phone: Phone) -> float:
    return phone.pull + (0.1 if phone.manner in {Manner.STOP, Manner.FRICATIVE, Manner.AFFRICATE} else 0.0)


def _formant_tracks(segments: Sequence[Segment], places: Sequence[_Place], steps: int) -> Floats:
    times: list[float] = []
    values: list[Floats] = []
    arriving, arrive_s = places[0][0], 0.0
    for index, (segment, (begin, end)) in enumerate(zip(segments, places, strict=True)):
        if index + 1 < len(segments):
            leaving, leave_s = _border(segment, segments[index + 1], (places[index], places[index + 1]))
        else:
            leaving, leave_s = end, 0.0
        length_s = segment.end_s - segment.begin_s
        into_s, out_s = min(arrive_s, 0.45 * length_s), min(leave_s, 0.45 * length_s)
        glide_s = min(_GLIDE_S, _GLIDE_SHARE * length_s)
        still_until_s = max(segment.begin_s + into_s, segment.end_s - out_s - glide_s)
        times += [segment.begin_s, segment.begin_s + into_s, still_until_s, segment.end_s - out_s]
        values += [arriving, begin, begin, end]
        arriving, arrive_s = leaving, leave_s
    times.append(segments[-1].end_s)
    values.append(arriving)
    grid_s = np.arange(steps) * GRID_S
    stacked = np.array(values)
    ordered_s = np.maximum.accumulate(np.array(times))
    tracks = np.stack([np.interp(grid_s, ordered_s, stacked[:, row]) for row in range(3)])
    return _smoothed(tracks, 0.02)


def _bandwidth_tracks(segments: Sequence[Segment], steps: int) -> Floats:
    tracks = np.empty((3, steps))
    for segment in segments:
        span = slice(max(0, round(segment.begin_s / GRID_S)), steps)
        tracks[:, span] = np.array(PHONES[segment.phone].bandwidths_hz, dtype=float)[:, None]
    return _smoothed(tracks, 0.03)


def _smoothed(steps: Floats, width_s: float) -> Floats:
    """Round all corners with a Hann window of ``width_s``, along the last axis, without delay."""
    size = max(1, round(width_s / GRID_S)) | 1
    window = np.hanning(size + 2)[1:-1]
    window /= window.sum()
    half = size // 2
    padded = np.concatenate(
        [np.repeat(steps[..., :1], half, -1), steps, np.repeat(steps[..., -1:], half, -1)], axis=-1
    )
    rows = np.atleast_2d(padded)
    smooth = np.stack(
        [np.convolve(row, window, "valid") if row.any() else row[: len(row) - 2 * half] for row in rows]
    )
    return np.asarray(smooth.reshape(steps.shape))
