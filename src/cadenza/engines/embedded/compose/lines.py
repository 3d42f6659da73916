"""Reading the rhythm lines of a genre: one sign per equal step of a bar (see ``music.genre``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cadenza.music.time import Length, Position


@dataclass(frozen=True, slots=True)
class Step:
    """One sign that starts something: where, for how long its holds (``-``) last, which sign."""

    at: Position
    length: Length
    sign: str


def steps(line: str, start: Position, bar: Length) -> Iterator[Step]:
    """Yield what ``line`` starts in the bar at ``start``; its length divides the bar exactly."""
    one = bar / len(line)
    for index, sign in enumerate(line):
        if sign in ".-":
            continue
        held = len(line[index + 1 :]) - len(line[index + 1 :].lstrip("-"))
        yield Step(start + one * index, one * (1 + held), sign)
