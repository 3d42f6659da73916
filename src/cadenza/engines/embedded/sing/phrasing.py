"""From a timed line to a phrase: consonants before the beat and long enough, the vowel on the beat.

Consonants are sung longer than spoken, up to twice as long: more words are understood.
They take their time from the vowel before, which keeps nearly half of what it has at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cadenza.engines.embedded.sing.phones import PHONES
from cadenza.engines.embedded.sing.pitch import Manners, pitch_curve
from cadenza.engines.embedded.sing.voice import BREATH, FRAME_S, SILENCE, Floats, Phrase, Segment
from cadenza.music.lyrics import Stress
from cadenza.music.vocal import TimedSyllable, TimedTone

_LONGER = 2.0
_VOWEL_SHARE, _SHORTEST_VOWEL_S = 0.45, 0.06
_REST_S = 0.16  # a gap this long is heard as a rest
_BREATH_S, _SHORTEST_BREATH_S = 0.32, 0.14
_EDGE_S = 0.03
_TAIL_S = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A phrase and when it begins, in seconds of the recording (before its first vowel)."""

    phrase: Phrase
    begin_s: float


def place_line(
    syllables: Sequence[TimedSyllable],
    *,
    energy: float,
    breath_s: float,
    manners: Manners,
    seed: tuple[int, ...],
) -> Placed:
    """Return what a voice sings for ``syllables``; ``energy`` 0 to 1 is how loud the section is.

    ``breath_s`` is the time that is free before the first vowel: a breath is drawn in it if it fits.
    """
    segments = _segments(syllables, breath_s)
    begin_s = segments[0].begin_s
    moved = tuple(replace(s, begin_s=s.begin_s - begin_s, end_s=s.end_s - begin_s) for s in segments)
    tones = [
        replace(tone, begin_s=tone.begin_s - begin_s, end_s=tone.end_s - begin_s)
        for sung in syllables
        for tone in sung.tones
    ]
    count = int(np.ceil(moved[-1].end_s / FRAME_S)) + 1
    dice = np.random.default_rng(np.random.SeedSequence([*seed, 1]))
    f0_hz, swell = pitch_curve(tones, count, manners, dice)
    loudness = _loudness(syllables, begin_s, count) * swell * 10 ** ((energy - 0.6) * 6 / 20)
    phrase = Phrase(segments=moved, f0_hz=f0_hz, energy=loudness, seed=seed)
    return Placed(phrase=phrase, begin_s=begin_s)


def _segments(syllables: Sequence[TimedSyllable], breath_s: float) -> list[Segment]:
    segments = _entry(syllables[0], breath_s)
    for sung, following in zip(syllables, (*syllables[1:], None), strict=True):
        nucleus, coda = sung.syllable.nucleus, sung.syllable.coda
        if following is None:
            segments += _ending(nucleus, coda, sung.begin_s, sung.end_s)
        elif following.begin_s - sung.end_s > _REST_S:
            segments += _ending(nucleus, coda, sung.begin_s, sung.end_s)
            segments += _entry(following, following.begin_s - segments[-1].end_s, after_s=segments[-1].end_s)
        else:
            between = _merged((*coda, *following.syllable.onset))
            segments += _joined(nucleus, between, sung.begin_s, following.begin_s)
    last_s = segments[-1].end_s
    return [*segments, Segment(phone=SILENCE, begin_s=last_s, end_s=last_s + _TAIL_S)]


def _merged(phones: Sequence[str]) -> tuple[str, ...]:
    """Sing a consonant that ends one syllable and begins the next once."""
    return tuple(phone for index, phone in enumerate(phones) if index == 0 or phones[index - 1] != phone)


def _entry(sung: TimedSyllable, free_s: float, after_s: float | None = None) -> list[Segment]:
    """Return silence, a breath if there is time for one, and the consonants before the first vowel."""
    onset = sung.syllable.onset
    wanted_s = sum(_length_s(phone) for phone in onset)
    onset_s = min(wanted_s, max(0.04 * len(onset), 0.8 * free_s - _EDGE_S))
    room_s = free_s - onset_s - 2 * _EDGE_S
    drawn_s = min(_BREATH_S, room_s) if room_s >= _SHORTEST_BREATH_S else 0.0
    at_s = sung.begin_s - onset_s
    begin_s = after_s if after_s is not None else at_s - drawn_s - 2 * _EDGE_S
    segments = [Segment(phone=SILENCE, begin_s=begin_s, end_s=max(begin_s, at_s - drawn_s - _EDGE_S))]
    if drawn_s:
        segments.append(Segment(phone=BREATH, begin_s=segments[-1].end_s, end_s=at_s - _EDGE_S))
        segments.append(Segment(phone=SILENCE, begin_s=at_s - _EDGE_S, end_s=at_s))
    else:
        segments[-1] = replace(segments[-1], end_s=max(begin_s, at_s))
    return segments + _spread(onset, segments[-1].end_s, sung.begin_s)


def _joined(nucleus: str, between: Sequence[str], begin_s: float, next_s: float) -> list[Segment]:
    """Return a vowel and the consonants that lead to the next one, which is on its beat."""
    whole_s = next_s - begin_s
    vowel_s = max(_VOWEL_SHARE * whole_s, min(_SHORTEST_VOWEL_S, 0.7 * whole_s))
    taken_s = min(whole_s - vowel_s, sum(_length_s(phone) for phone in between))
    border_s = next_s - taken_s
    return [Segment(phone=nucleus, begin_s=begin_s, end_s=border_s), *_spread(between, border_s, next_s)]


def _ending(nucleus: str, coda: Sequence[str], begin_s: float, end_s: float) -> list[Segment]:
    """Return the last vowel and what closes it: half of the closing consonants lies after the note."""
    coda_s = sum(_length_s(phone) for phone in coda)
    border_s = max(begin_s + _VOWEL_SHARE * (end_s - begin_s), end_s - 0.5 * coda_s)
    vowel = Segment(phone=nucleus, begin_s=begin_s, end_s=border_s)
    return [vowel, *_spread(coda, border_s, border_s + coda_s)]


def _spread(phones: Sequence[str], begin_s: float, end_s: float) -> list[Segment]:
    """Share a stretch among consonants as their own lengths ask."""
    lengths_s = np.array([_length_s(phone) for phone in phones])
    edges = begin_s + np.concatenate([[0.0], np.cumsum(lengths_s)]) * (end_s - begin_s) / max(
        1e-9, lengths_s.sum()
    )
    return [
        Segment(phone=phone, begin_s=float(edges[i]), end_s=float(edges[i + 1]))
        for i, phone in enumerate(phones)
    ]


def _length_s(phone: str) -> float:
    return PHONES[phone].length_s * _LONGER


def _loudness(syllables: Sequence[TimedSyllable], begin_s: float, count: int) -> Floats:
    """Return the gain of each frame: stress, an arch over the line, soft attacks, a release at its end."""
    time_s = begin_s + np.arange(count) * FRAME_S
    starts = np.array([sung.begin_s for sung in syllables])
    accents = np.array([_accent(sung) for sung in syllables])
    level = np.interp(time_s, starts, accents)
    whole_s = max(0.1, syllables[-1].end_s - starts[0])
    arch = np.sin(np.pi * np.clip((time_s - starts[0]) / whole_s, 0.0, 1.0))
    release_s = np.clip((time_s - syllables[-1].end_s + 0.1) / 0.22, 0.0, 1.0)
    return np.asarray(level * (0.88 + 0.12 * arch) * (1.0 - 0.75 * release_s))


def _accent(sung: TimedSyllable) -> float:
    stress = {Stress.NONE: 0.9, Stress.SECONDARY: 1.0, Stress.PRIMARY: 1.08}[sung.syllable.stress]
    return stress * (1.15 if sung.syllable.is_emphatic else 1.0)


def second_voice(syllables: Sequence[TimedSyllable]) -> tuple[TimedSyllable, ...]:
    """Return what the second voice sings: the syllables that have a second pitch, on that pitch."""
    return tuple(
        replace(sung, tones=tuple(_second(tone) for tone in sung.tones))
        for sung in syllables
        if all(tone.second_pitch is not None for tone in sung.tones)
    )


def _second(tone: TimedTone) -> TimedTone:
    return tone if tone.second_pitch is None else replace(tone, midi_pitch=tone.second_pitch)
