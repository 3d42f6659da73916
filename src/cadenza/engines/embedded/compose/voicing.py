"""Voice leading: each chord takes the position nearest to the one before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cadenza.music.harmony import Chord
from cadenza.music.pitch import nearest_with_class

# Below these pitches an interval of so many semitones sounds muddy (the arranger's low interval limits).
_LOW_LIMITS = ((1, 64), (2, 60), (3, 55), (4, 53), (5, 48))


def lead_voices(chords: Sequence[Chord], *, voices: int, centre: int) -> list[tuple[int, ...]]:
    """Return one voicing per chord: ``voices`` MIDI pitches rising from below, around ``centre``."""
    voicings: list[tuple[int, ...]] = []
    memory: dict[tuple[Chord, tuple[int, ...]], tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    for chord in chords:
        if (chord, before) not in memory:
            options = _positions(chord, voices, centre)
            memory[chord, before] = min(options, key=lambda option: (_cost(option, before, centre), option))
        before = memory[chord, before]
        voicings.append(before)
    return voicings


def _positions(chord: Chord, voices: int, centre: int) -> list[tuple[int, ...]]:
    """Return close positions and their openings (the second voice from above dropped an octave)."""
    tones = list(chord.pitch_classes[:voices])
    if len(chord.pitch_classes) > voices:
        tones = list(chord.pitch_classes[1 : voices + 1])  # the bass has the root
    tones += list(itertools.islice(itertools.cycle(chord.pitch_classes), max(0, voices - len(tones))))
    found: list[tuple[int, ...]] = []
    for order in set(itertools.permutations(tones)):
        bottom = nearest_with_class(order[0], centre - 5)
        close = [bottom]
        for tone in order[1:]:
            close.append(close[-1] + ((tone - close[-1] - 1) % 12 + 1))
        if close[-1] - close[0] <= 19:
            found += [tuple(close), tuple(pitch - 12 for pitch in close)]
    return found


def _cost(option: tuple[int, ...], before: tuple[int, ...], centre: int) -> float:
    away = abs(sum(option) / len(option) - centre)
    steps = sum(abs(a - b) for a, b in zip(option, before, strict=False)) if before else 0
    mud = sum(
        4
        for low, high in itertools.pairwise(option)
        for interval, limit in _LOW_LIMITS
        if high - low == interval and low < limit
    )
    spread = max(0, option[-1] - option[0] - 16)
    return steps + 0.6 * away + mud + spread
