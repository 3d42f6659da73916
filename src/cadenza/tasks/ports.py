"""What the life of a task needs from a store: one transaction's worth of books.

A ``Books`` belongs to one open transaction. Everything written through it commits together or not
at all: task row, hold, job, event and callback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from cadenza.domain.abilities import Honoured
from cadenza.domain.credits import EntryKind, LedgerEntry
from cadenza.domain.task import (
    Accepted,
    Failure,
    TaskState,
    TaskView,
)
from cadenza.tasks.keys import KeyBook, Limits
from cadenza.tasks.load import LoadBook
from cadenza.tasks.records import (
    Account,
    Attempt,
    CallbackAttempt,
    CallbackRecord,
    Census,
    EventRecord,
    StoredFile,
    TakeResult,
    TakeText,
    Upload,
)
from cadenza.tasks.replies import ReplyBook
from cadenza.tasks.retention import RetentionBook
from cadenza.tasks.tallies import TallyBook

T = TypeVar("T")


class LedgerBook(Protocol):
    """Append-only entries; the balance is their sum."""

    def balance(self, account_id: str) -> int:
        """Return the account's credits that can be spent."""
        ...

    def append(
        self, account_id: str, kind: EntryKind, credits: int, *, task_id: str | None, note: str
    ) -> bool:
        """Append an entry.

        Returns False, and writes nothing, where the task has such an entry or is settled already.
        Raises ``InsufficientCredits`` where a hold would make the balance negative, and ``Malformed`` for
        anything but a whole, positive number of credits that the account can hold.
        """
        ...

    def history(self, account_id: str, *, limit: int) -> Sequence[LedgerEntry]:
        """Return the newest entries first."""
        ...


class TaskBook(LoadBook, Protocol):
    """Tasks and their takes."""

    def add(  # noqa: PLR0913 - a row has that much
        self,
        task_id: str,
        account_id: str,
        accepted: Accepted,
        *,
        credits: int,
        engine: str,
        parent_take_id: str | None,
        turn: int = 0,
        request_id: str | None = None,
        key_id: str | None = None,
    ) -> TaskView:
        """Insert a queued task; ``key_id`` is the key that asked for it."""
        ...

    def view(self, task_id: str, *, account_id: str | None = None) -> TaskView | None:
        """Return one task, or None where there is none or it belongs to someone else."""
        ...

    def version(self, task_id: str, *, account_id: str) -> tuple[int, int | None] | None:
        """Return the number of the task's last change and its place in the queue; None as in ``view``."""
        ...

    def changes(self, task_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the number of the last change of each of these tasks."""
        ...

    def next_turn(self, account_id: str) -> int:
        """Return the turn of the account's next task: workers take the lowest first."""
        ...

    def list(
        self, account_id: str, *, limit: int, before: tuple[int, str] | None, state: TaskState | None
    ) -> Sequence[TaskView]:
        """Return the account's tasks, newest first; ``before`` is (accepted_at_ms, id) of the last seen."""
        ...

    def begin_attempt(self, task_id: str, *, worker_id: str) -> Attempt | None:
        """Take a task that is not final: count the attempt and void earlier ones."""
        ...

    def count_losses(self, worker_id: str) -> int:
        """Count one loss for each unfinished task of a dead worker, once; return how many there were."""
        ...

    def is_current(self, attempt: Attempt) -> bool:
        """Answer whether the attempt may still work on its task."""
        ...

    def move(
        self,
        task_id: str,
        state: TaskState,
        *,
        attempt: Attempt | None = None,
        failure: Failure | None = None,
    ) -> bool:
        """Move to a state that ``MOVES`` allows from the present one; False where it may not."""
        ...

    def note_progress(self, attempt: Attempt, stage: str, fraction: float) -> bool:
        """Record how far the attempt is."""
        ...

    def note_honoured(self, attempt: Attempt, honoured: Mapping[str, Honoured]) -> None:
        """Record what became of each request field."""
        ...

    def add_take(self, attempt: Attempt, text: TakeText) -> None:
        """Insert a take that is not ready; nothing where it exists."""
        ...

    def finish_take(self, attempt: Attempt, result: TakeResult, *, expires_at: datetime) -> int:
        """Mark a take ready with its files; return how many takes of the task are ready now."""
        ...

    def take_file(self, take_id: str, kind: str) -> StoredFile | None:
        """Return a take's file by kind."""
        ...

    def take_length_s(self, take_id: str) -> float | None:
        """Return how long a finished take is, whoever owns it; None where there is none."""
        ...

    def take_owner(self, take_id: str, *, account_id: str) -> tuple[str, int] | None:
        """Return (task id, take index) of the account's take."""
        ...

    def is_take_coming(self, take_id: str) -> bool:
        """Answer whether a take is known and its task has not ended."""
        ...

    def record_event(self, task_id: str, kind: str, data: Mapping[str, Any]) -> int:
        """Append an event and return its number."""
        ...

    def events(self, task_id: str, *, after: int) -> Sequence[EventRecord]:
        """Return the events with a larger number, in order."""
        ...


class UploadBook(Protocol):
    """Recordings that callers left here."""

    def put(self, upload: Upload) -> Upload:
        """Insert, or overwrite the one of the same path and name (the id of the first is kept)."""
        ...

    def find(self, upload_id: str, *, account_id: str | None = None) -> Upload | None:
        """Return one upload."""
        ...


class CallbackBook(Protocol):
    """The outbox."""

    def add(self, record: CallbackRecord) -> bool:
        """Insert; False where the task has told this stage already."""
        ...

    def find(self, callback_id: str) -> CallbackRecord | None:
        """Return one record."""
        ...

    def lock(self, callback_id: str) -> CallbackRecord | None:
        """Return one record, which nobody else changes before the end of this transaction."""
        ...

    def is_anyone_in_front(self, task_id: str) -> bool:
        """Answer whether a callback of the task is still before the end of its first attempt.

        That end is not recorded before the end of this transaction.
        """
        ...

    def next_untried(self, task_id: str) -> CallbackRecord | None:
        """Return the waiting callback of the task's earliest stage that had no attempt."""
        ...

    def begin_attempt(self, callback_id: str, attempt: int) -> datetime | None:
        """Record that an attempt begins now; where it had begun before, return when, and change nothing."""
        ...

    def note_attempt(
        self,
        callback_id: str,
        attempt: int,
        *,
        state: str,
        status: int | None,
        reason: str | None,
        elapsed_ms: int | None,
        next_at: datetime | None,
    ) -> bool:
        """Record how attempt ``attempt`` ended; False where that was recorded before."""
        ...

    def settle_disabled(self, callback_id: str) -> None:
        """Record that a waiting callback is not sent, because its endpoint is disabled."""
        ...

    def reopen(self, callback_id: str) -> int | None:
        """Put a settled callback to redelivery; return its number of attempts, None where it is unsettled."""
        ...

    def disable(self, account_id: str, url: str) -> None:
        """Record that an endpoint of this account wants nothing any more."""
        ...

    def enable(self, account_id: str, url: str) -> None:
        """Record that an endpoint takes callbacks again."""
        ...

    def is_disabled(self, account_id: str, url: str) -> bool:
        """Answer whether an endpoint of this account is disabled."""
        ...

    def for_task(self, task_id: str, *, account_id: str) -> Sequence[CallbackRecord]:
        """Return the task's callbacks in the order of their creation."""
        ...

    def recent(self, *, task_id: str | None, is_failed: bool, limit: int) -> Sequence[CallbackRecord]:
        """Return the newest callbacks of all accounts first: of one task, or those given up or disabled."""
        ...

    def attempts(self, callback_ids: Sequence[str]) -> Mapping[str, Sequence[CallbackAttempt]]:
        """Return the attempts at each of these callbacks, in their order."""
        ...


class AccountBook(KeyBook, Protocol):
    """Accounts and keys."""

    def add(self, account: Account) -> None:
        """Insert an account."""
        ...

    def find(self, account_id: str) -> Account | None:
        """Return one account."""
        ...

    def by_name(self, name: str) -> Account | None:
        """Return the account of this name."""
        ...

    def all(self) -> Sequence[Account]:
        """Return all accounts, oldest first."""
        ...

    def lock_names(self) -> None:
        """Let nobody else add an account until this transaction ends."""
        ...

    def set_limits(self, account_id: str, limits: Limits) -> None:
        """Replace what an account may have."""
        ...

    def rotate_secret(self, account_id: str, secret: str, *, until: datetime) -> None:
        """Make ``secret`` the account's signing secret; the present one stays valid until ``until``."""
        ...

    def lock(self, account_id: str) -> None:
        """Let no other transaction write for the account until this one ends."""
        ...


class WorkerBook(Protocol):
    """Who works, and when each was last heard of."""

    def beat(self, worker_id: str, *, host: str, pid: int) -> None:
        """Record that a worker is alive."""
        ...

    def leave(self, worker_id: str) -> None:
        """Record that a worker is gone and that nothing of its is left to pick up."""
        ...

    def live_count(self) -> int:
        """Return how many workers count as live."""
        ...

    def silent(self, *, since: datetime) -> Sequence[tuple[str, str, int]]:
        """Return (id, host, pid) of the workers that count as live and were not heard of since."""
        ...


class JobBook(Protocol):
    """Durable work, enqueued in the same transaction as what it is for."""

    def render(self, task_id: str, *, turn: int) -> None:
        """Enqueue the rendering of a task; the lowest turn is served first."""
        ...

    def deliver(
        self, callback_id: str, attempt: int, *, lane: str, delay_s: float, is_slow: bool = False
    ) -> None:
        """Enqueue one delivery attempt; attempts of one lane run one after another.

        ``is_slow``: the receiver keeps workers waiting, and is served beside those that do not.
        """
        ...


class Books(Protocol):
    """All books of one transaction."""

    @property
    def accounts(self) -> AccountBook:
        """Accounts and keys."""
        ...

    @property
    def ledger(self) -> LedgerBook:
        """Credits."""
        ...

    @property
    def tasks(self) -> TaskBook:
        """Tasks and takes."""
        ...

    @property
    def uploads(self) -> UploadBook:
        """Uploaded recordings."""
        ...

    @property
    def replies(self) -> ReplyBook:
        """Replies that a repeated request is given again."""
        ...

    @property
    def callbacks(self) -> CallbackBook:
        """The outbox."""
        ...

    def census(self) -> Census:
        """Count everything."""
        ...

    def credit_totals(self) -> Mapping[str, int]:
        """Return how many credits were moved, by kind of entry, over all accounts."""
        ...

    @property
    def workers(self) -> WorkerBook:
        """Who works."""
        ...

    @property
    def tallies(self) -> TallyBook:
        """What workers count."""
        ...

    @property
    def jobs(self) -> JobBook:
        """Durable work."""
        ...

    @property
    def retention(self) -> RetentionBook:
        """What is let go of."""
        ...


class Store(Protocol):
    """Runs functions on books, each in a transaction of its own."""

    def write(self, work: Callable[[Books], T]) -> T:
        """Run ``work`` in a transaction that writes; commit when it returns, undo when it raises."""
        ...

    def read(self, work: Callable[[Books], T]) -> T:
        """Run ``work`` in a transaction that only reads."""
        ...
