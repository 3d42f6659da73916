"""What workers count for operators, and where the sums are kept.

Workers come and go; the API answers ``GET /metrics``. So the sums over all workers since the beginning lie in
the database: workers add to them every few seconds, and the API reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that only grows, for each combination of its labels."""

    name: str
    doc: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """Durations in seconds, for each combination of the labels; ``bounds_s`` are the histogram's."""

    name: str
    doc: str
    labels: tuple[str, ...]
    bounds_s: tuple[float, ...]


STAGE_SECONDS: Final = Timed(
    "cadenza_stage_seconds",
    "Time that an attempt at a task spent in each stage, by engine.",
    ("engine", "stage"),
    (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900),
)
CALLBACK_LAG: Final = Timed(
    "cadenza_callback_lag_seconds",
    "Time from the moment that is told to the end of the first attempt to tell it.",
    (),
    (0.1, 0.3, 1, 2, 5, 15, 30, 60, 300),
)
CALLBACK_ATTEMPTS: Final = Counted(
    "cadenza_callback_attempts",
    "Attempts to deliver a callback, by the state after it: delivered, waiting, gave_up or disabled.",
    ("state",),
)
RECEIVER_CLOCKS: Final = Counted(
    "cadenza_receiver_clocks",
    "Answers of receivers by whether their Date agrees with this clock; where most differ, it is this one.",
    ("clock",),
)
ATTEMPTS_ENDED: Final = Counted(
    "cadenza_attempts",
    "Attempts at tasks, by how they ended: rendered, stopped, source_unusable, generation_failed or broken.",
    ("engine", "outcome"),
)
SWEPT: Final = Counted("cadenza_swept", "What sweeps have cleared away.", ("what",))

COUNTED: Final[Sequence[Counted]] = (CALLBACK_ATTEMPTS, RECEIVER_CLOCKS, ATTEMPTS_ENDED, SWEPT)
TIMED: Final[Sequence[Timed]] = (STAGE_SECONDS, CALLBACK_LAG)


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One number: the name of what is counted, and the values of its labels.

    Of a ``Timed`` one, ``part`` is the bucket's upper bound ("0.3", "+Inf") or "sum"; of a counted one "".
    """

    name: str
    values: tuple[str, ...]
    part: str = ""


class TallyBook(Protocol):
    """The sums over all workers."""

    def add(self, amounts: Mapping[Series, float]) -> None:
        """Add to the sums."""
        ...

    def sums(self) -> Mapping[Series, float]:
        """Return all sums."""
        ...
