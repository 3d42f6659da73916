"""What a worker tells operators of its work: numbers for the sums, spans for a collector."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import structlog

from cadenza.domain.clock import Clock, SystemClock
from cadenza.domain.errors import GenerationFailed, SourceUnusable, Stopped
from cadenza.domain.task import TaskView
from cadenza.notify.delivery import AttemptRecord
from cadenza.notify.verifying import TOLERANCE
from cadenza.outbound.answers import Answer
from cadenza.tasks.records import Attempt, CallbackRecord
from cadenza.tasks.tallies import (
    ATTEMPTS_ENDED,
    CALLBACK_ATTEMPTS,
    CALLBACK_LAG,
    RECEIVER_CLOCKS,
    STAGE_SECONDS,
    SWEPT,
)
from cadenza.telemetry import Place, Silence, Span, Tracer, in_task, within
from cadenza.worker.order import ChildEvent, Progressed
from cadenza.worker.tally import Tally

_log = structlog.get_logger()
_FIRST_STAGE: Final = "source"
# Receivers refuse at the tolerance; whoever looks after the server is to know before.
_WARNED_AT: Final = TOLERANCE / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Hears of everything that a worker does."""

    tally: Tally = field(default_factory=Tally)
    tracer: Tracer = field(default_factory=Silence)
    clock: Clock = field(default_factory=SystemClock)

    def attempt(self, view: TaskView, attempt: Attempt) -> WatchedAttempt:
        """Return what watches one attempt at a task, from entering it to leaving it."""
        return WatchedAttempt(self, view, attempt)

    def delivered(self, record: CallbackRecord, made: AttemptRecord, outcome: str) -> None:
        """Hear of one attempt to deliver a callback: ``outcome`` is the state after it."""
        self.tally.count(CALLBACK_ATTEMPTS, outcome)
        if made.attempt == 1:
            lag_s = (made.ended_at - record.created_at).total_seconds()
            self.tally.time(CALLBACK_LAG, seconds=max(0.0, lag_s))
        self._compare_clocks(made)
        if self.tracer.is_on:
            parent = in_task(record.task_id, "accept")
            self.tracer.tell(
                Span(
                    name=f"callback {record.stage.value}",
                    place=within(parent),
                    parent=parent,
                    began_at=made.started_at,
                    ended_at=made.ended_at,
                    attributes={"attempt": made.attempt, "status": made.status or 0, "reason": made.reason},
                    is_failed=outcome != "delivered",
                )
            )

    def swept(self, amounts: dict[str, int]) -> None:
        """Hear of what a sweep has cleared away."""
        for what, amount in amounts.items():
            self.tally.count(SWEPT, what, amount=amount)

    def _compare_clocks(self, made: AttemptRecord) -> None:
        told_at = made.outcome.told_at if isinstance(made.outcome, Answer) else None
        if told_at is None:
            return
        off_s = (told_at - made.ended_at).total_seconds()
        differs = abs(off_s) > _WARNED_AT.total_seconds()
        self.tally.count(RECEIVER_CLOCKS, "differs" if differs else "agrees")
        if differs:
            _log.warning("clocks_differ", receiver_ahead_s=round(off_s), callback_id=made.event_id)


class WatchedAttempt:
    """One attempt: its stages as they follow each other, and how it ended."""

    def __init__(self, observer: Observer, view: TaskView, attempt: Attempt) -> None:
        self._observer = observer
        self._view = view
        self._attempt = attempt
        self._place = in_task(view.id, f"attempt {attempt.number}")

    def __enter__(self) -> Self:
        self._began_at = self._stage_began_at = self._observer.clock.now()
        self._stage = _FIRST_STAGE
        return self

    def hear(self, event: ChildEvent) -> None:
        """Notice where one stage ends and the next begins."""
        if isinstance(event, Progressed) and event.stage != self._stage:
            self._end_stage(self._observer.clock.now())
            self._stage = event.stage

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        now, outcome = self._observer.clock.now(), _outcome(kind)
        self._end_stage(now)
        self._observer.tally.count(ATTEMPTS_ENDED, self._view.engine, outcome)
        accepted = in_task(self._view.id, "accept")
        if self._attempt.number == 1:
            queued = in_task(self._view.id, "queue")
            self._tell("queue", queued, accepted, self._view.accepted_at, self._began_at)
        is_failed = outcome not in ("rendered", "stopped")
        self._tell("attempt", self._place, accepted, self._began_at, now, is_failed=is_failed)

    def _end_stage(self, now: dt.datetime) -> None:
        began_at, self._stage_began_at = self._stage_began_at, now
        seconds = max(0.0, (now - began_at).total_seconds())
        self._observer.tally.time(STAGE_SECONDS, self._view.engine, self._stage, seconds=seconds)
        self._tell(self._stage, within(self._place), self._place, began_at, now)

    def _tell(
        self,
        name: str,
        place: Place,
        parent: Place,
        began_at: dt.datetime,
        ended_at: dt.datetime,
        *,
        is_failed: bool = False,
    ) -> None:
        self._observer.tracer.tell(
            Span(
                name=name,
                place=place,
                parent=parent,
                began_at=began_at,
                ended_at=ended_at,
                attributes={"task_id": self._view.id, "attempt": self._attempt.number},
                is_failed=is_failed,
            )
        )


def _outcome(kind: type[BaseException] | None) -> str:
    if kind is None:
        return "rendered"
    for known, word in (
        (Stopped, "stopped"),
        (SourceUnusable, "source_unusable"),
        (GenerationFailed, "generation_failed"),
    ):
        if issubclass(kind, known):
            return word
    return "broken"
