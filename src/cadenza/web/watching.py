"""Who waits for a change of a task is woken: one question to the database for all who wait.

A thousand streams that each looked for themselves would keep the database busier than all the work does.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import structlog

from cadenza.domain.errors import Unavailable
from cadenza.tasks.ports import Books
from cadenza.web.services import Services

_LOOK_S = 0.25

_log = structlog.get_logger()


class Watch:
    """Looks for changes of the tasks that somebody follows, four times a second while anybody does."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._seen: dict[str, int] = {}
        self._looking: asyncio.Task[None] | None = None
        services.closing.tell(self._ring_all)

    @contextmanager
    def follow(self, task_id: str) -> Iterator[asyncio.Event]:
        """Give a bell that is rung when the task has changed; clear it before reading the task."""
        bell = asyncio.Event()
        self._bells[task_id].add(bell)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield bell
        finally:
            self._bells[task_id].discard(bell)
            if not self._bells[task_id]:
                del self._bells[task_id]
                self._seen.pop(task_id, None)

    async def _look(self) -> None:
        while self._bells:
            try:
                changes = await self._services.read(partial(_changes, list(self._bells)))
            except Unavailable as error:  # those who follow hear of it when they read
                _log.warning("watch_failed", reason=str(error))
                changes = dict.fromkeys(self._bells, -1)
            for task_id, number in changes.items():
                if self._seen.get(task_id) != number:
                    self._ring(task_id, number)
            await asyncio.sleep(_LOOK_S)

    def _ring(self, task_id: str, number: int) -> None:
        if task_id in self._bells:
            self._seen[task_id] = number
            for bell in self._bells[task_id]:
                bell.set()

    def _ring_all(self) -> None:
        for bells in self._bells.values():
            for bell in bells:
                bell.set()


def _changes(task_ids: list[str], books: Books) -> Mapping[str, int]:
    return books.tasks.changes(task_ids)
