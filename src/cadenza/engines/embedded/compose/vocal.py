"""The vocal line: the lyrics' own tune, within a singer's reach, over the chords of the piece.

Sections of a kind share a theme: a contour over the line that the words ride on, so that verses are
sisters whatever their syllables. A section whose words return is sung to the same notes again.
Of four lines the second answers the first, the third goes elsewhere and the fourth closes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from cadenza.engines.embedded.compose.harmony import ChordLine
from cadenza.engines.embedded.compose.rhythm_of_words import Fall, Floats, Room, lay_syllables
from cadenza.music.brief import Brief, SectionKind, SectionPlan
from cadenza.music.dice import Dice
from cadenza.music.lyrics import Line
from cadenza.music.pitch import Key
from cadenza.music.score import ChordSpan, Note
from cadenza.music.time import START, Length, Position
from cadenza.music.vocal import Compass, LineSlot, SetLine, SetSyllable, Tone

_K = SectionKind
_HEIGHTS = {_K.CHORUS: 0.62, _K.PRECHORUS: 0.52, _K.BRIDGE: 0.56, _K.SOLO: 0.6, _K.INTRO: 0.35}
_SAME_THEME = {_K.INTRO: _K.VERSE, _K.OUTRO: _K.CHORUS, _K.BREAK: _K.CHORUS}
_ANCHORS = 9  # of a contour over a line
_BREATH_S, _SHORTEST_NOTE_S = 0.4, 0.11
_WIDEST_LEAP = 7  # semitones
_MELISMA_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class _Theme:
    """What a kind of section sings: two contours in scale steps, leanings to places of the bar, height."""

    main: Floats
    other: Floats
    leaning: Floats
    height: float


def set_words(
    brief: Brief, slots: Sequence[LineSlot], chords: tuple[ChordSpan, ...], compass: Compass, dice: Dice
) -> tuple[SetLine, ...]:
    """Return all lines set to notes. The same words in a section of the same kind keep their tune."""
    if not slots:
        return ()
    singer = _Singer(brief, ChordLine(chords), compass, dice)
    starts = brief.section_starts()
    known: dict[tuple[SectionKind, tuple[str, ...]], tuple[Position, int, list[SetLine]]] = {}
    lines: list[SetLine] = []
    for index, section in enumerate(brief.form):
        here = [slot for slot in slots if slot.section == index]
        texts = (section.kind, tuple(slot.line.text.lower() for slot in here))
        before, tonic, tune = known.get(texts, (starts[index], 0, []))
        up = (section.key.tonic - tonic + 6) % 12 - 6
        again = [replace(_moved(line, starts[index] - before, up), energy=section.energy) for line in tune]
        fits = all(
            tone.midi_pitch <= compass.highest for line in again for s in line.syllables for tone in s.tones
        )
        if again and fits and again[0].begins >= singer.free_from(lines):
            lines += again
            continue
        for number, slot in enumerate(here):
            lines.append(singer.sing(slot, number, section, lines, is_close=number + 1 == len(here)))
        known[texts] = (starts[index], section.key.tonic, lines[len(lines) - len(here) :])
    return _parted(lines, _breath(brief))


def without(notes: Sequence[Note], sung: Sequence[SetLine], margin: Length) -> list[Note]:
    """Return the notes of an instrument that leaves the singer alone: it answers in the gaps only."""
    edges = [(line.begins - margin, line.ends + margin / 2) for line in sung]
    begins = [begin.quarters for begin, _ in edges]
    kept = []
    for note in notes:
        index = bisect_left(begins, (note.at + note.length).quarters) - 1
        if index < 0 or edges[index][1] <= note.at:
            kept.append(note)
    return kept


def _breath(brief: Brief) -> Length:
    """Return a breath in quarters, on the grid of eighths of a beat."""
    beat = brief.metre.beat.quarters
    per_beat = float(60 / brief.beats_per_minute)
    return Length(beat * max(1, round(_BREATH_S / per_beat * 4)) / 4)


class _Singer:
    """Knows the key, the chords and the reach; sings line by line."""

    def __init__(self, brief: Brief, line: ChordLine, compass: Compass, dice: Dice) -> None:
        self._brief, self._chords, self._compass, self._dice = brief, line, compass, dice
        self._change_key(brief.key)
        self._themes: dict[SectionKind, _Theme] = {}

    def _change_key(self, key: Key) -> None:
        """Sing in ``key`` from now on."""
        compass, self._key = self._compass, key
        classes = key.pentatonic if self._brief.genre.melody.is_pentatonic else key.scale
        self._ladder = [p for p in range(compass.lowest, compass.highest + 1) if p % 12 in classes]
        self._scale = [p for p in range(compass.lowest - 12, compass.highest + 13) if p % 12 in key.scale]

    def free_from(self, before: Sequence[SetLine]) -> Position:
        """Return from where the next line may begin: the last note of those ``before`` can be cut short."""
        if not before:
            return START
        last = before[-1].syllables[-1].tones[-1]
        return (
            last.at
            + _breath(self._brief)
            + Length(min(last.length.quarters, self._brief.metre.beat.quarters))
        )

    def sing(
        self, slot: LineSlot, number: int, section: SectionPlan, before: Sequence[SetLine], *, is_close: bool
    ) -> SetLine:
        kind = section.kind
        self._change_key(section.key)
        theme = self._theme(_SAME_THEME.get(kind, kind))
        falls = lay_syllables(slot.line, self._room(slot, self.free_from(before)), theme.leaning)
        role = 3 if is_close else number % 4
        pitches = self._pitches(slot, falls, theme, role)
        tones: list[tuple[Tone, ...]] = [
            (Tone(at=slot.at + Length(fall.at), length=Length(fall.length), midi_pitch=pitch),)
            for fall, pitch in zip(falls, pitches, strict=True)
        ]
        tones = self._drawn_out(slot.line, tones)
        if kind is _K.CHORUS:
            tones = [tuple(self._with_second(tone) for tone in group) for group in tones]
        return SetLine(
            line=slot.line,
            kind=kind,
            energy=section.energy,
            syllables=tuple(
                SetSyllable(syllable=syllable, tones=group)
                for syllable, group in zip(slot.line.syllables, tones, strict=True)
            ),
        )

    def _theme(self, kind: SectionKind) -> _Theme:
        if kind not in self._themes:
            dice = self._dice.named(f"sung theme {kind.value}")
            self._themes[kind] = _Theme(
                main=_contour(dice),
                other=_contour(dice) + 1,
                leaning=dice.normal(0.0, 0.05 + 0.2 * self._brief.genre.melody.syncopation, 16),
                height=_HEIGHTS.get(kind, 0.42),
            )
        return self._themes[kind]

    def _room(self, slot: LineSlot, free_from: Position) -> Room:
        beat = self._brief.metre.beat.quarters
        beat_s = float(60 / self._brief.beats_per_minute)
        is_wide = slot.length >= self._brief.bar
        has_pickup = is_wide and slot.at.quarters >= 2 * beat
        free = max(Fraction(0), slot.at.quarters - free_from.quarters)
        return Room(
            length=slot.length.quarters,
            breath=min(_breath(self._brief).quarters, slot.length.quarters / 3)
            + (beat / 2 if is_wide else 0),
            pickup=min(beat, free) if has_pickup else Fraction(0),
            metre=self._brief.metre,
            quickest=beat * Fraction(_SHORTEST_NOTE_S / beat_s).limit_denominator(100),
        )

    def _pitches(self, slot: LineSlot, falls: Sequence[Fall], theme: _Theme, role: int) -> list[int]:
        low, high = self._compass.lowest, self._compass.highest
        centre = low + theme.height * (high - low)
        contour = theme.other if role == 2 else theme.main
        tonic = _nearest([p for p in self._ladder if p % 12 == self._key.tonic], centre)
        base = _index(self._ladder, 0.5 * centre + 0.5 * tonic)
        anchors = np.linspace(0.0, float(slot.length.quarters), _ANCHORS)
        pitches: list[int] = []
        for fall, syllable in zip(falls, slot.line.syllables, strict=True):
            step = round(float(np.interp(float(fall.at), anchors, contour)))
            pitch = self._ladder[int(np.clip(base + step, 0, len(self._ladder) - 1))]
            place = slot.at + Length(fall.at)
            is_strong = fall.length >= self._brief.metre.beat.quarters or (
                syllable.weight >= 2 and place.quarters % self._brief.metre.beat.quarters == 0
            )
            if is_strong:
                pitch = _nearest(self._chord_tones(place), pitch)
            if pitches and abs(pitch - pitches[-1]) > _WIDEST_LEAP:
                near = pitches[-1] + _WIDEST_LEAP * (1 if pitch > pitches[-1] else -1)
                pitch = _nearest(self._chord_tones(place) if is_strong else self._ladder, near)
            pitches.append(pitch)
        pitches[-1] = self._closing(slot.at + Length(falls[-1].at), pitches[-1], is_answer=role in {1, 3})
        return pitches

    def _chord_tones(self, place: Position) -> list[int]:
        classes = self._chords.at(place).chord.pitch_classes
        tones = [p for p in range(self._compass.lowest, self._compass.highest + 1) if p % 12 in classes]
        return [p for p in tones if p % 12 in self._key.scale] or tones

    def _closing(self, place: Position, near: int, *, is_answer: bool) -> int:
        """End at rest: an answer on the chord's root or third, a question on its third or fifth."""
        chord = self._chords.at(place).chord
        classes = {chord.root, chord.third} if is_answer else {chord.third, chord.fifth}
        reach = range(self._compass.lowest, self._compass.highest + 1)
        return _nearest([p for p in reach if p % 12 in classes], near)

    def _drawn_out(self, line: Line, tones: list[tuple[Tone, ...]]) -> list[tuple[Tone, ...]]:
        """Sing a held syllable, and now and then a long last one, on two notes: from above into its own."""
        beat = self._brief.metre.beat.quarters
        throws = self._dice.named(f"melisma {line.text.lower()}").random(len(tones))
        drawn: list[tuple[Tone, ...]] = []
        for syllable, (tone, *_), throw in zip(line.syllables, tones, throws, strict=True):
            share = 0.7 if syllable.is_held else _MELISMA_SHARE if syllable.weight >= 2 else 0.0
            if tone.length.quarters < 2 * beat or throw >= share:
                drawn.append((tone,))
                continue
            above = self._ladder[min(len(self._ladder) - 1, _index(self._ladder, tone.midi_pitch) + 1)]
            first = replace(tone, length=Length(beat / 2), midi_pitch=above)
            rest = replace(tone, at=tone.at + first.length, length=tone.length - first.length)
            drawn.append((first, rest))
        return drawn

    def _with_second(self, tone: Tone) -> Tone:
        """Add a third below in the scale, or what of the chord lies nearest to it on long notes."""
        third = self._scale[max(0, _index(self._scale, tone.midi_pitch) - 2)]
        if tone.length.quarters >= self._brief.metre.beat.quarters:
            classes = self._chords.at(tone.at).chord.pitch_classes
            below = [p for p in range(tone.midi_pitch - 9, tone.midi_pitch - 2) if p % 12 in classes]
            third = _nearest(below, third) if below else third
        return replace(tone, second_pitch=third)


def _contour(dice: np.random.Generator) -> Floats:
    """Return scale steps over a line: an arch with a walk on it, from where it begins to lower."""
    walk = np.cumsum(dice.choice([-1, 0, 1, 1, -1, 2, -2], _ANCHORS))
    arch = np.sin(np.linspace(0.15, np.pi, _ANCHORS)) * dice.uniform(1.0, 3.0)
    steps = walk - np.linspace(walk[0], walk[-1], _ANCHORS) + arch
    return np.asarray(np.clip(steps - np.mean(steps), -4, 4))


def _index(ladder: Sequence[int], pitch: float) -> int:
    return min(range(len(ladder)), key=lambda i: (abs(ladder[i] - pitch), ladder[i]))


def _nearest(pitches: Sequence[int], target: float) -> int:
    return min(pitches, key=lambda p: (abs(p - target), p))


def _moved(line: SetLine, by: Length, up: int) -> SetLine:
    """Return a line ``by`` later and ``up`` semitones higher."""
    return replace(
        line,
        syllables=tuple(
            replace(sung, tones=tuple(_moved_tone(tone, by, up) for tone in sung.tones))
            for sung in line.syllables
        ),
    )


def _moved_tone(tone: Tone, by: Length, up: int) -> Tone:
    second = None if tone.second_pitch is None else tone.second_pitch + up
    return replace(tone, at=tone.at + by, midi_pitch=tone.midi_pitch + up, second_pitch=second)


def _parted(lines: Sequence[SetLine], breath: Length) -> tuple[SetLine, ...]:
    """Let every line end a breath before the next one begins, if need be by a shorter last note.

    A note keeps a third of its length, and never reaches into the next line.
    """
    parted = []
    for line, following in zip(lines, (*lines[1:], None), strict=True):
        last = line.syllables[-1].tones[-1]
        if following is not None and line.ends > following.begins - breath:
            room = following.begins - breath - last.at
            shortest = min(last.length / 3, following.begins - last.at)
            held = replace(last, length=min(last.length, max(room, shortest)))
            sung = line.syllables[-1]
            ending = replace(sung, tones=(*sung.tones[:-1], held))
            parted.append(replace(line, syllables=(*line.syllables[:-1], ending)))
        else:
            parted.append(line)
    return tuple(parted)
