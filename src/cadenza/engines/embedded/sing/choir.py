"""Who sings a song: a lead, its double, a second voice, and the backing voices, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cadenza.engines.embedded.sing.delivery import Delivery, brought, call_after, delivery_of
from cadenza.engines.embedded.sing.phrasing import Placed, place_line, second_voice
from cadenza.engines.embedded.sing.pitch import Manners
from cadenza.engines.embedded.sing.source_filter import SourceFilterVoice, Timbre
from cadenza.engines.embedded.sing.voice import SAMPLE_RATE, Voice
from cadenza.music.brief import SectionKind
from cadenza.music.dice import Dice
from cadenza.music.vocal import Compass, TimedLine, TimedSyllable

Mono = NDArray[np.float32]

# Women's formants lie higher than men's by 16, 17 and 17 % (means of Peterson and Barney 1952).
TIMBRES: dict[Compass, tuple[Timbre, ...]] = {
    Compass.LOW: (
        Timbre(scale=(1.0, 1.0, 1.0, 1.0), open_quotient=0.58, tilt_db=5.0, breath_db=-30.0, ring_db=6.0,
               ring_hz=2900.0),
        Timbre(scale=(1.03, 1.04, 1.04, 1.06), open_quotient=0.65, tilt_db=8.0, breath_db=-25.0, ring_db=3.0,
               ring_hz=3000.0),
    ),
    Compass.HIGH: (
        Timbre(scale=(1.14, 1.16, 1.16, 1.16), open_quotient=0.64, tilt_db=6.0, breath_db=-30.0, ring_db=3.0,
               ring_hz=3300.0),
        Timbre(scale=(1.1, 1.12, 1.12, 1.12), open_quotient=0.7, tilt_db=9.0, breath_db=-25.0, ring_db=2.0,
               ring_hz=3200.0),
    ),
}  # fmt: skip
_DOUBLE_DB, _SECOND_DB, _BACKING_DB = -11.0, -8.0, -5.0
_DOUBLE_LATE_S, _SECOND_LATE_S = 0.018, 0.012
_DOUBLED = (SectionKind.CHORUS, SectionKind.PRECHORUS, SectionKind.BRIDGE)
_WIDE = (SectionKind.CHORUS,)
_RHYME = 2  # syllables at the end of a rapped line that the double joins in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SungLine:
    """A line as sung: ``lead`` in the middle, ``others`` in stereo, both from sample ``begin``.

    ``lead`` has shape (samples,), ``others`` (2, samples); ``begin`` may be negative at a song's start.
    """

    lead: Mono
    others: NDArray[np.float32]
    begin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One of the others: its voice, how it takes notes, level, place (-1 to 1) and delay."""

    voice: Voice
    manners: Manners
    level_db: float
    pan: float
    late_s: float


class Choir:
    """The singers of one take. The same dice give the same voices and the same samples.

    ``genre`` decides between singing and rap and what the singers call after a line.
    """

    def __init__(self, compass: Compass, dice: Dice, *, genre: str = "", lead: Voice | None = None) -> None:
        self._compass, self._genre, self._dice = compass, genre, dice
        throws = dice.named("timbre")
        timbres = TIMBRES[compass]
        timbre = _varied(timbres[dice.take_index % len(timbres)], throws)
        self.lead = lead or SourceFilterVoice(timbre)
        self._manners = Manners(vibrato_cents=float(throws.uniform(34.0, 38.0)))
        self._seed = int(dice.named("voice noise").integers(1 << 31))
        other = _stretched(timbre, 0.97)
        self._double = _Part(
            voice=SourceFilterVoice(other), manners=replace(self._manners, detune_cents=7.0),
            level_db=_DOUBLE_DB, pan=0.0, late_s=_DOUBLE_LATE_S,
        )  # fmt: skip
        self._sides = tuple(
            _Part(
                voice=SourceFilterVoice(_stretched(timbre, stretch)),
                manners=Manners(vibrato_cents=24.0, detune_cents=cents, scoop_cents=50.0),
                level_db=_SECOND_DB, pan=pan, late_s=_SECOND_LATE_S,
            )
            for stretch, cents, pan in ((1.04, 6.0, 0.7), (0.95, -6.0, -0.7))
        )  # fmt: skip

    def lead_phrase(self, line: TimedLine, index: int) -> Placed | None:
        """Return what the lead sings of line number ``index``; None where only the backing voices do."""
        own = [sung for sung in line.syllables if not sung.syllable.is_backing]
        if not own:
            return None
        spoken, manners = brought(own, delivery_of(line, self._genre), self._compass)
        return self._placed(spoken, line, manners or self._manners, (self._seed, index, 0))

    def sing(self, line: TimedLine, index: int, free_s: float = 0.0) -> SungLine:
        """Return line number ``index`` with all its voices; nobody sings for ``free_s`` after it."""
        placed = self.lead_phrase(line, index)
        lead: tuple[Mono, int] = (np.zeros(0, dtype=np.float32), round(line.begin_s * SAMPLE_RATE))
        if placed is not None:
            lead = self.lead.render(placed.phrase), round(placed.begin_s * SAMPLE_RATE)
        return _gathered(lead, self._others(line, index, free_s))

    def _others(self, line: TimedLine, index: int, free_s: float) -> list[tuple[Mono, int, float]]:
        """Return double, second voices and backing: sound, first sample and place of each."""
        own = [sung for sung in line.syllables if not sung.syllable.is_backing]
        backing = tuple(sung for sung in line.syllables if sung.syllable.is_backing)
        delivery = delivery_of(line, self._genre)
        tracks: list[tuple[Mono, int, float]] = []
        doubled = own if line.kind in _DOUBLED else own[-_RHYME:] if delivery is Delivery.RAPPED else []
        if doubled:
            spoken, manners = brought(doubled, delivery, self._compass)
            part = replace(self._double, manners=manners or self._double.manners)
            tracks.append(self._other(part, spoken, line, (self._seed, index, 1)))
        is_wide = line.kind in _WIDE and delivery is Delivery.SUNG
        second = second_voice(own) if is_wide else ()
        calls = call_after(line, self._genre, free_s, self._dice.named(f"call {index}"))
        for number, part in enumerate(self._sides):
            loud = replace(part, level_db=_BACKING_DB)
            for place, (who, what) in enumerate(((part, second), (loud, backing), (loud, calls))):
                if what:
                    seed = (self._seed, index, 2 + 2 * place + number)
                    tracks.append(self._other(who, what, line, seed))
        return tracks

    def _other(
        self, part: _Part, syllables: Sequence[TimedSyllable], line: TimedLine, seed: tuple[int, ...]
    ) -> tuple[Mono, int, float]:
        placed = self._placed(syllables, line, part.manners, seed)
        gain = np.float32(10 ** (part.level_db / 20))
        begin = round((placed.begin_s + part.late_s) * SAMPLE_RATE)
        return part.voice.render(placed.phrase) * gain, begin, part.pan

    @staticmethod
    def _placed(
        syllables: Sequence[TimedSyllable], line: TimedLine, manners: Manners, seed: tuple[int, ...]
    ) -> Placed:
        free_s = line.breath_s + syllables[0].begin_s - line.begin_s
        return place_line(syllables, energy=line.energy, breath_s=free_s, manners=manners, seed=seed)


def _gathered(lead: tuple[Mono, int], tracks: Sequence[tuple[Mono, int, float]]) -> SungLine:
    """Lay the tracks over one another, with equal power whatever their place."""
    begin = min([lead[1], *(start for _, start, _ in tracks)])
    end = max([lead[1] + len(lead[0]), *(start + len(sound) for sound, start, _ in tracks)])
    middle = np.zeros(end - begin, dtype=np.float32)
    middle[lead[1] - begin : lead[1] - begin + len(lead[0])] = lead[0]
    others = np.zeros((2, end - begin), dtype=np.float32)
    for sound, start, pan in tracks:
        angle = (1.0 + pan) * np.pi / 4
        gains = np.array([[np.cos(angle)], [np.sin(angle)]], dtype=np.float32)
        others[:, start - begin : start - begin + len(sound)] += gains * sound
    return SungLine(lead=middle, others=others, begin=begin)


def _varied(timbre: Timbre, throws: np.random.Generator) -> Timbre:
    """Return a relative of ``timbre``: formants within 3 %, a little more or less breath and edge."""
    return replace(
        _stretched(timbre, float(throws.uniform(0.97, 1.03))),
        breath_db=timbre.breath_db + float(throws.uniform(-2.0, 2.0)),
        tilt_db=max(0.0, timbre.tilt_db + float(throws.uniform(-1.5, 1.5))),
    )


def _stretched(timbre: Timbre, factor: float) -> Timbre:
    one, two, three, rest = timbre.scale
    return replace(timbre, scale=(one * factor, two * factor, three * factor, rest * factor))
