"""Traces for those who run an OpenTelemetry collector. Without one, nothing of that library is loaded.

A task's id is 128 random bits in hex, which is what a trace's id is: the trace of a task has the id of the
task, and the ids of its few named spans follow from it. So nothing has to be carried along: API, workers and
whoever delivers a callback days later all know which trace, and which span in it, they go on from. Spans are
told when they are over, with the moments at which they began and ended.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_HEX: Final = re.compile(r"[0-9a-f]{32}")
_TRACES_PATH: Final = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Place:
    """Which span of which trace: 32 and 16 hex digits."""

    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took its time and is over."""

    name: str
    place: Place
    began_at: datetime
    ended_at: datetime
    parent: Place | None = None
    link: Place | None = None
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)
    is_failed: bool = False
    is_request: bool = False  # somebody outside waited for it


class Tracer(Protocol):
    """Takes spans."""

    @property
    def is_on(self) -> bool:
        """Whether anybody hears of them."""
        ...

    def tell(self, span: Span) -> None:
        """Tell one span; never blocks and never raises."""
        ...

    def close(self) -> None:
        """Send what has not been sent yet."""
        ...


class Silence:
    """The tracer of an installation without a collector."""

    is_on = False

    def tell(self, span: Span) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def in_task(task_id: str, name: str) -> Place:
    """Return the place of a task's span of this name, the same in every process."""
    trace_id = task_id if _HEX.fullmatch(task_id) else hashlib.sha256(task_id.encode()).hexdigest()[:32]
    return Place(trace_id, hashlib.sha256(f"{task_id}/{name}".encode()).hexdigest()[:16])


def within(parent: Place) -> Place:
    """Return a new place in the trace of ``parent``."""
    return Place(parent.trace_id, secrets.token_hex(8))


def anywhere() -> Place:
    """Return a new place in a new trace."""
    return Place(secrets.token_hex(16), secrets.token_hex(8))


def told_by(traceparent: str) -> Place | None:
    """Return the place that a caller's W3C ``traceparent`` header names; None where it is no such header."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or set(found[1]) == {"0"} or set(found[2]) == {"0"}:
        return None
    return Place(found[1], found[2])


def open_tracer(endpoint: str, *, process: str) -> Tracer:
    """Return the tracer that sends to the collector at ``endpoint``, an OTLP base URL; "": to nobody.

    Raises
    ------
    ModuleNotFoundError
        The extra ``telemetry`` is not installed.
    """
    if not endpoint:
        return Silence()
    from cadenza.telemetry.otlp import Otlp  # noqa: PLC0415 - an extra, loaded where it is asked for

    return Otlp(endpoint.rstrip("/") + _TRACES_PATH, process=process)
