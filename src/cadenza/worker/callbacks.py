"""One attempt at one callback, from its row to its row.

An attempt is recorded before the request leaves and again when it has ended, so that each attempt number
is used for one request at most. Whoever finds an attempt under way waits; when the limit of a request is
long over, whoever made it is gone, and the next attempt is made: delivered twice perhaps, lost never.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from cadenza import crash
from cadenza.domain.clock import Clock
from cadenza.domain.errors import Unavailable
from cadenza.notify.delivery import AttemptRecord, CallbackEvent, deliver
from cadenza.notify.plan import Decision, Delivered, Disabled, GaveUp, RetryAt, after_attempt
from cadenza.outbound.client import CALLBACK_DEADLINE_S, Outbound
from cadenza.tasks.ports import Books, Store
from cadenza.tasks.records import Account, CallbackRecord
from cadenza.worker.lanes import SlowLanes, lane_of
from cadenza.worker.observe import Observer
from cadenza.worker.patience import patiently

_log = structlog.get_logger()
# An attempt that has not ended after this time never will.
_LOST_AFTER_S = 2 * CALLBACK_DEADLINE_S
_INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRunner:
    """Delivers callbacks for one worker."""

    store: Store
    outbound: Outbound
    clock: Clock
    wait: Callable[[float], None] = time.sleep
    slow_lanes: SlowLanes = field(default_factory=SlowLanes)
    observer: Observer = field(default_factory=Observer)

    def run(self, callback_id: str, attempt: int, *, is_slow: bool = False) -> None:
        """Make attempt number ``attempt``, record it, and enqueue the next in the same transaction.

        Where the receiver is known to be slow and the job did not come from the queue for those
        (``is_slow``), it is put there instead.
        """
        claimed: list[tuple[CallbackRecord, Account]] = []

        def claim() -> None:
            found = self.store.write(lambda books: self._claim(books, callback_id, attempt, is_slow=is_slow))
            claimed.extend([] if found is None else [found])

        patiently(claim, wait=self.wait)
        for record, account in claimed:
            crash.here("before_delivery")
            secrets = account.signing_secrets(self.clock.now())
            made = deliver(_event(record), secrets, self.outbound, self.clock, attempt=attempt)
            crash.here("after_delivery_200")
            self.slow_lanes.note(lane_of(record.url), elapsed_s=made.elapsed_ms / 1000)
            _tell(record, made)
            patiently(lambda: self.store.write(lambda books: self._note(books, record, made)), wait=self.wait)  # noqa: B023 - run at once
            self.observer.delivered(record, made, _state(_decision(record, made)))

    def _claim(
        self, books: Books, callback_id: str, attempt: int, *, is_slow: bool
    ) -> tuple[CallbackRecord, Account] | None:
        """Begin the attempt; None where nothing is to do. Raises ``Unavailable`` while another is at it."""
        record = books.callbacks.lock(callback_id)
        if record is None or record.attempt != attempt - 1 or not _is_due(record):
            return None
        if record.state == "waiting" and books.callbacks.is_disabled(record.account_id, record.url):
            books.callbacks.settle_disabled(callback_id)
            _let_the_next_go(books, record)
            return None
        if not is_slow and (lane := lane_of(record.url)) in self.slow_lanes:
            books.jobs.deliver(callback_id, attempt, lane=lane, delay_s=0, is_slow=True)
            return None
        begun_at = books.callbacks.begin_attempt(callback_id, attempt)
        if begun_at is not None:
            if (self.clock.now() - begun_at).total_seconds() < _LOST_AFTER_S:
                raise Unavailable("This attempt is under way elsewhere.")
            self._give_up_on(books, record, attempt)
            return None
        account = books.accounts.find(record.account_id)
        assert account is not None, "a callback belongs to an account"
        return record, account

    def _give_up_on(self, books: Books, record: CallbackRecord, attempt: int) -> None:
        """Close an attempt whose worker is gone, and go on with the next at once."""
        now = self.clock.now()
        books.callbacks.note_attempt(
            record.id,
            attempt,
            state=record.state,
            status=None,
            reason=_INTERRUPTED,
            elapsed_ms=None,
            next_at=now,
        )
        books.jobs.deliver(record.id, attempt + 1, lane=lane_of(record.url), delay_s=0)
        _let_the_next_go(books, record)

    def _note(self, books: Books, record: CallbackRecord, made: AttemptRecord) -> None:
        decision = _decision(record, made)
        next_at = decision.at if isinstance(decision, RetryAt) else None
        noted = books.callbacks.note_attempt(
            record.id,
            made.attempt,
            state=_state(decision),
            status=made.status,
            reason=made.reason or None,
            elapsed_ms=made.elapsed_ms,
            next_at=next_at,
        )
        if isinstance(decision, Delivered):
            books.callbacks.enable(record.account_id, record.url)
        elif isinstance(decision, Disabled):
            books.callbacks.disable(record.account_id, record.url)
        if noted and next_at is not None:
            delay_s = max(0.0, (next_at - made.ended_at).total_seconds())
            books.jobs.deliver(record.id, made.attempt + 1, lane=lane_of(record.url), delay_s=delay_s)
        if noted:
            _let_the_next_go(books, record)
        crash.here("before_delivery_commit")


def _let_the_next_go(books: Books, record: CallbackRecord) -> None:
    """Send the task's next stage where it waited in line behind the first attempt at ``record``."""
    if record.attempt == 0 and (behind := books.callbacks.next_untried(record.task_id)) is not None:
        books.jobs.deliver(behind.id, 1, lane=lane_of(behind.url), delay_s=0)


def _is_due(record: CallbackRecord) -> bool:
    return record.state in ("waiting", "redelivering")


def _decision(record: CallbackRecord, made: AttemptRecord) -> Decision:
    """Return what follows an attempt; a redelivery is one attempt, so its failure ends it."""
    decision = after_attempt(made.attempt, made.outcome, made.ended_at, event_id=record.id)
    is_by_hand = record.state == "redelivering"
    return GaveUp() if is_by_hand and isinstance(decision, RetryAt) else decision


def _state(decision: Decision) -> str:
    match decision:
        case Delivered():
            return "delivered"
        case Disabled():
            return "disabled"
        case RetryAt():
            return "waiting"
        case GaveUp():
            return "gave_up"


def _tell(record: CallbackRecord, made: AttemptRecord) -> None:
    _log.info(
        "callback_attempted",
        callback_id=record.id,
        task_id=record.task_id,
        attempt=made.attempt,
        status=made.status,
        reason=made.reason,
    )


def _event(record: CallbackRecord) -> CallbackEvent:
    return CallbackEvent(
        id=record.id,
        task_id=record.task_id,
        dialect=record.dialect,
        stage=record.stage,
        sequence=record.stage.sequence,
        url=record.url,
        body=record.body,
        recorded_at=record.created_at,
    )
