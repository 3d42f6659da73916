"""Clearing away: files and rows whose time is over, and what crashes have left behind.

Expiry itself needs none of this: a file answers 410 from the moment that stands in its row. The sweep
takes its bytes away within the hour. Everything is done in small batches, and all of it may be done by
several at once.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from cadenza.domain.clock import Clock
from cadenza.domain.errors import Unavailable
from cadenza.publish.port import Media
from cadenza.publish.unused import UNUSED_AFTER, delete_unused
from cadenza.tasks.ports import Store
from cadenza.worker.observe import Observer

T = TypeVar("T")
_log = structlog.get_logger()

SWEEP_EVERY: Final = dt.timedelta(minutes=10)
_LOOK_EVERY_S: Final = 30.0
_BATCH: Final = 64
_LEFT_AFTER: Final = dt.timedelta(hours=1)
_FORGOTTEN_AFTER: Final = dt.timedelta(days=1)
_SCRATCH_OF_TASK: Final = re.compile(r"([0-9a-f]{32})-[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much one sweep has cleared away."""

    expired: int = 0  # files of takes and uploads whose time was over
    deleted: int = 0  # files removed from the media folder
    leftovers: int = 0  # of crashes, and portraits that nobody asked for within a day
    jobs: int = 0
    rows: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do."""
        return self == Swept()


class DeleteJobs(Protocol):
    """Deletes jobs that ended before a moment, at most so many; returns how many."""

    def __call__(self, before: dt.datetime, limit: int, /) -> int:
        """Delete."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Clears away for all workers of an installation."""

    store: Store
    media: Media
    clock: Clock
    scratch_folder: Path
    streams_folder: Path
    portraits_folder: Path
    delete_jobs: DeleteJobs

    def sweep(self, should_stop: Callable[[], bool] = lambda: False) -> Swept:
        """Clear away all there is; stop early, between two batches, where ``should_stop`` says so."""
        swept = Swept()
        for step in (self._expired, self._unused, self._leftovers, self._ended_jobs, self._old_rows):
            for part in step():
                swept = _sum(swept, part)
                if should_stop():
                    return swept
        return swept

    def _expired(self) -> Iterator[Swept]:
        while digests := self.store.write(lambda books: books.retention.expire_files(limit=_BATCH)):
            yield Swept(expired=len(digests), deleted=self._delete(digests))

    def _unused(self) -> Iterator[Swept]:
        for folder in self.media.folders():
            for digests in _batches(folder):
                yield Swept(deleted=self._delete(digests))

    def _delete(self, digests: Collection[str]) -> int:
        return delete_unused(self.media, self.store, digests, now=self.clock.now())

    def _leftovers(self) -> Iterator[Swept]:
        yield Swept(leftovers=self.media.clear_arriving(untouched_since_s=self._since_s(_LEFT_AFTER)))
        for folders in _batches(_older(self.scratch_folder, self._since_s(_LEFT_AFTER))):
            yield Swept(leftovers=self._clear_scratch(folders))
        for streams in _batches(_older(self.streams_folder, self._since_s(UNUSED_AFTER))):
            yield Swept(leftovers=self._clear_streams(streams))
        for portraits in _batches(_older(self.portraits_folder, self._since_s(_FORGOTTEN_AFTER))):
            for path in portraits:
                _remove(path)
            yield Swept(leftovers=len(portraits))

    def _clear_scratch(self, folders: Sequence[Path]) -> int:
        tasks = {folder: named[1] for folder in folders if (named := _SCRATCH_OF_TASK.fullmatch(folder.name))}
        live = self.store.read(lambda books: books.retention.unfinished(set(tasks.values())))
        left = [folder for folder in folders if tasks.get(folder) not in live]
        for folder in left:
            _remove(folder)
        return len(left)

    def _clear_streams(self, streams: Sequence[Path]) -> int:
        coming = self.store.read(lambda books: books.retention.coming({path.stem for path in streams}))
        left = [path for path in streams if path.stem not in coming]
        for path in left:
            _remove(path)
        return len(left)

    def _ended_jobs(self) -> Iterator[Swept]:
        while count := self.delete_jobs(self.clock.now() - _FORGOTTEN_AFTER, _BATCH):
            yield Swept(jobs=count)

    def _old_rows(self) -> Iterator[Swept]:
        before = self.clock.now() - _FORGOTTEN_AFTER
        while count := self.store.write(lambda books: books.retention.forget(before=before, limit=_BATCH)):
            yield Swept(rows=count)

    def _since_s(self, age: dt.timedelta) -> float:
        return (self.clock.now() - age).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """A worker's part in sweeping: every ten minutes, whichever worker gets there first."""

    sweeper: Sweeper
    store: Store
    observer: Observer = dataclasses.field(default_factory=Observer)

    def run(self, stop: threading.Event) -> None:
        """Sweep when it is time until told to stop."""
        while not stop.wait(_LOOK_EVERY_S):
            try:
                self.round(stop.is_set)
            except Unavailable as error:
                _log.warning("sweep_waits", reason=str(error))
            except Exception:  # noqa: BLE001 - logged; and see below
                # A disk error, a mistake of ours: the worker goes on, and the next round tries again.
                _log.exception("sweep_failed")

    def round(self, should_stop: Callable[[], bool] = lambda: False) -> Swept | None:
        """Sweep if nobody has within ten minutes; None where somebody has."""
        if not self.store.write(lambda books: books.retention.claim("sweep", every=SWEEP_EVERY)):
            return None
        swept = self.sweeper.sweep(should_stop)
        if not swept.is_nothing:
            _log.info("swept", **dataclasses.asdict(swept))
            self.observer.swept(dataclasses.asdict(swept))
        return swept


def _sum(one: Swept, other: Swept) -> Swept:
    names = [field.name for field in dataclasses.fields(Swept)]
    return Swept(**{name: getattr(one, name) + getattr(other, name) for name in names})


def _batches(things: Iterable[T]) -> Iterator[Sequence[T]]:
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _older(folder: Path, moment_s: float) -> list[Path]:
    """Return what lies in a folder and was last changed before a moment; links are never followed."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.lstat().st_mtime < moment_s:
                found.append(path)
        except FileNotFoundError:  # its worker cleared it
            continue
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
