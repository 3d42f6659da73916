"""What an engine is: it turns an order into renditions, one at a time, the same way each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Abilities, Honoured
from cadenza.domain.provenance import DigitalSource
from cadenza.domain.request import GenerationRequest
from cadenza.domain.task import LyricLine
from cadenza.music.brief import Brief
from cadenza.music.quotation import Quoted
from cadenza.music.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that an engine may know: same order and engine version, same bytes.

    ``request`` never has an ``Inherited`` wish when it comes through intake: what was to be
    inherited is filled in by then where it is known; an engine treats what is left as a plain
    "go on like this". ``source`` is the decoded recording of a continuation, at its own sample rate
    and 1 or 2 channels; ``source_sha256`` is the digest of its file where this server keeps it: what was
    heard in it may be remembered under that. ``take_indices`` are the takes still to be made (after a
    crash the first may exist already); take i of a seed is the same whether or not the others are asked for.
    """

    request: GenerationRequest
    seed: int
    source: Signal | None = None
    source_title: str = ""
    source_sha256: str | None = None
    take_indices: tuple[int, ...] = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlan:
    """What is known of a take before it sounds. ``lyrics`` is empty where nothing is sung."""

    take_index: int
    title: str
    style: str
    lyrics: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A finished take, still in memory.

    ``signal`` is the whole take (for a continuation: the joined song, whose samples before
    ``joined_at_s`` minus the crossfade are those of the source), ``new_part`` the new music alone,
    ``stems`` (where the request asks for them and there are any) sum to the mix before its master,
    ``source`` tells readers of the files how the take came to be,
    ``key`` reads "A minor", ``loudness_lufs`` is integrated (ITU-R BS.1770) over ``signal``. ``brief``
    and ``score`` are there where the engine composes: how the take was made; ``quoted`` where it continues
    with the sound of the source.
    """

    plan: TakePlan
    signal: Signal
    seed: int
    bpm: float | None
    key: str | None
    loudness_lufs: float
    new_part: Signal | None = None
    joined_at_s: float | None = None
    lines: tuple[LyricLine, ...] = ()
    stems: Mapping[str, Signal] = field(default_factory=dict)
    honoured: Mapping[str, Honoured] = field(default_factory=dict)
    brief: Brief | None = None
    score: Score | None = None
    source: DigitalSource = DigitalSource.ALGORITHMIC
    quoted: tuple[Quoted, ...] = ()


class Listener(Protocol):
    """Who watches a rendering: the worker's child, the command line, a test."""

    def planned(self, plan: TakePlan) -> None:
        """Hear that title, style and words of a take are decided."""
        ...

    def progress(self, stage: str, fraction: float) -> None:
        """Hear how far the whole order is: stage name and 0 to 1, never going back."""
        ...

    def preview(self, take_index: int, chunk: Signal) -> None:
        """Hear the next seconds of a take while the rest is being made (in order, gapless)."""
        ...

    def should_stop(self) -> bool:
        """Answer whether the caller cancelled; asked at least twice per CPU second."""
        ...


class Engine(Protocol):
    """Makes takes. Raises ``SourceUnusable``, ``GenerationFailed`` or ``Stopped``."""

    @property
    def name(self) -> str:
        """Name as in ``CADENZA_ENGINE``."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same order may give other bytes."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What this engine can do."""
        ...

    def render(self, order: Order, listener: Listener) -> Iterator[Rendition]:
        """Yield the asked takes in the order of ``order.take_indices`` as each is finished."""
        ...
