"""What the routes may use. Built once per process in ``wiring``; routes decide nothing by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cadenza.audio.children import Children
from cadenza.domain.clock import Clock
from cadenza.domain.links import Links
from cadenza.intake.accept import Intake
from cadenza.intake.keyring import Keyring
from cadenza.outbound.client import Outbound
from cadenza.publish.port import Media
from cadenza.settings import Settings
from cadenza.tasks.life import Life
from cadenza.tasks.ports import Books, Store
from cadenza.telemetry import Silence, Tracer
from cadenza.web.around.closing import Closing
from cadenza.web.door.pace import Pace
from cadenza.web.door.reach import Reach
from cadenza.web.door.turns import Turns
from cadenza.web.portraits import Portraits

T = TypeVar("T")


class Batcher(Protocol):
    """Commits waiting writes together."""

    def submit(self, work: Callable[[Books], T]) -> Future[T]:
        """Queue a write; the future resolves after its commit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the routes."""

    settings: Settings
    store: Store
    batcher: Batcher
    readers: Executor | None
    errands: Executor
    intake: Intake
    life: Life
    media: Media
    outbound: Outbound
    keyring: Keyring
    links: Links
    clock: Clock
    pace: Pace
    reach: Reach
    children: Children
    portraits: Portraits
    turns: Turns = field(default_factory=Turns)
    closing: Closing = field(default_factory=Closing)
    tracer: Tracer = field(default_factory=Silence)

    async def write(self, work: Callable[[Books], T]) -> T:
        """Run a write in the next shared commit."""
        return await asyncio.wrap_future(self.batcher.submit(work))

    async def read(self, work: Callable[[Books], T]) -> T:
        """Run a read: at once where the database is a file, else on a thread, for the loop must not wait.

        A read of an SQLite file takes a tenth of a millisecond and waits for no writer; asking a thread for
        it takes longer.
        """
        if self.readers is None:
            return self.store.read(work)
        return await asyncio.get_running_loop().run_in_executor(self.readers, self.store.read, work)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run something that blocks for long on a thread; readers do not wait behind it."""
        return await asyncio.get_running_loop().run_in_executor(self.errands, work)
