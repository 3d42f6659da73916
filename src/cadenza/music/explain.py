"""What a song is made of, for people: the brief as JSON and the form as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from cadenza.music.brief import Brief, Role, SectionPlan
from cadenza.music.score import Part, Score
from cadenza.music.time import Length, Position

_WIDTH, _MARGIN, _NAMES = 1200, 16, 96  # pixels: of the picture, around it, of the names at its left
_ENERGY_PX, _CHORDS_PX, _LANE_PX, _HEAD_PX = 120, 26, 22, 44
_CHORD_ROOM_PX = 26  # a narrower chord stays unnamed
_COLOURS = {
    "intro": "#7aa6c2", "verse": "#5b8e7d", "pre-chorus": "#c9a24b", "chorus": "#bc4b51", "bridge": "#8d6a9f",
    "solo": "#d97b3f", "break": "#6d7f99", "outro": "#7aa6c2",
}  # fmt: skip


def brief_json(brief: Brief) -> str:
    """Return the brief as indented JSON: every choice that was made before a note was written."""
    told: dict[str, Any] = {
        "title": brief.title,
        "genre": brief.genre.name,
        "bpm": float(brief.beats_per_minute),
        "metre": str(brief.metre),
        "key": str(brief.key),
        "duration_s": brief.duration_s,
        "weirdness": brief.weirdness,
        "instruments": {role.value: name for role, name in brief.instruments.items()},
        "groove": {
            "name": brief.groove.name,
            "stretch": brief.drum_stretch,
            "lines": dict(brief.groove.lines),
        },
        "bass_line": brief.bass_line,
        "swing": str(brief.genre.swing),
        "form": [_section(section) for section in brief.form],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _section(section: SectionPlan) -> dict[str, Any]:
    return {
        "kind": section.kind.value,
        "bars": section.bars,
        "energy": section.energy,
        "key": str(section.key),
        "chords": " ".join(section.numerals),
        "comping": section.comping,
        "roles": [role.value for role in Role if role in section.roles],
        "lead": section.lead.value,
        "is_lifted": section.is_lifted,
    }


def form_picture(brief: Brief, score: Score) -> str:
    """Return the form as an SVG: sections as tall as their energy, their chords, and who plays when."""
    picture = _Picture(brief, score)
    return picture.drawn()


class _Picture:
    """Knows where a place of the piece lies on the paper."""

    def __init__(self, brief: Brief, score: Score) -> None:
        self._brief, self._score = brief, score
        self._per_quarter = (_WIDTH - 2 * _MARGIN - _NAMES) / float(score.end.quarters)
        self._lanes = len(score.parts) + bool(score.sung)
        self._height = _HEAD_PX + _ENERGY_PX + _CHORDS_PX + _LANE_PX * self._lanes + 2 * _MARGIN

    def drawn(self) -> str:
        """Return the whole picture."""
        parts = [*self._heading(), *self._sections(), *self._chords()]
        for lane, part in enumerate(self._score.parts):
            parts += self._lane(lane, part)
        if self._score.sung:
            parts += self._voice(len(self._score.parts))
        body = "\n".join(parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self._height}" '
            f'width="{_WIDTH}" height="{self._height}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="100%" height="100%" fill="#fbfaf7"/>\n{body}\n</svg>\n'
        )

    def _x(self, place: Position) -> float:
        return _MARGIN + _NAMES + float(place.quarters) * self._per_quarter

    def _wide(self, length: Length) -> float:
        return float(length.quarters) * self._per_quarter

    def _heading(self) -> Iterator[str]:
        brief = self._brief
        facts = f"{brief.genre.name}, {float(brief.beats_per_minute):g} bpm, {brief.metre}, {brief.key}"
        yield _words(_MARGIN, _MARGIN + 14, brief.title, size=16)
        yield _words(_MARGIN, _MARGIN + 32, facts)

    def _sections(self) -> Iterator[str]:
        floor = _HEAD_PX + _MARGIN + _ENERGY_PX
        key = self._brief.key
        yield _words(_MARGIN, floor - 4, "energy")
        for section, start in zip(self._brief.form, self._brief.section_starts(), strict=True):
            tall = section.energy * (_ENERGY_PX - 20)
            x, wide = self._x(start), self._wide(self._brief.bar * section.bars)
            yield _box(x, floor - tall, wide - 1, tall, _COLOURS[section.kind.value], title=_told(section))
            moved = f" {section.key}" if section.key != key else ""
            yield _words(x + 3, floor - tall - 4, f"{section.kind.value}{moved}", room=wide)
            key = section.key

    def _chords(self) -> Iterator[str]:
        line = _HEAD_PX + _MARGIN + _ENERGY_PX + 17
        yield _words(_MARGIN, line, "chords")
        for span in self._score.chords:
            wide = self._wide(span.length)
            if wide >= _CHORD_ROOM_PX:
                yield _words(self._x(span.at) + 2, line, str(span.chord), room=wide, size=10)

    def _lane(self, lane: int, part: Part) -> Iterator[str]:
        """Draw how many notes a part strikes in each bar, as the depth of its colour."""
        top = _HEAD_PX + _MARGIN + _ENERGY_PX + _CHORDS_PX + _LANE_PX * lane
        bar = self._brief.bar
        counts: dict[int, int] = {}
        for note in part.notes:
            sounding = range(
                int(note.at.quarters // bar.quarters),
                -int(-(note.at + note.length).quarters // bar.quarters),
            )
            for index in sounding:
                counts[index] = counts.get(index, 0) + 1
        most = max(counts.values(), default=1)
        yield _words(_MARGIN, top + 15, part.role.value)
        for index, count in sorted(counts.items()):
            at = Position(bar.quarters * index)
            wide = self._wide(min(bar, self._score.end - at)) if at < self._score.end else 0.0
            depth = 0.25 + 0.75 * (count / most) ** 0.5
            if wide > 0:
                yield _box(self._x(at), top + 2, wide - 0.5, _LANE_PX - 4, "#44546a", depth, part.instrument)

    def _voice(self, lane: int) -> Iterator[str]:
        top = _HEAD_PX + _MARGIN + _ENERGY_PX + _CHORDS_PX + _LANE_PX * lane
        yield _words(_MARGIN, top + 15, "vocals")
        for line in self._score.sung:
            wide = self._wide(line.ends - line.begins)
            yield _box(self._x(line.begins), top + 2, wide, _LANE_PX - 4, "#a23e48", 0.9, line.line.text)


def _told(section: SectionPlan) -> str:
    return f"{section.bars} bars, energy {section.energy:g}, {section.key}: {' '.join(section.numerals)}"


def _box(
    x: float, y: float, wide: float, tall: float, fill: str, opacity: float = 1.0, title: str = ""
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.5, wide):.1f}" height="{tall:.1f}" fill="{fill}" '
        f'fill-opacity="{opacity:.2f}"><title>{_safe(title)}</title></rect>'
    )


def _words(x: float, y: float, text: str, *, room: float = 1e9, size: int = 12) -> str:
    """Return a line of text, shortened to its room."""
    kept = text[: max(1, int(room / (0.58 * size)))]
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="#2b2b2b">{_safe(kept)}</text>'


def _safe(text: str) -> str:
    """Return text that may stand in a picture: XML has no control characters."""
    return escape("".join(sign for sign in text if sign.isprintable()))
