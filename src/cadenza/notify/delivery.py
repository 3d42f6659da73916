"""One attempt to deliver one callback, and the record of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cadenza.domain.clock import Clock
from cadenza.domain.task import CallbackStage, Dialect
from cadenza.notify.plan import Outcome
from cadenza.notify.signing import kie_headers, standard_headers
from cadenza.outbound.answers import Answer
from cadenza.outbound.client import CALLBACK_DEADLINE_S, Outbound


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEvent:
    """Something to tell a receiver, fixed in the transaction that made it true.

    ``id`` is the receiver's key for telling repeats apart and the same in every attempt; ``sequence``
    grows from event to event of a task, because a retry may arrive after a later stage; ``body`` is
    the JSON that the dialect's encoder wrote, and its bytes never change.
    """

    id: str
    task_id: str
    dialect: Dialect
    stage: CallbackStage
    sequence: int
    url: str
    body: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """What became of one attempt. Nothing of the receiver's reply but its status is kept."""

    event_id: str
    attempt: int
    started_at: datetime
    ended_at: datetime
    elapsed_ms: int
    outcome: Outcome

    @property
    def status(self) -> int | None:
        """The receiver's HTTP status, None where there was no answer."""
        return self.outcome.status if isinstance(self.outcome, Answer) else None

    @property
    def reason(self) -> str:
        """The class of failure where there was no answer ("timeout"), else ""."""
        return "" if isinstance(self.outcome, Answer) else self.outcome.reason.value


def deliver(
    event: CallbackEvent,
    secrets: Sequence[str],
    outbound: Outbound,
    clock: Clock,
    *,
    attempt: int,
    limit_s: float = CALLBACK_DEADLINE_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> AttemptRecord:
    """Post ``event`` once, signed anew, and return the record; never raises for the receiver's faults.

    ``secrets`` are the account's valid signing secrets, newest first. The answer must be complete
    within ``limit_s``.
    """
    started_at, started_s = clock.now(), monotonic()
    headers = callback_headers(event, secrets, started_at)
    outcome = outbound.post(event.url, event.body, headers, deadline_s=limit_s)
    return AttemptRecord(
        event_id=event.id,
        attempt=attempt,
        started_at=started_at,
        ended_at=clock.now(),
        elapsed_ms=round((monotonic() - started_s) * 1000),
        outcome=outcome,
    )


def callback_headers(event: CallbackEvent, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """Return all headers of one attempt at the moment ``at``."""
    headers = {
        "content-type": "application/json",
        "x-cadenza-sequence": str(event.sequence),
        **standard_headers(event.id, event.body, at, secrets),
    }
    if event.dialect is Dialect.SUNOAPI:
        headers |= kie_headers(event.task_id, at, secrets)
    return headers
