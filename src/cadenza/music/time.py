"""Exact musical time: a place and a stretch are two types, and seconds lie behind one door.

Everything is counted in quarter notes as rationals, so that a bar of triplets is a bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import overload


@dataclass(frozen=True, slots=True, order=True)
class Length:
    """A stretch of time in quarter notes."""

    quarters: Fraction

    def __add__(self, other: Length) -> Length:
        return Length(self.quarters + other.quarters)

    def __sub__(self, other: Length) -> Length:
        return Length(self.quarters - other.quarters)

    def __mul__(self, times: int | Fraction) -> Length:
        return Length(self.quarters * times)

    def __truediv__(self, parts: int) -> Length:
        return Length(self.quarters / parts)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the piece, in quarter notes from its start. Place + place is a type error."""

    quarters: Fraction

    def __add__(self, other: Length) -> Position:
        return Position(self.quarters + other.quarters)

    @overload
    def __sub__(self, other: Position) -> Length: ...
    @overload
    def __sub__(self, other: Length) -> Position: ...
    def __sub__(self, other: Position | Length) -> Position | Length:
        if isinstance(other, Position):
            return Length(self.quarters - other.quarters)
        return Position(self.quarters - other.quarters)


START = Position(Fraction(0))


@dataclass(frozen=True, slots=True)
class Metre:
    """A time signature, ``count`` notes of ``1/unit`` in a bar.

    Counts of 6, 9 and 12 eighths are compound: their beat is the dotted quarter.
    """

    count: int
    unit: int

    def __post_init__(self) -> None:
        assert self.count > 0
        assert self.unit in {2, 4, 8, 16}

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read "3/4"."""
        count, unit = text.split("/")
        return cls(int(count), int(unit))

    def __str__(self) -> str:
        return f"{self.count}/{self.unit}"

    @property
    def is_compound(self) -> bool:
        """Whether three units make one beat."""
        return self.unit == 8 and self.count % 3 == 0

    @property
    def bar(self) -> Length:
        """Length of one bar."""
        return Length(Fraction(4 * self.count, self.unit))

    @property
    def beat(self) -> Length:
        """Length of one beat: what the beats per minute count.

        In uneven eighth metres (5/8, 7/8) that is the quarter, as such pieces are usually marked.
        """
        if self.is_compound:
            return Length(Fraction(3, 2))
        return Length(Fraction(1) if self.unit == 8 else Fraction(4, self.unit))


@dataclass(frozen=True, slots=True)
class TempoMap:
    """The only door between quarters and seconds.

    ``changes`` are (place, seconds per quarter), sorted, the first at the start; the tempo is
    constant between two changes and after the last.
    """

    changes: tuple[tuple[Position, Fraction], ...]

    def __post_init__(self) -> None:
        assert self.changes, "a tempo map has at least one tempo"
        assert self.changes[0][0] == START, "a tempo map begins at the start of the piece"
        assert all(a[0] < b[0] for a, b in zip(self.changes, self.changes[1:], strict=False))
        assert all(pace > 0 for _, pace in self.changes)

    @classmethod
    def steady(cls, beats_per_minute: Fraction, beat: Length) -> TempoMap:
        """Return one tempo for the whole piece."""
        return cls(((START, 60 / beats_per_minute / beat.quarters),))

    def seconds_at(self, place: Position) -> Fraction:
        """Return when ``place`` sounds, exactly."""
        elapsed = Fraction(0)
        for (here, pace), following in zip(self.changes, (*self.changes[1:], None), strict=True):
            if following is None or place <= following[0]:
                return elapsed + (place - here).quarters * pace
            elapsed += (following[0] - here).quarters * pace
        raise AssertionError("the last tempo has no end")

    def position_at(self, seconds: Fraction) -> Position:
        """Return which place sounds at ``seconds``, exactly."""
        elapsed = Fraction(0)
        for (here, pace), following in zip(self.changes, (*self.changes[1:], None), strict=True):
            span = None if following is None else (following[0] - here).quarters * pace
            if span is None or seconds <= elapsed + span:
                return here + Length((seconds - elapsed) / pace)
            elapsed += span
        raise AssertionError("the last tempo has no end")
