"""One task, from the queue to its published takes.

Everything here may be done twice: by another worker after this one was killed, or by this one after it
was taken for dead. Each write carries the attempt, and a write of an older attempt changes nothing.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cadenza import crash
from cadenza.audio.children import Nursery
from cadenza.domain.errors import CadenzaError, GenerationFailed, SourceUnusable, Stopped, Unavailable
from cadenza.domain.ids import new_take_id
from cadenza.domain.task import Failure, FailureKind, Operation, TaskView
from cadenza.domain.tiers import TIERS
from cadenza.publish.port import Media
from cadenza.tasks.life import Life
from cadenza.tasks.ports import Store
from cadenza.tasks.records import Attempt
from cadenza.worker.observe import Observer, WatchedAttempt
from cadenza.worker.order import ChildOrder, stream_path
from cadenza.worker.patience import patiently
from cadenza.worker.process import ChildLost, RenderChildren
from cadenza.worker.publishing import Publishing
from cadenza.worker.source import SourceFiles
from cadenza.worker.words import BuiltIn, Lyricist, write_words

_log = structlog.get_logger()

_UNEXPECTED = "The server met an unexpected error while it made this task."


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRunner:
    """Renders tasks for one worker."""

    store: Store
    life: Life
    sources: SourceFiles
    media: Media
    children: RenderChildren
    worker_id: str
    scratch_folder: Path
    streams_folder: Path
    limit_s: float
    nursery: Nursery
    observer: Observer = field(default_factory=Observer)
    lyricist: Lyricist = field(default_factory=BuiltIn)

    def run(self, task_id: str) -> None:
        """Do all that is left to do for a task; return when it is final or no longer ours."""
        patiently(lambda: self._run(task_id))
        self.children.prepare()  # not earlier: beside the one that renders it would cost time and memory
        crash.here("after_end")

    def _run(self, task_id: str) -> None:
        def begin() -> tuple[TaskView, Attempt] | None:
            return self.store.write(lambda books: self.life.begin(books, task_id, worker_id=self.worker_id))

        while (begun := begin()) and self._is_lost(*begun):
            pass
        self._clear_streams(task_id)

    def _is_lost(self, view: TaskView, attempt: Attempt) -> bool:
        """Make one attempt; return whether its render child was killed, and the task is to be begun again."""
        crash.here("after_begin")
        log = _log.bind(task_id=view.id, attempt=attempt.number, request_id=view.request_id)
        try:
            if view.operation is Operation.LYRICS:
                with self.observer.attempt(view, attempt):
                    write_words(self.store, self.life, self.lyricist, view, attempt)
            else:
                with self._folder(attempt) as folder, self.observer.attempt(view, attempt) as watched:
                    self._render(view, attempt, folder, watched)
            log.info("task_rendered")
        except Stopped:
            log.info("task_stopped")
        except ChildLost:
            log.warning("child_lost")
            # Counted like the loss of a worker: a task under which everything dies is given up in the end.
            self.store.write(lambda books: books.tasks.count_losses(self.worker_id))
            return True
        except (SourceUnusable, GenerationFailed) as error:
            log.warning("task_failed", reason=str(error))
            self._fail(attempt, error)
        except Unavailable:
            raise
        except Exception:
            # A full disk, a mistake of ours: a task that nobody ends would hold its credits for ever.
            log.exception("task_failed")
            self._fail(attempt, GenerationFailed(_UNEXPECTED))
        return False

    def _render(self, view: TaskView, attempt: Attempt, folder: Path, watched: WatchedAttempt) -> None:
        order = self._order(view, attempt, folder)
        published = Publishing(self.store, self.life, self.media, view, attempt, order)
        lost = _Glance(lambda: not self.store.read(lambda books: books.tasks.is_current(attempt)))
        events = self.children.run(
            order,
            limit_s=self.limit_s,
            should_stop=lambda: not published.is_complete and lost(),
        )
        with closing(events):
            for event in events:
                watched.hear(event)
                published.hear(event)
        published.finish()

    def _clear_streams(self, task_id: str) -> None:
        """Remove what a task that has ended left half heard; those who listen hear it out."""
        view = self.store.read(lambda books: books.tasks.view(task_id))
        if view is not None and view.state.is_final:
            for take in view.takes:
                stream_path(self.streams_folder, take.id).unlink(missing_ok=True)

    def _order(self, view: TaskView, attempt: Attempt, folder: Path) -> ChildOrder:
        known = {take.index: take for take in view.takes}
        missing = [
            index
            for index in range(view.request.take_count)
            if index not in known or not known[index].is_ready
        ]
        take_ids = {index: known[index].id if index in known else new_take_id() for index in missing}
        for take_id in take_ids.values():  # what an attempt that was killed has left
            stream_path(self.streams_folder, take_id).unlink(missing_ok=True)
        tier = TIERS[view.request.tier]
        self.store.write(lambda books: self.life.progressed(books, attempt, "source", 0.0))
        source = self.sources.fetch(view, folder)
        crash.here("after_source")
        return ChildOrder(
            engine=view.engine,
            request=view.request,
            source_path=None if source is None else source.path,
            source_title="" if source is None else source.title,
            source_sha256=None if source is None else source.sha256,
            longest_source_s=tier.longest_source_s
            if view.parent_take_id is None
            else 2 * tier.longest_song_s,
            take_ids=take_ids,
            folder=folder,
            streams_folder=self.streams_folder,
            nursery=None if source is None else self.nursery.door(),
        )

    def _fail(self, attempt: Attempt, error: CadenzaError) -> None:
        is_source = isinstance(error, SourceUnusable)
        kind = FailureKind.SOURCE_UNUSABLE if is_source else FailureKind.GENERATION_FAILED
        failure = Failure(kind=kind, reason=str(error))
        self.store.write(lambda books: self.life.fail(books, attempt, failure))

    @contextmanager
    def _folder(self, attempt: Attempt) -> Iterator[Path]:
        for earlier in range(1, attempt.number):  # what ended workers have left
            shutil.rmtree(self.scratch_folder / f"{attempt.task_id}-{earlier}", ignore_errors=True)
        folder = self.scratch_folder / f"{attempt.task_id}-{attempt.number}"
        folder.mkdir(parents=True, exist_ok=True)
        self.streams_folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _Glance:
    """A question that costs a query, asked at most once in a while."""

    def __init__(self, question: Callable[[], bool], *, every_s: float = 0.25) -> None:
        self._question = question
        self._every_s = every_s
        self._next_s = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._next_s:
            return False
        self._next_s = time.monotonic() + self._every_s
        return self._question()
