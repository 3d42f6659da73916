"""The chords of the whole piece: each section's cycle, half cadences before choruses, a close at the end."""

from __future__ import annotations

from bisect import bisect_right

from cadenza.music.brief import Brief, SectionKind, SectionPlan
from cadenza.music.harmony import Chord, chord_from_numeral, dominant_of, tonic_of
from cadenza.music.pitch import Key, Mode
from cadenza.music.score import ChordSpan
from cadenza.music.time import Length, Position


def lay_chords(brief: Brief, end: Position) -> tuple[ChordSpan, ...]:
    """Return chords from the start to ``end``; the last is the tonic and begins the final ring."""
    spans: list[ChordSpan] = []
    starts = brief.section_starts()
    for index, (section, start) in enumerate(zip(brief.form, starts, strict=True)):
        following = brief.form[index + 1] if index + 1 < len(brief.form) else None
        spans += _section_chords(brief, section, start, following)
    final = _final_tonic(brief)
    return (
        *_joined(spans),
        ChordSpan(at=brief.final_chord_at, length=end - brief.final_chord_at, chord=final),
    )


def _section_chords(
    brief: Brief, section: SectionPlan, start: Position, following: SectionPlan | None
) -> list[ChordSpan]:
    each = Length(brief.bar.quarters * brief.genre.chord_bars)
    stop = start + brief.bar * section.bars
    cycle = [chord_from_numeral(numeral, section.key) for numeral in section.numerals]
    count = -(-(stop - start).quarters // each.quarters)
    # A section shorter than its cycle plays the end of it, which leads on.
    offset = -count % len(cycle) if section.kind is SectionKind.INTRO else 0
    spans = []
    for index in range(count):
        at = start + each * index
        length = min(each, stop - at)
        spans.append(ChordSpan(at=at, length=length, chord=cycle[(index + offset) % len(cycle)]))
    return _with_cadence(brief, section, spans, following)


def _with_cadence(
    brief: Brief, section: SectionPlan, spans: list[ChordSpan], following: SectionPlan | None
) -> list[ChordSpan]:
    """End on a dominant: of the key where the piece closes, of the next key where it changes.

    Before a chorus a suspended one takes the last half bar.
    """
    last = spans[-1]
    if following is None:
        closing = _closing_dominant(section.key, spans)
        return [*spans[:-1], *_split(last, closing, min(last.length, brief.bar))]
    if following.key != section.key:
        return [*spans[:-1], *_split(last, dominant_of(following.key), min(last.length, brief.bar))]
    if following.kind is SectionKind.CHORUS and not _is_dominant(last.chord, section.key):
        closing = Chord((section.key.tonic + 7) % 12, "sus4")
        half = max(brief.metre.beat, min(last.length, brief.bar) / 2)
        return [*spans[:-1], *_split(last, closing, min(last.length, half))]
    return spans


def _closing_dominant(key: Key, spans: list[ChordSpan]) -> Chord:
    """Return V7; in a minor key whose chords never lead by a semitone, the subtonic they use."""
    subtonic = Chord((key.tonic + 10) % 12, "")
    is_modal = any(span.chord.root == subtonic.root for span in spans)
    return subtonic if is_modal and key.mode is Mode.MINOR else dominant_of(key)


def _is_dominant(chord: Chord, key: Key) -> bool:
    return (chord.root - key.tonic) % 12 in {7, 10}


def _split(span: ChordSpan, closing: Chord, length: Length) -> list[ChordSpan]:
    if length == span.length:
        return [ChordSpan(at=span.at, length=length, chord=closing)]
    kept = span.length - length
    return [
        ChordSpan(at=span.at, length=kept, chord=span.chord),
        ChordSpan(at=span.at + kept, length=length, chord=closing),
    ]


def _final_tonic(brief: Brief) -> Chord:
    """Return the tonic in the colour that the genre gives it, or the plain triad."""
    key = brief.final_key
    for section in brief.form:
        for numeral in section.numerals if section.key.mode is key.mode else ():
            chord = chord_from_numeral(numeral, key)
            if chord.root == key.tonic and chord.quality in {"maj7", "maj9", "m9", "add9", "6", "m6"}:
                return chord
    return tonic_of(key)


def _joined(spans: list[ChordSpan]) -> list[ChordSpan]:
    """Join neighbours that hold the same chord, within a bar's grid of their own."""
    joined: list[ChordSpan] = []
    for span in spans:
        if joined and joined[-1].chord == span.chord and joined[-1].at + joined[-1].length == span.at:
            before = joined.pop()
            joined.append(ChordSpan(at=before.at, length=before.length + span.length, chord=span.chord))
        else:
            joined.append(span)
    return joined


class ChordLine:
    """Finds the chord that holds at a place."""

    def __init__(self, spans: tuple[ChordSpan, ...]) -> None:
        self._spans = spans
        self._starts = [span.at.quarters for span in spans]

    def at(self, place: Position) -> ChordSpan:
        """Return the span that holds at ``place``."""
        return self._spans[self.index_at(place)]

    def after(self, place: Position) -> ChordSpan:
        """Return the next span after the one that holds at ``place`` (the last one at the end)."""
        return self._spans[min(self.index_at(place) + 1, len(self._spans) - 1)]

    def index_at(self, place: Position) -> int:
        """Return which span holds at ``place``, counting from 0."""
        return max(0, bisect_right(self._starts, place.quarters) - 1)
