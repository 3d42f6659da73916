"""One attempt at one callback, from its row to its row."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from cadenza.domain.clock import Clock
from cadenza.domain.task import CallbackStage
from cadenza.notify.delivery import AttemptRecord, CallbackEvent, deliver
from cadenza.notify.plan import Delivered, Disabled, RetryAt, after_attempt
from cadenza.outbound.client import Outbound
from cadenza.tasks.ports import Books, CallbackRecord, Store
from cadenza.worker.patience import patiently

_log = structlog.get_logger()
_SEQUENCE = {
    stage: number
    for number, stage in enumerate(
        (CallbackStage.TEXT, CallbackStage.FIRST, CallbackStage.COMPLETE, CallbackStage.ERROR), start=1
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRunner:
    """Delivers callbacks for one worker."""

    store: Store
    outbound: Outbound
    clock: Clock

    def run(self, callback_id: str, attempt: int) -> None:
        """Make attempt number ``attempt``, record it, and enqueue the next in the same transaction."""
        patiently(lambda: self._run(callback_id, attempt))

    def _run(self, callback_id: str, attempt: int) -> None:
        record = self.store.read(lambda books: books.callbacks.find(callback_id))
        if record is None or record.state != "waiting" or record.attempt != attempt - 1:
            return
        account = self.store.read(lambda books: books.accounts.find(record.account_id))
        assert account is not None, "a callback belongs to an account"
        made = deliver(_event(record), [account.webhook_secret], self.outbound, self.clock, attempt=attempt)
        _log.info(
            "callback_attempted",
            callback_id=callback_id,
            task_id=record.task_id,
            attempt=attempt,
            status=made.status,
            reason=made.reason,
        )
        self.store.write(lambda books: self._note(books, record, made))

    def _note(self, books: Books, record: CallbackRecord, made: AttemptRecord) -> None:
        decision = after_attempt(made.attempt, made.outcome, made.ended_at, event_id=record.id)
        match decision:
            case Delivered():
                state = "delivered"
            case Disabled():
                state = "disabled"
            case RetryAt():
                state = "waiting"
            case _:
                state = "gave_up"
        next_at = decision.at if isinstance(decision, RetryAt) else None
        noted = books.callbacks.note_attempt(
            record.id,
            made.attempt,
            state=state,
            status=made.status,
            reason=made.reason or None,
            next_at=next_at,
        )
        if noted and next_at is not None:
            delay_s = max(0.0, (next_at - made.ended_at).total_seconds())
            books.jobs.deliver(record.id, made.attempt + 1, lane=lane_of(record.url), delay_s=delay_s)


def lane_of(url: str) -> str:
    """Return the lane of a receiver: its host and port, so that a dead one delays only itself."""
    try:
        return (urlsplit(url).netloc.rpartition("@")[2] or "nowhere").lower()[:255]
    except ValueError:
        return "nowhere"


def _event(record: CallbackRecord) -> CallbackEvent:
    return CallbackEvent(
        id=record.id,
        task_id=record.task_id,
        dialect=record.dialect,
        stage=record.stage,
        sequence=_SEQUENCE[record.stage],
        url=record.url,
        body=record.body,
        recorded_at=record.created_at,
    )
