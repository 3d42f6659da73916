"""Quotations: the spans of an itinerary as stretches of samples on one common timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cadenza.music.portrait import Floats, Portrait
from cadenza.music.quotation import Span

Marks = tuple[Floats, Floats]  # beats from the seam, seconds from the seam

_DRIFT_S = 0.008  # a layer that strays this far from the body's beats is set anew
_SAME_GAIN_DB = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A stretch of the source, where it sounds (seconds; ``at_s`` counts from the seam), how loud."""

    source_s: float
    at_s: float
    length_s: float
    gain_db: float


def beat_marks(body: tuple[Span, ...], portrait: Portrait) -> Marks:
    """Return where beats of the new part lie: offsets in beats from the seam, and seconds from the seam.

    The body sets the time: its beats keep the lengths they have in the source.
    """
    beats, seconds = [0.0], [0.0]
    for span in body:
        for start, end in _whole_beats(span):
            beats.append(beats[-1] + end - start)
            seconds.append(seconds[-1] + portrait.seconds_at(end) - portrait.seconds_at(start))
    return np.array(beats), np.array(seconds)


def quotes(spans: tuple[Span, ...], portrait: Portrait, marks: Marks, gains_db: Floats) -> tuple[Quote, ...]:
    """Return the stretches of one layer, as long as possible without leaving the beats of the body.

    ``gains_db`` is per beat of the source.
    """
    beats, seconds = marks
    offset = 0.0
    found: list[Quote] = []
    for span in spans:
        middle = int(np.clip(span.start + span.length / 2, 0, len(gains_db) - 1))
        for start, end in _whole_beats(span):
            at = float(np.interp(offset, beats, seconds))
            until = float(np.interp(offset + end - start, beats, seconds))
            place_s = portrait.seconds_at(start)
            gain_db = float(gains_db[middle])
            found.append(Quote(source_s=place_s, at_s=at, length_s=until - at, gain_db=gain_db))
            offset += end - start
    return tuple(_merged(found))


def _merged(beatwise: list[Quote]) -> Iterator[Quote]:
    """Join neighbours that go on as recorded, as long as they do not drift."""
    now = beatwise[0]
    for following in beatwise[1:]:
        drift_s = (following.source_s - now.source_s) - (following.at_s - now.at_s)
        if abs(drift_s) <= _DRIFT_S and abs(following.gain_db - now.gain_db) < _SAME_GAIN_DB:
            now = replace(now, length_s=following.at_s + following.length_s - now.at_s)
        else:
            yield now
            now = following
    yield now


def _whole_beats(span: Span) -> Iterator[tuple[float, float]]:
    """Cut a span at whole beats."""
    at = span.start
    while at < span.end - 1e-6:
        until = min(np.floor(at + 1 + 1e-6), span.end)
        yield at, float(until)
        at = float(until)
