"""How long files are kept: what owners may say about it, and the book in which it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cadenza.domain.clock import Clock
from cadenza.domain.errors import Conflict, Gone, NotFound
from cadenza.domain.task import PINNED_UNTIL, TaskView

if TYPE_CHECKING:  # the ports name this book
    from cadenza.tasks.ports import Books

# Files whose pin is taken away are kept at least so long, or nobody could fetch them first.
_LEAST_AFTER_UNPIN = dt.timedelta(days=1)


class RetentionBook(Protocol):
    """What is let go of. A file's row stays when the file goes."""

    def claim(self, chore: str, *, every: dt.timedelta) -> bool:
        """Take a chore that nobody has taken within ``every``; True for one of those who ask at once."""
        ...

    def expire_files(self, *, limit: int) -> Sequence[str]:
        """Let go of files whose time is over; return at most ``limit`` digests, none when all are done."""
        ...

    def used(self, digests: Collection[str]) -> frozenset[str]:
        """Return those of the digests that some take or upload still refers to."""
        ...

    def delete_files(self, task_id: str) -> Sequence[str]:
        """Let go of all files of a task now; return their digests."""
        ...

    def delete_upload(self, upload_id: str) -> str | None:
        """Let go of an upload's file now; return its digest, None where it is gone already."""
        ...

    def keep_files(self, task_id: str, *, until: dt.datetime) -> int:
        """Keep what a task still has until a moment; return how many files that are."""
        ...

    def unfinished(self, task_ids: Collection[str]) -> frozenset[str]:
        """Return those of the tasks that have not ended."""
        ...

    def coming(self, take_ids: Collection[str]) -> frozenset[str]:
        """Return those of the takes whose task has not ended."""
        ...

    def forget(self, *, before: dt.datetime, limit: int) -> int:
        """Delete steps of progress and workers that left, older than ``before``; return how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What owners may do with their files, each to be run inside ``Store.write``."""

    clock: Clock
    retention: dt.timedelta

    def delete_task(self, books: Books, task_id: str, *, account_id: str) -> tuple[TaskView, Sequence[str]]:
        """Let go of the files of a task that has ended; return it, and the digests of the files.

        Raises
        ------
        NotFound
            There is no such task of this account.
        Conflict
            The task has not ended.
        """
        self._ended(books, task_id, account_id=account_id)
        digests = books.retention.delete_files(task_id)
        if digests:
            books.tasks.record_event(task_id, "files_deleted", {})
        return self._ended(books, task_id, account_id=account_id), digests

    def delete_upload(self, books: Books, upload_id: str, *, account_id: str) -> Sequence[str]:
        """Let go of an upload's file; return its digest, nothing if it was gone. Raises ``NotFound``."""
        if books.uploads.find(upload_id, account_id=account_id) is None:
            raise NotFound("upload")
        digest = books.retention.delete_upload(upload_id)
        return [] if digest is None else [digest]

    def pin(self, books: Books, task_id: str, *, account_id: str, is_pinned: bool) -> TaskView:
        """Keep the files of a task that has ended without end, or for their usual time again.

        Raises
        ------
        NotFound
            There is no such task of this account.
        Conflict
            The task has not ended, or never had files.
        Gone
            Its files are deleted.
        """
        view = self._ended(books, task_id, account_id=account_id)
        if not any(take.is_ready for take in view.takes):
            raise Conflict("The task has no files.")
        if view.is_pinned != is_pinned or view.are_files_gone(self.clock.now()):
            until = PINNED_UNTIL if is_pinned else self._usual_end(view)
            if books.retention.keep_files(task_id, until=until) == 0:
                raise Gone("task")
        return self._ended(books, task_id, account_id=account_id)

    def _usual_end(self, view: TaskView) -> dt.datetime:
        ended_at = view.finished_at or view.accepted_at
        return max(ended_at + self.retention, self.clock.now() + _LEAST_AFTER_UNPIN)

    @staticmethod
    def _ended(books: Books, task_id: str, *, account_id: str) -> TaskView:
        view = books.tasks.view(task_id, account_id=account_id)
        if view is None:
            raise NotFound("task")
        if not view.state.is_final:
            raise Conflict("The task has not ended; cancel it first.")
        return view
