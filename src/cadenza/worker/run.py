"""One task, from the queue to its published takes.

Everything here may be done twice: by another worker after this one was killed, or by this one after it
was taken for dead. Each write carries the attempt, and a write of an older attempt changes nothing.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from cadenza.domain.errors import CadenzaError, GenerationFailed, SourceUnusable, Stopped, Unavailable
from cadenza.domain.ids import new_take_id
from cadenza.domain.request import Described, Inherited, Specified
from cadenza.domain.task import Failure, FailureKind, TaskView
from cadenza.domain.tiers import TIERS
from cadenza.publish.store import MediaStore
from cadenza.tasks.life import Life
from cadenza.tasks.ports import Attempt, Store, TakeResult, TakeText
from cadenza.worker.order import Broke, ChildEvent, ChildOrder, Planned, Progressed, TakeRendered
from cadenza.worker.patience import patiently
from cadenza.worker.process import run_child
from cadenza.worker.source import SourceFiles

_log = structlog.get_logger()

# Progress is written at most this often: each write is a commit.
_PROGRESS_EVERY_S = 0.5
_UNEXPECTED = "The server met an unexpected error while it made this task."


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRunner:
    """Renders tasks for one worker."""

    store: Store
    life: Life
    sources: SourceFiles
    media: MediaStore
    child_command: Sequence[str]
    worker_id: str
    scratch_folder: Path
    streams_folder: Path
    limit_s: float

    def run(self, task_id: str) -> None:
        """Do all that is left to do for a task; return when it is final or no longer ours."""
        patiently(lambda: self._run(task_id))

    def _run(self, task_id: str) -> None:
        begun = self.store.write(lambda books: self.life.begin(books, task_id, worker_id=self.worker_id))
        if begun is None:
            return
        view, attempt = begun
        log = _log.bind(task_id=task_id, attempt=attempt.number)
        try:
            with self._folder(attempt) as folder:
                self._render(view, attempt, folder)
            log.info("task_rendered")
        except Stopped:
            log.info("task_stopped")
        except (SourceUnusable, GenerationFailed) as error:
            log.warning("task_failed", reason=str(error))
            self._fail(attempt, error)
        except Unavailable:
            raise
        except (
            Exception
        ):  # a full disk, a mistake of ours: a task that nobody ends would hold its credits for ever
            log.exception("task_failed")
            self._fail(attempt, GenerationFailed(_UNEXPECTED))
        self._clear_streams(task_id)

    def _render(self, view: TaskView, attempt: Attempt, folder: Path) -> None:
        order = self._order(view, attempt, folder)
        published = _Publishing(self, view, attempt, order)
        lost = _Glance(lambda: not self.store.read(lambda books: books.tasks.is_current(attempt)))
        events = run_child(
            self.child_command,
            order,
            limit_s=self.limit_s,
            should_stop=lambda: not published.is_complete and lost(),
        )
        with closing(events):
            for event in events:
                published.hear(event)
        published.finish()

    def _clear_streams(self, task_id: str) -> None:
        """Remove what a task that has ended left half heard; those who listen hear it out."""
        view = self.store.read(lambda books: books.tasks.view(task_id))
        if view is not None and view.state.is_final:
            for take in view.takes:
                self.stream_path(take.id).unlink(missing_ok=True)

    def stream_path(self, take_id: str) -> Path:
        """Return where a take grows while it is rendered."""
        return self.streams_folder / f"{take_id}.mp3"

    def _order(self, view: TaskView, attempt: Attempt, folder: Path) -> ChildOrder:
        known = {take.index: take for take in view.takes}
        missing = [
            index
            for index in range(view.request.take_count)
            if index not in known or not known[index].is_ready
        ]
        take_ids = {index: known[index].id if index in known else new_take_id() for index in missing}
        for take_id in take_ids.values():  # what an attempt that was killed has left
            self.stream_path(take_id).unlink(missing_ok=True)
        tier = TIERS[view.request.tier]
        self.store.write(lambda books: self.life.progressed(books, attempt, "source", 0.0))
        source = self.sources.fetch(view, folder)
        return ChildOrder(
            engine=view.engine,
            request=view.request,
            source_path=None if source is None else source.path,
            source_title="" if source is None else source.title,
            longest_source_s=tier.longest_source_s
            if view.parent_take_id is None
            else 2 * tier.longest_song_s,
            take_ids=take_ids,
            folder=folder,
            streams_folder=self.streams_folder,
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

    def __init__(self, question: object, *, every_s: float = 0.25) -> None:
        self._question = question
        self._every_s = every_s
        self._next_s = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._next_s:
            return False
        self._next_s = time.monotonic() + self._every_s
        assert callable(self._question)
        return bool(self._question())


class _Publishing:
    """Turns the child's events into moves of the task."""

    def __init__(self, runner: TaskRunner, view: TaskView, attempt: Attempt, order: ChildOrder) -> None:
        self._runner = runner
        self._view = view
        self._attempt = attempt
        self._order = order
        self._texts: list[TakeText] = []
        self._next_progress_s = 0.0
        self._ready = view.request.take_count - len(order.take_ids)

    @property
    def is_complete(self) -> bool:
        """Whether every take is published."""
        return self._ready == self._view.request.take_count

    def hear(self, event: ChildEvent) -> None:
        """Act on one event."""
        match event:
            case Progressed():
                self._progressed(event)
            case Planned():
                self._planned(event)
            case TakeRendered():
                self._take(event)
            case Broke():
                raise (SourceUnusable if event.is_source else GenerationFailed)(event.reason)

    def finish(self) -> None:
        """Check that nothing is missing after the child's last event."""
        if not self.is_complete:
            raise GenerationFailed("The engine ended before all takes were made.")

    def _progressed(self, event: Progressed) -> None:
        if self.is_complete or time.monotonic() < self._next_progress_s:
            return
        self._next_progress_s = time.monotonic() + _PROGRESS_EVERY_S
        self._write(
            lambda books: self._runner.life.progressed(books, self._attempt, event.stage, event.fraction)
        )

    def _planned(self, event: Planned) -> None:
        request = self._view.request
        self._texts.append(
            TakeText(
                take_id=self._order.take_ids[event.take_index],
                take_index=event.take_index,
                title=event.title,
                style=event.style,
                prompt=event.lyrics or _described(request.wish) or event.style,
                lyrics=event.lyrics,
                model_name=TIERS[request.tier].upstream_name,
            )
        )
        if len(self._texts) == len(self._order.take_ids):
            texts = tuple(self._texts)
            self._write(lambda books: self._runner.life.text_ready(books, self._attempt, texts))

    def _take(self, event: TakeRendered) -> None:
        artefacts = tuple(self._runner.media.put(path, kind) for kind, path in event.files.items())
        result = TakeResult(
            take_id=self._order.take_ids[event.take_index],
            duration_s=event.duration_s,
            joined_at_s=event.joined_at_s,
            seed=event.seed,
            bpm=event.bpm,
            key=event.key,
            loudness_lufs=event.loudness_lufs,
            lines=event.lines,
            artefacts=artefacts,
        )
        self._runner.store.write(
            lambda books: self._runner.life.honoured(books, self._attempt, event.honoured)
        )
        self._write(lambda books: self._runner.life.take_ready(books, self._attempt, result))
        self._ready += 1
        self._runner.stream_path(result.take_id).unlink(missing_ok=True)

    def _write(self, work: object) -> None:
        assert callable(work)
        if not self._runner.store.write(work):
            raise Stopped("The task is no longer this worker's.")


def _described(wish: Described | Specified | Inherited) -> str:
    match wish:
        case Described():
            return wish.prompt
        case Specified():
            return wish.description or ""
        case Inherited():
            return wish.prompt or ""
