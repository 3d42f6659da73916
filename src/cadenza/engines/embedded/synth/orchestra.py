"""Performance to stems: each strike is a copy of a note made once, let go in its own time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from cadenza.audio.loudness import k_weighting
from cadenza.engines.embedded.synth.effects import effect
from cadenza.engines.embedded.synth.held import HELD, hold
from cadenza.engines.embedded.synth.kit import KITS, hit
from cadenza.engines.embedded.synth.struck import STRUCK, strike
from cadenza.engines.embedded.synth.tone import SAMPLE_RATE, fall
from cadenza.music.brief import Role
from cadenza.music.dice import Dice
from cadenza.music.performance import Performance, PlayedPart, Strike
from cadenza.music.score import DRUM_NAMES, EFFECT_NAMES

Stereo = NDArray[np.float32]

INSTRUMENTS = frozenset(STRUCK) | frozenset(HELD)
_TOUCHES = 3  # how many shades of velocity a note is made in
_VARIANTS = {True: 4, False: 2}  # drums, others: how many different copies of one shade there are
_NOTE_RMS = 0.1  # of a quarter second, K-weighted, at full velocity
_WEIGHTING = k_weighting(SAMPLE_RATE)
_LONGEST_RING_S = 9.0


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells one cached note from another; ``length_ms`` is an effect's, 0 for notes."""

    midi_pitch: int
    touch: int
    variant: int
    shift: int = 0
    length_ms: int = 0


class Player:
    """Plays one part. Notes are made when first needed, at the greatest length they will need."""

    def __init__(self, part: PlayedPart, tonic: int, dice: Dice) -> None:
        self.role = part.role
        self._part = part
        self._is_kit = part.role in {Role.DRUMS, Role.EFFECTS}
        self._tonic = tonic
        self._dice = dice
        self._release_s = 0.02 if self._is_kit else _release_s(part.instrument)
        self._release = fall(round(self._release_s * SAMPLE_RATE))
        self._keys = self._assign_keys()
        self._lengths_s = self._needed_lengths()
        self._notes: dict[_Key, Stereo] = {}
        self._starts = [strike.at_s for strike in part.strikes]

    def play(self, start_s: float, end_s: float, lay: Callable[[Stereo, int], None]) -> None:
        """Lay all strikes that begin in [start_s, end_s), each whole, also what of it rings on beyond.

        ``lay`` gets a sound, shape (1 or 2, samples), and the sample of the piece where it begins.
        """
        first, last = bisect_left(self._starts, start_s), bisect_left(self._starts, end_s)
        for index in range(first, last):
            self._lay(self._part.strikes[index], self._keys[index], lay)

    def first_strike_s(self, from_s: float, until_s: float) -> float:
        """Return when the first strike in [from_s, until_s) sounds, or else the first of all."""
        index = bisect_left(self._starts, from_s)
        if index < len(self._starts) and self._starts[index] < until_s:
            return self._starts[index]
        return self._starts[0] if self._starts else 0.0

    def _lay(self, played: Strike, key: _Key, lay: Callable[[Stereo, int], None]) -> None:
        note = self._note(key)
        begin = round(played.at_s * SAMPLE_RATE)
        gain = np.float32(played.velocity**1.3)
        if self._is_kit:
            lay(note * gain, begin)
            return
        held = min(note.shape[1], round(played.length_s * SAMPLE_RATE))
        sounding = note[:, : held + len(self._release)] * gain
        tail = sounding.shape[1] - held
        sounding[:, held:] *= self._release[:tail]
        lay(sounding, begin)

    def _assign_keys(self) -> tuple[_Key, ...]:
        """Choose a copy for each strike; neighbours on one pitch get different ones."""
        variants, turns = _VARIANTS[self._is_kit], dict[int, int]()
        if self._part.instrument in HELD:
            variants = 1
        keys = []
        for played in self._part.strikes:
            turn = turns.get(played.midi_pitch, 0)
            turns[played.midi_pitch] = turn + 1
            touch = min(_TOUCHES - 1, int(played.velocity * _TOUCHES))
            length_ms = round(1000 * played.length_s) if self.role is Role.EFFECTS else 0
            keys.append(_Key(played.midi_pitch, touch, turn % variants, played.shift, length_ms))
        return tuple(keys)

    def _needed_lengths(self) -> dict[_Key, float]:
        lengths: dict[_Key, float] = {}
        for played, key in zip(self._part.strikes, self._keys, strict=True):
            longest = np.inf if self._part.instrument in HELD else _LONGEST_RING_S
            needed = min(longest, played.length_s + self._release_s + 0.01)
            lengths[key] = max(lengths.get(key, 0.0), needed)
        return lengths

    def _note(self, key: _Key) -> Stereo:
        if key not in self._notes:
            name = f"synth {self.role.value} {key.midi_pitch} {key.touch} {key.variant}"
            self._notes[key] = self._make(key, self._dice.named(name))
        return self._notes[key]

    def _make(self, key: _Key, dice: np.random.Generator) -> Stereo:
        velocity = (key.touch + 0.7) / _TOUCHES
        tonic = (self._tonic + key.shift) % 12
        if self.role is Role.EFFECTS:
            return effect(EFFECT_NAMES[key.midi_pitch], key.length_ms / 1000, tonic, velocity, dice)
        if self._is_kit:
            return hit(KITS[self._part.instrument], DRUM_NAMES[key.midi_pitch], tonic, velocity, dice)
        return sound_note(self._part.instrument, key.midi_pitch, velocity, self._lengths_s[key], dice)


def sound_note(
    instrument: str, midi_pitch: int, velocity: float, length_s: float, dice: np.random.Generator
) -> Stereo:
    """Return one note of a pitched instrument, shape (1 or 2, samples), all at comparable level."""
    if instrument in STRUCK:
        sound = strike(STRUCK[instrument], midi_pitch, velocity, length_s, dice)[None, :]
    else:
        # Long enough to measure the level once the note stands.
        enough_s = max(length_s, HELD[instrument].attack_s + 0.35)
        sound = hold(HELD[instrument], midi_pitch, velocity, enough_s, dice)
    measured = sound[:, : round(0.25 * SAMPLE_RATE)]
    if instrument in HELD:
        measured = sound[:, -round(0.25 * SAMPLE_RATE) :]
    # Weighted as loudness is measured, so that high, low, bright and dull notes are equally loud.
    heard = dsp.sosfilt(_WEIGHTING, measured, axis=1)
    rms = float(np.sqrt(np.mean(np.square(heard)) + 1e-12))
    return np.asarray(sound * np.float32(_NOTE_RMS / rms), dtype=np.float32)


def _release_s(instrument: str) -> float:
    return STRUCK[instrument].release_s if instrument in STRUCK else HELD[instrument].release_s


def seat(performance: Performance, dice: Dice) -> tuple[Player, ...]:
    """Return one player per part of the performance."""
    return tuple(Player(part, performance.tonic, dice) for part in performance.parts)
