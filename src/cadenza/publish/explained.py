"""How a continuation was made, as a picture: what was heard, what was quoted from where, and the join."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cadenza.audio.features import Array, analysis_mono, decibels, mel_power
from cadenza.audio.signal import Signal
from cadenza.music.findings import Findings
from cadenza.music.quotation import Layer, Quoted
from cadenza.publish.palette import hue_of_key, ramp
from cadenza.publish.sketch import Box, Line, Pixels, Raster, Shape, Words

WIDTH: Final = 1400
HEIGHT: Final = 900
_LEFT, _RIGHT = 64, WIDTH - 32
_HEAD, _SECTIONS, _SPECTRUM, _PATH, _CLOSE = 34, 52, 82, 318, 640  # tops of the rows
_SECTION_PX, _SPECTRUM_PX, _PATH_PX, _CLOSE_PX = 24, 190, 250, 200
_BANDS, _RANGE_DB, _HOP = 96, 66.0, 512
_AROUND_S = 5.0
_FEWEST_PX_PER_BEAT = 4.0
_TICKS_S = (1, 2, 5, 10, 20, 30, 60, 120)
_SEAM, _INK, _PALE = "#d7263d", "#333333", "#9a9a9a"
_PASTELS = ("#bcd4e6", "#f4d6b0", "#cfe3c0", "#e3c7df", "#f2e3a6", "#c9d1d9", "#f0c3bd", "#c4e3df")
_LAYERS = {
    Layer.BODY: ("bass and roots", "#1b4965"),
    Layer.COLOUR: ("chords and melody", "#e07a1f"),
    Layer.PULSE: ("strokes", "#5f8d4e"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A finished take, where it was joined, what was heard in its source, and what the new part quotes."""

    title: str
    take: Signal
    joined_at_s: float
    findings: Findings
    quoted: Sequence[Quoted]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """Seconds to pixels from the left."""

    from_s: float
    until_s: float

    def x(self, second: float) -> float:
        share = (second - self.from_s) / (self.until_s - self.from_s)
        return _LEFT + (_RIGHT - _LEFT) * float(np.clip(share, 0, 1))

    def shows(self, second: float) -> bool:
        return self.from_s <= second <= self.until_s

    @property
    def px_per_s(self) -> float:
        return (_RIGHT - _LEFT) / (self.until_s - self.from_s)


def draw_explanation(told: Explained) -> list[Shape]:
    """Return the picture, ``WIDTH`` by ``HEIGHT``: sections, spectrogram, path of the quotes, the join."""
    colours = ramp(hue_of_key(told.findings.key.name), brightness=0.7, is_minor=True)
    pixels = (colours[np.round(_levels(told.take) * 255).astype(int)] * 255).astype(np.uint8)
    whole = _Axis(from_s=0.0, until_s=told.take.duration_s)
    return [
        Words(x=_LEFT, y=_HEAD - 10, text=_headline(told), size=18),
        *_sections(told, whole),
        *_spectrogram(pixels, told, whole, _SPECTRUM, _SPECTRUM_PX),
        *_path(told, whole),
        *_close_up(pixels, told),
    ]


def _headline(told: Explained) -> str:
    found = told.findings
    tempo = f"{found.tempo.bpm:.1f} bpm" if found.tempo.bpm else "no steady beat"
    return f"{told.title}: joined at {told.joined_at_s:.2f} s   ({tempo}, {found.key.name or 'no clear key'})"


def _levels(take: Signal) -> Array:
    """Return (bands, frames) levels from 0 to 1, high notes first."""
    # High notes are lifted by 12 dB in all: music has less power there, and the eye would see nothing.
    level = decibels(mel_power(analysis_mono(take), 2048, _HOP, _BANDS)) + 12 * np.arange(_BANDS) / _BANDS
    share = (level - level.max() + _RANGE_DB) / _RANGE_DB
    return np.asarray(np.clip(share, 0, 1).T[::-1])


def _sections(told: Explained, axis: _Axis) -> Iterator[Shape]:
    for part in told.findings.form.sections:
        if part.start_s >= told.joined_at_s:
            break
        left, right = axis.x(part.start_s), axis.x(min(part.end_s, told.joined_at_s))
        yield Box(x=left, y=_SECTIONS, width=right - left, height=_SECTION_PX, fill=_pastel(part.label))
        if right - left > 16:
            yield Words(x=(left + right) / 2, y=_SECTIONS + 17, text=part.label, anchor="middle")
    left, right = axis.x(told.joined_at_s), axis.x(told.take.duration_s)
    yield Box(x=left, y=_SECTIONS, width=right - left, height=_SECTION_PX, fill="#eeeeee")
    yield Words(x=(left + right) / 2, y=_SECTIONS + 17, text="new part", anchor="middle", colour=_SEAM)


def _pastel(label: str) -> str:
    return _PASTELS[(ord(label[0]) - ord("A")) % len(_PASTELS)]


def _spectrogram(pixels: Pixels, told: Explained, axis: _Axis, top: int, height: int) -> Iterator[Shape]:
    """Yield a spectrogram of the time that the axis shows, its beats, its seconds and the join."""
    frames = pixels.shape[1] / told.take.duration_s
    first, last = round(axis.from_s * frames), max(1, round(axis.until_s * frames))
    yield Raster(x=_LEFT, y=top, width=_RIGHT - _LEFT, height=height, pixels=pixels[:, first:last])
    yield Words(x=_LEFT - 8, y=top + 14, text="10 kHz", size=12, anchor="end")
    yield Words(x=_LEFT - 8, y=top + height, text="30 Hz", size=12, anchor="end")
    yield from _beats(told, axis, top, height)
    yield from _seconds(axis, top + height)
    x = axis.x(told.joined_at_s)
    yield Line(x1=x, y1=top - 4, x2=x, y2=top + height + 4, colour=_SEAM, width=2)


def _beats(told: Explained, axis: _Axis, top: int, height: int) -> Iterator[Shape]:
    """Yield a line per bar and, where there is room, a short one per beat; only where the source sounds."""
    found = told.findings
    beat_px = axis.px_per_s * 60 / found.tempo.bpm if found.tempo.bpm else 0.0
    times = [(at_s, height, "#ffffff") for at_s in found.downbeats_s] if beat_px * 4 > 10 else []
    if beat_px > _FEWEST_PX_PER_BEAT:
        times += [(at_s, height // 8, "#ffffff") for at_s in found.beats_s]
    for at_s, length, colour in times:
        if axis.shows(at_s) and at_s <= told.joined_at_s:
            x = axis.x(at_s)
            yield Line(x1=x, y1=top + height - length, x2=x, y2=top + height, colour=colour)


def _seconds(axis: _Axis, top: float) -> Iterator[Shape]:
    step = next((tick for tick in _TICKS_S if tick * axis.px_per_s > 60), _TICKS_S[-1])
    for second in range(int(np.ceil(axis.from_s / step)) * step, int(axis.until_s) + 1, step):
        x = axis.x(second)
        yield Line(x1=x, y1=top, x2=x, y2=top + 5, colour=_INK)
        text = f"{second // 60}:{second % 60:02d}"
        yield Words(x=x, y=top + 19, text=text, size=12, anchor="middle", colour=_INK)


def _path(told: Explained, axis: _Axis) -> Iterator[Shape]:
    """Yield the time in the source (upwards) against the time in the take: what sounds comes from where."""
    source_s, bottom = told.findings.duration_s, _PATH + _PATH_PX

    def y(second: float) -> float:
        return bottom - _PATH_PX * float(np.clip(second / source_s, 0, 1))

    for part in told.findings.form.sections:
        high, low = y(part.end_s), y(part.start_s)
        yield Box(x=_LEFT, y=high, width=_RIGHT - _LEFT, height=low - high, fill=_pastel(part.label))
        yield Words(x=_LEFT - 8, y=(high + low) / 2 + 5, text=part.label, size=12, anchor="end")
    end = Quoted(layer=Layer.BODY, at_s=0.0, source_s=0.0, length_s=told.joined_at_s)
    yield _quote(end, axis, y, _INK, 2)
    for layer in (Layer.PULSE, Layer.COLOUR, Layer.BODY):
        for quote in told.quoted:
            if quote.layer is layer:
                yield _quote(quote, axis, y, _LAYERS[layer][1], 3 if layer is Layer.BODY else 2)
    x = axis.x(told.joined_at_s)
    yield Line(x1=x, y1=_PATH, x2=x, y2=bottom, colour=_SEAM, width=2)
    yield from _seconds(axis, bottom)
    yield from _legend(bottom + 42)


def _quote(quote: Quoted, axis: _Axis, y: Callable[[float], float], colour: str, width: int) -> Line:
    until_s = quote.at_s + quote.length_s
    return Line(
        x1=axis.x(quote.at_s),
        y1=y(quote.source_s),
        x2=axis.x(until_s),
        y2=y(quote.source_s + quote.length_s),
        colour=colour,
        width=width,
    )


def _legend(top: float) -> Iterator[Shape]:
    yield Words(x=_LEFT, y=top, text="Upwards: the time in the source that sounds.", size=13, colour=_INK)
    at = float(_LEFT + 330)
    for name, colour in [("the source itself", _INK), *_LAYERS.values(), ("the join", _SEAM)]:
        yield Line(x1=at, y1=top - 5, x2=at + 26, y2=top - 5, colour=colour, width=3)
        yield Words(x=at + 32, y=top, text=name, size=13, colour=_INK)
        at += 60 + 8.0 * len(name)


def _close_up(pixels: Pixels, told: Explained) -> Iterator[Shape]:
    """Yield the five seconds before the join and those after it."""
    at = told.joined_at_s
    axis = _Axis(from_s=max(0.0, at - _AROUND_S), until_s=min(told.take.duration_s, at + _AROUND_S))
    text = "The join, five seconds before and after; white: bars and beats of the source"
    yield Words(x=_LEFT, y=_CLOSE - 10, text=text, size=13, colour=_INK)
    yield from _spectrogram(pixels, told, axis, _CLOSE, _CLOSE_PX)
