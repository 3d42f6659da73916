"""The render child's events as moves of the task: text, progress, takes with their files."""

from __future__ import annotations

import time
from collections.abc import Callable

from cadenza import crash
from cadenza.domain.errors import GenerationFailed, SourceUnusable, Stopped
from cadenza.domain.request import Described, Inherited, Specified
from cadenza.domain.task import TaskView
from cadenza.domain.tiers import TIERS
from cadenza.publish.port import Media
from cadenza.tasks.life import Life
from cadenza.tasks.ports import Books, Store
from cadenza.tasks.records import Attempt, TakeResult, TakeText
from cadenza.worker.order import (
    Broke,
    ChildEvent,
    ChildOrder,
    Planned,
    Progressed,
    TakeRendered,
    stream_path,
)

# Progress is written at most this often: each write is a commit.
_PROGRESS_EVERY_S = 0.5


class Publishing:
    """Turns the child's events into moves of the task."""

    def __init__(
        self,
        store: Store,
        life: Life,
        media: Media,
        view: TaskView,
        attempt: Attempt,
        order: ChildOrder,
    ) -> None:
        self._store = store
        self._life = life
        self._media = media
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
        self._write(lambda books: self._life.progressed(books, self._attempt, event.stage, event.fraction))

    def _planned(self, event: Planned) -> None:
        request = self._view.request
        self._texts.append(
            TakeText(
                take_id=self._order.take_ids[event.take_index],
                take_index=event.take_index,
                title=event.title,
                style=event.style,
                prompt=event.lyrics or described(request.wish) or event.style,
                lyrics=event.lyrics,
                model_name=TIERS[request.tier].upstream_name,
            )
        )
        if len(self._texts) == len(self._order.take_ids):
            texts = tuple(self._texts)
            self._write(lambda books: self._life.text_ready(books, self._attempt, texts))
            crash.here("after_text")

    def _take(self, event: TakeRendered) -> None:
        artefacts = tuple(self._media.put(path, kind) for kind, path in event.files.items())
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
        self._store.write(lambda books: self._life.honoured(books, self._attempt, event.honoured))
        self._write(lambda books: self._life.take_ready(books, self._attempt, result))
        crash.here("after_take")
        self._ready += 1
        stream_path(self._order.streams_folder, result.take_id).unlink(missing_ok=True)

    def _write(self, work: Callable[[Books], bool]) -> None:
        if not self._store.write(work):
            raise Stopped("The task is no longer this worker's.")


def described(wish: Described | Specified | Inherited) -> str:
    """Return what a wish says in prose; empty where it says nothing."""
    match wish:
        case Described():
            return wish.prompt
        case Specified():
            return wish.description or ""
        case Inherited():
            return wish.prompt or ""
