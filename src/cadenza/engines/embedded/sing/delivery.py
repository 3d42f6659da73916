"""Words that are not sung to their notes: rap and speech, and the calls that singers add of their own.

A rapper keeps the rhythm and gives up the tune: syllables are short, stress is high, and a line falls
to its end as spoken sentences do (declination and final lowering after Pierrehumbert, "The perception
of fundamental frequency declination", JASA 66, 1979).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from cadenza.engines.embedded.sing.pitch import Manners
from cadenza.music.brief import SectionKind
from cadenza.music.lyrics import Stress, Syllable
from cadenza.music.vocal import Compass, TimedLine, TimedSyllable, TimedTone


class Delivery(enum.Enum):
    """How a line is brought."""

    SUNG = "sung"
    RAPPED = "rapped"
    SPOKEN = "spoken"


_RAP_GENRES = frozenset(("hip hop", "trap", "drill", "phonk"))
_RAPPED_SECTIONS = frozenset((SectionKind.VERSE, SectionKind.BRIDGE, SectionKind.INTRO, SectionKind.OUTRO))
_SPEECH_ABOVE = 4  # semitones from the compass's lowest note to the middle of a speaking voice
_LIFTS = {Stress.NONE: 0, Stress.SECONDARY: 2, Stress.PRIMARY: 4}
_FALL_OF_LINE, _FINAL_FALL = 3.0, 3
_LENGTHS_S = {Delivery.RAPPED: 0.2, Delivery.SPOKEN: 0.26}
_STRESSED_LONGER = 1.3
_MANNERS = {
    Delivery.RAPPED: Manners(vibrato_cents=0.0, scoop_cents=60.0, fall_cents=200.0, drift_cents=9.0),
    Delivery.SPOKEN: Manners(vibrato_cents=0.0, scoop_cents=30.0, fall_cents=150.0, drift_cents=9.0),
}


def _call(text: str, onset: str, nucleus: str) -> Syllable:
    phones = (onset,) if onset else ()
    return Syllable(text=text, onset=phones, nucleus=nucleus, coda=(), stress=Stress.PRIMARY, is_backing=True)


_YEAH, _OH, _HEY = _call("yeah", "Y", "AE"), _call("oh", "", "OW"), _call("hey", "HH", "EY")
_OOH, _AY = _call("ooh", "", "UW"), _call("ay", "", "EY")
# What singers of a genre call after a line, and after which share of its refrain's lines.
_CALLS: Mapping[str, tuple[tuple[Syllable, ...], float]] = {
    "hip hop": ((_YEAH, _AY), 0.5),
    "trap": ((_YEAH, _AY), 0.6),
    "drill": ((_YEAH, _AY), 0.5),
    "gospel": ((_OH, _YEAH), 0.6),
    "soul": ((_OOH, _OH, _YEAH), 0.5),
    "r&b": ((_OOH, _OH, _YEAH), 0.6),
    "funk": ((_HEY, _YEAH), 0.5),
    "disco": ((_OOH, _HEY), 0.4),
    "pop": ((_OH, _OOH), 0.35),
    "rock": ((_YEAH, _HEY), 0.35),
    "reggae": ((_YEAH, _OH), 0.4),
    "afrobeats": ((_HEY, _OH), 0.5),
    "reggaeton": ((_HEY, _YEAH), 0.5),
    "house": ((_OH, _YEAH), 0.35),
}
_BEFORE_CALL_S, _AFTER_CALL_S, _SHORTEST_CALL_S, _LONGEST_CALL_S = 0.3, 0.6, 0.25, 0.9


def delivery_of(line: TimedLine, genre: str) -> Delivery:
    """Return how ``line`` is brought: as its tag hints ("[Verse: spoken]"), else as its genre does."""
    for hint in line.line.hints:
        if "rap" in hint.split() or "rapped" in hint:
            return Delivery.RAPPED
        if any(word in hint for word in ("spoken", "speech", "talk", "narrat")):
            return Delivery.SPOKEN
        if "sung" in hint or "sing" in hint:
            return Delivery.SUNG
    is_rap = genre in _RAP_GENRES and line.kind in _RAPPED_SECTIONS
    return Delivery.RAPPED if is_rap else Delivery.SUNG


def brought(
    syllables: Sequence[TimedSyllable], delivery: Delivery, compass: Compass
) -> tuple[tuple[TimedSyllable, ...], Manners | None]:
    """Return ``syllables`` as they are brought, and the manners that go with it (None: the singer's own)."""
    if delivery is Delivery.SUNG:
        return tuple(syllables), None
    spoken = []
    count = len(syllables)
    for index, (sung, following) in enumerate(pairwise((*syllables, None))):
        assert sung is not None, "only what follows the last syllable is missing"
        is_last = following is None
        middle = compass.lowest + _SPEECH_ABOVE - _FALL_OF_LINE * (index / max(1, count - 1) - 0.5)
        high = round(middle) + _LIFTS[sung.syllable.stress] + (2 if sung.syllable.is_emphatic else 0)
        low = high - (_FINAL_FALL + 1 if is_last else 1)
        spoken.append(_spoken(sung, _length_s(sung, delivery), (high, low)))
    return tuple(spoken), _MANNERS[delivery]


def _length_s(sung: TimedSyllable, delivery: Delivery) -> float:
    stress = _STRESSED_LONGER if sung.syllable.stress is Stress.PRIMARY else 1.0
    return min(sung.end_s - sung.begin_s, _LENGTHS_S[delivery] * stress)


def _spoken(sung: TimedSyllable, length_s: float, pitches: tuple[int, int]) -> TimedSyllable:
    """Return a syllable that falls from one pitch to the other."""
    begin_s, middle_s, end_s = (sung.begin_s + length_s * share for share in (0.0, 0.5, 1.0))
    high, low = pitches
    tones = (
        TimedTone(begin_s=begin_s, end_s=middle_s, midi_pitch=high),
        TimedTone(begin_s=middle_s, end_s=end_s, midi_pitch=low),
    )
    return replace(sung, tones=tones)


def call_after(
    line: TimedLine, genre: str, free_s: float, throws: np.random.Generator
) -> tuple[TimedSyllable, ...]:
    """Return what the backing voices call after ``line`` in the ``free_s`` before the next; mostly nothing.

    Calls are the singers' own: they are no lyrics, and only follow refrains and rap.
    """
    calls, share = _CALLS.get(genre, ((), 0.0))
    room_s = free_s - _BEFORE_CALL_S - _AFTER_CALL_S
    is_refrain = line.kind is SectionKind.CHORUS or delivery_of(line, genre) is Delivery.RAPPED
    throw, which = throws.random(2)
    if not is_refrain or room_s < _SHORTEST_CALL_S or throw >= share:
        return ()
    last = line.syllables[-1].tones[-1]
    begin_s = line.end_s + _BEFORE_CALL_S
    length_s = min(room_s, _LONGEST_CALL_S)
    first = replace(last, begin_s=begin_s, end_s=begin_s + length_s / 2)
    second = replace(
        last, begin_s=first.end_s, end_s=begin_s + length_s, midi_pitch=last.second_pitch or last.midi_pitch
    )
    return (TimedSyllable(syllable=calls[int(which * len(calls))], tones=(first, second)),)
