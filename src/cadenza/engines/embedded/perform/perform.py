"""Score to performance: swing, accents, and the small deviations of hands that belong together.

Timing deviations of human players are long-range correlated (Hennig et al., "The nature and
perception of fluctuations in human musical rhythms", PLoS ONE 6, 2011): each part drifts with 1/f
noise, and drums and bass share some of it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cadenza.engines.embedded.perform.singing import timed_lines
from cadenza.music.brief import Brief, Role
from cadenza.music.dice import Dice
from cadenza.music.performance import Performance, PlayedPart, Strike
from cadenza.music.score import DRUM_PITCHES, Note, Part, Score
from cadenza.music.time import Position

_STRUMMED = ("steel_guitar", "nylon_guitar", "clean_guitar", "harp")
_STRUM_S = 0.014  # between two strings
_LATE_S = {Role.CHORDS: 0.003, Role.MELODY: 0.004, Role.COUNTER: 0.004}
_TUNED = {Role.DRUMS, Role.EFFECTS}
_CYMBALS = {DRUM_PITCHES["hat"], DRUM_PITCHES["ride"], DRUM_PITCHES["shaker"]}


def perform(score: Score, brief: Brief, dice: Dice) -> Performance:
    """Play ``score`` with the feel of the brief's genre."""
    beats = int(score.end.quarters) + 2
    common = pink_noise(beats, dice.named("perform everyone"))
    parts = tuple(_play(part, score, brief, common, dice) for part in score.parts)
    return Performance(
        parts=parts,
        duration_s=brief.duration_s,
        tonic=brief.key.tonic,
        # A singer goes with the others, and closer to the beat than they.
        sung=timed_lines(score.sung, lambda place: _sung_s(place, score, brief, common)),
    )


def _sung_s(place: Position, score: Score, brief: Brief, common: NDArray[np.float64]) -> float:
    """Return when a sung place sounds: the others' drift, without jumps between two beats."""
    drift = float(np.interp(float(place.quarters), np.arange(len(common)), common))
    at_s = float(score.tempo.seconds_at(swung(place, brief.genre.swing, brief.genre.swing_step)))
    return max(0.0, at_s + brief.genre.looseness_ms / 2000 * float(np.clip(drift, -2.5, 2.5)))


def _play(part: Part, score: Score, brief: Brief, common: NDArray[np.float64], dice: Dice) -> PlayedPart:
    """Strike each note of one part; notes at one place move together."""
    throws = dice.named(f"perform {part.role.value}")
    places = sorted({note.at for note in part.notes})
    own = dict(zip(places, pink_noise(len(places), throws), strict=True))
    sigma_s = brief.genre.looseness_ms / 1000 * (0.6 if part.role is Role.DRUMS else 1.0)
    late_s = _LATE_S.get(part.role, 0.0) + (
        brief.genre.bass_late_ms / 1000 if part.role is Role.BASS else 0.0
    )
    strikes = []
    for note in part.notes:
        drift = 0.6 * common[int(note.at.quarters)] + 0.8 * own[note.at]
        is_final = note.at == score.chords[-1].at
        shift_s = 0.0 if is_final else late_s + sigma_s * float(np.clip(drift, -2.5, 2.5))
        begin, end = _seconds(note, score, brief)
        velocity = note.loudness * _accent(note, part.role, brief) * (1 + 0.05 * throws.standard_normal())
        strikes.append(
            Strike(
                at_s=max(0.0, begin + shift_s),
                length_s=max(0.03, end - begin),
                midi_pitch=note.midi_pitch,
                velocity=float(np.clip(velocity, 0.05, 1.0)),
                shift=_moved(note.at, score) if part.role in _TUNED else 0,
            )
        )
    if part.instrument.startswith(_STRUMMED):
        strikes = _strummed(strikes)
    return PlayedPart(
        role=part.role,
        instrument=part.instrument,
        strikes=tuple(sorted(strikes, key=lambda s: (s.at_s, s.midi_pitch))),
    )


def _moved(place: Position, score: Score) -> int:
    """Return how far the key at a place is from the first one, in semitones, by the shorter way."""
    key = next((key for at, key in reversed(score.key_changes) if at <= place), score.key)
    return (key.tonic - score.key.tonic + 6) % 12 - 6


def _seconds(note: Note, score: Score, brief: Brief) -> tuple[float, float]:
    begin = swung(note.at, brief.genre.swing, brief.genre.swing_step)
    end = swung(note.at + note.length, brief.genre.swing, brief.genre.swing_step)
    return float(score.tempo.seconds_at(begin)), float(score.tempo.seconds_at(end))


def swung(place: Position, swing: Fraction, step: Fraction) -> Position:
    """Return where a place falls when the first of each pair of ``step`` takes the share ``swing``.

    Exact, increasing, and without effect at 1/2 and on the pairs' starts.
    """
    pair = 2 * step
    inside = place.quarters % pair
    start = place.quarters - inside
    if inside <= step:
        return Position(start + inside * 2 * swing)
    return Position(start + pair * swing + (inside - step) * 2 * (1 - swing))


def _accent(note: Note, role: Role, brief: Brief) -> float:
    """Return how the place in the bar weighs: hats breathe with the beat, others lean on the first."""
    inside = note.at.quarters % brief.bar.quarters
    on_beat = inside % brief.metre.beat.quarters == 0
    if role is Role.DRUMS and note.midi_pitch in _CYMBALS:
        return 1.0 if on_beat else 0.78
    if role in {Role.PAD, Role.DRUMS, Role.EFFECTS}:
        return 1.0
    return 1.0 if inside == 0 else 0.95 if on_beat else 0.88


def _strummed(strikes: list[Strike]) -> list[Strike]:
    """Spread chords over the strings, up and down in turn."""
    chords: dict[float, list[Strike]] = {}
    for strike in strikes:
        chords.setdefault(strike.at_s, []).append(strike)
    played = []
    for index, (at_s, notes) in enumerate(sorted(chords.items())):
        order = sorted(notes, key=lambda s: s.midi_pitch, reverse=index % 2 == 1)
        for string, strike in enumerate(order):
            late_s = string * _STRUM_S * (1.0 if index % 2 == 0 else 0.7)
            played.append(
                Strike(
                    at_s=at_s + late_s,
                    length_s=max(0.03, strike.length_s - late_s),
                    midi_pitch=strike.midi_pitch,
                    velocity=strike.velocity,
                )
            )
    return played


def pink_noise(count: int, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return ``count`` values of 1/f noise with zero mean and unit standard deviation.

    White noise shaped in the frequency domain; shape (count,).
    """
    if count < 2:
        return np.zeros(count)
    size = max(count, 16)
    spectrum = np.fft.rfft(dice.standard_normal(size))
    spectrum[0] = 0.0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    values = np.fft.irfft(spectrum, size)
    return np.asarray(values / np.std(values))[:count]
