"""How a task lives: every move is one transaction that writes the task, its credits, an event and a callback.

Credits move in two places: a hold is taken in ``intake.accept``; here it is captured or released.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cadenza import crash
from cadenza.domain.abilities import Honoured
from cadenza.domain.clock import Clock
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Conflict, NotFound
from cadenza.domain.ids import new_id
from cadenza.domain.task import CallbackStage, Failure, FailureKind, TaskState, TaskView
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Attempt, CallbackRecord, TakeResult, TakeText

# The body of a callback in the task's own dialect, or None where that dialect is silent at a stage.
CallbackBody = Callable[[TaskView, CallbackStage], bytes | None]
# Deliveries of one lane go one after another: a dead receiver delays only itself.
Lane = Callable[[str], str]

_TOO_OFTEN = "The task was tried {attempts} times and every worker ended without an answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The moves of a task, each to be run inside ``Store.write``."""

    clock: Clock
    callback_body: CallbackBody
    lane: Lane
    max_attempts: int
    retention: dt.timedelta

    def begin(self, books: Books, task_id: str, *, worker_id: str) -> tuple[TaskView, Attempt] | None:
        """Take up a task; None where there is nothing left to do.

        That is where it is final, or where so many workers died under it that it is taken for the cause.
        """
        attempt = books.tasks.begin_attempt(task_id, worker_id=worker_id)
        if attempt is None:
            return None
        if attempt.losses >= self.max_attempts:
            reason = _TOO_OFTEN.format(attempts=self.max_attempts)
            self.fail(books, attempt, Failure(kind=FailureKind.WORKER_LOST, reason=reason))
            return None
        if books.tasks.move(task_id, TaskState.RUNNING, attempt=attempt):
            books.tasks.record_event(task_id, "running", {"attempt": attempt.number})
        view = books.tasks.view(task_id)
        assert view is not None, "the task of an attempt exists"
        return view, attempt

    def progressed(self, books: Books, attempt: Attempt, stage: str, fraction: float) -> bool:
        """Record progress; False where the attempt has lost its task."""
        if not books.tasks.note_progress(attempt, stage, fraction):
            return False
        data = {"stage": stage, "fraction": round(fraction, 3)}
        books.tasks.record_event(attempt.task_id, "progress", data)
        return True

    def text_ready(self, books: Books, attempt: Attempt, texts: tuple[TakeText, ...]) -> bool:
        """Record title, style and words of the takes: the text stage."""
        if not books.tasks.is_current(attempt):
            return False
        for text in texts:
            books.tasks.add_take(attempt, text)
        if books.tasks.move(attempt.task_id, TaskState.TEXT_READY, attempt=attempt):
            self._tell(books, attempt.task_id, CallbackStage.TEXT)
        return True

    def take_ready(self, books: Books, attempt: Attempt, result: TakeResult) -> bool:
        """Publish one take: the first stage, or with the last one, complete; the hold is captured then."""
        if not books.tasks.is_current(attempt):
            return False
        expires_at = self.clock.now() + self.retention
        ready_count = books.tasks.finish_take(attempt, result, expires_at=expires_at)
        view = self._view(books, attempt.task_id)
        if ready_count < view.request.take_count:
            if books.tasks.move(view.id, TaskState.FIRST_READY, attempt=attempt):
                self._tell(books, view.id, CallbackStage.FIRST)
            return True
        if books.tasks.move(view.id, TaskState.COMPLETE, attempt=attempt):
            books.ledger.append(
                view.account_id, EntryKind.CAPTURE, view.credits, task_id=view.id, note="complete"
            )
            crash.here("after_capture")
            self._tell(books, view.id, CallbackStage.COMPLETE)
        return True

    def honoured(self, books: Books, attempt: Attempt, honoured: Mapping[str, Honoured]) -> None:
        """Record what became of each request field."""
        books.tasks.note_honoured(attempt, honoured)

    def fail(self, books: Books, attempt: Attempt, failure: Failure) -> bool:
        """End a task that cannot be done; the hold is released."""
        if not books.tasks.move(attempt.task_id, TaskState.FAILED, attempt=attempt, failure=failure):
            return False
        self._release(books, attempt.task_id, note=failure.kind.value)
        self._tell(books, attempt.task_id, CallbackStage.ERROR)
        return True

    def cancel(self, books: Books, task_id: str, *, account_id: str) -> TaskView:
        """End a task because its owner says so; the hold is released.

        Raises
        ------
        NotFound
            There is no such task of this account.
        Conflict
            The task has ended already.
        """
        if books.tasks.view(task_id, account_id=account_id) is None:
            raise NotFound("task")
        if not books.tasks.move(task_id, TaskState.CANCELLED):
            raise Conflict("The task has ended already.")
        self._release(books, task_id, note="cancelled")
        self._tell(books, task_id, CallbackStage.ERROR)
        return self._view(books, task_id)

    def redeliver(self, books: Books, callback_id: str, *, account_id: str | None = None) -> CallbackRecord:
        """Deliver a settled callback once more, by hand: one attempt, to a disabled endpoint too.

        ``account_id`` None is the operator, who may redeliver any.

        Raises
        ------
        NotFound
            There is no such callback of this account.
        Conflict
            It is still being delivered, by the plan or by hand.
        """
        found = books.callbacks.find(callback_id)
        if found is None or account_id not in (None, found.account_id):
            raise NotFound("callback")
        attempts_made = books.callbacks.reopen(callback_id)
        if attempts_made is None:
            raise Conflict("The callback is still being delivered.")
        books.jobs.deliver(callback_id, attempts_made + 1, lane=self.lane(found.url), delay_s=0)
        return replace(found, state="redelivering", attempt=attempts_made)

    def _release(self, books: Books, task_id: str, *, note: str) -> None:
        view = self._view(books, task_id)
        if books.ledger.append(view.account_id, EntryKind.RELEASE, view.credits, task_id=task_id, note=note):
            books.accounts.unspend(task_id, view.credits)
        crash.here("after_release")

    def _tell(self, books: Books, task_id: str, stage: CallbackStage) -> None:
        """Record the event for those who watch, and the callback for the one who asked for it.

        A callback is sent at once where no earlier one of the task is before the end of its first attempt;
        otherwise that end sends it. So only a failure changes the order in which a receiver hears of stages.
        """
        view = self._view(books, task_id)
        books.tasks.record_event(task_id, view.state.value, {})
        body = self.callback_body(view, stage) if view.callback_url else None
        if body is None or view.callback_url is None:
            return
        is_disabled = books.callbacks.is_disabled(view.account_id, view.callback_url)
        record = CallbackRecord(
            id=new_id("msg"),
            task_id=task_id,
            account_id=view.account_id,
            dialect=view.dialect,
            stage=stage,
            url=view.callback_url,
            body=body,
            state="disabled" if is_disabled else "waiting",
            attempt=0,
            last_status=None,
            last_reason=None,
            created_at=self.clock.now(),
        )
        is_first_in_line = not books.callbacks.is_anyone_in_front(task_id)
        if books.callbacks.add(record) and not is_disabled and is_first_in_line:
            books.jobs.deliver(record.id, 1, lane=self.lane(record.url), delay_s=0)

    @staticmethod
    def _view(books: Books, task_id: str) -> TaskView:
        view = books.tasks.view(task_id)
        assert view is not None, "a task is never deleted while it lives"
        return view
