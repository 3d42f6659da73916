"""The durable job engine behind one adapter: DBOS on our own database engine.

``SqlJobs`` enqueues inside the caller's transaction, so that a task and its job commit together.
``JobRunner`` runs jobs in a worker. The task table is the truth about tasks; DBOS only sees to it
that somebody works on them. Settings follow the measurements in docs/decisions/0002-job-engine.md.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._sys_db import SystemDatabase

from cadenza.stores.database import told_as_unavailable
from cadenza.stores.statement import Statement
from cadenza.stores.strays import Strays

RENDER_QUEUE = "render"
CALLBACK_QUEUE = "callbacks"
SLOW_CALLBACK_QUEUE = "slow_callbacks"

# A fixed version: a release must not strand the queued work of the one before.
_APPLICATION_VERSION = "1"
_APPLICATION_NAME = "cadenza"
# Asking is what an idle worker costs: 7 % of a core at 0.15, 0.5 and 0.5 s.
_RENDER_POLL_S = 0.25
_CALLBACK_POLL_S = 1.0
_SLOW_CALLBACK_POLL_S = 2.0
# Our own attempt counter in the task row decides; DBOS must not give up before it.
_DBOS_ATTEMPTS = 1000
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
# Rates of one worker: renderings fill cores, deliveries mostly wait; those to slow receivers nearly always.
_CALLBACK_CONCURRENCY = 24
_SLOW_CALLBACK_CONCURRENCY = 8


class SqlJobs:
    """``JobBook`` on one connection."""

    def __init__(self, connection: sa.Connection, client: DBOSClient) -> None:
        self._connection = connection
        self._client = client

    def render(self, task_id: str, *, turn: int) -> None:
        """Enqueue the rendering of a task; the lowest turn is served first (``turns.py``)."""
        options: EnqueueOptions = {
            "workflow_name": "render_task",
            "queue_name": RENDER_QUEUE,
            "workflow_id": f"{task_id}-render",
            "app_version": _APPLICATION_VERSION,
            "priority": turn,
        }
        self._client.enqueue_in_transaction(self._connection, options, task_id)

    def deliver(
        self, callback_id: str, attempt: int, *, lane: str, delay_s: float, is_slow: bool = False
    ) -> None:
        """Enqueue one delivery attempt, to a receiver known to be slow on a queue of its own.

        Each job has an id of its own: one for the same attempt may have come before, found the endpoint
        disabled and ended. That a request leaves once per attempt is the claim's business.
        """
        options: EnqueueOptions = {
            "workflow_name": "deliver_slow_callback" if is_slow else "deliver_callback",
            "queue_name": SLOW_CALLBACK_QUEUE if is_slow else CALLBACK_QUEUE,
            "workflow_id": f"{callback_id}-{attempt}-{secrets.token_hex(8)}",
            "app_version": _APPLICATION_VERSION,
            "queue_partition_key": lane,
        }
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue_in_transaction(self._connection, options, callback_id, attempt)


def open_client(engine: sa.Engine) -> DBOSClient:
    """Return the client that enqueues; its tables must exist (``prepare``)."""
    client = DBOSClient(
        system_database_engine=engine, application_name=_APPLICATION_NAME, retry_connection_errors=False
    )
    if engine.dialect.name == "sqlite":
        setattr(client._sys_db, "_execute_prepared", _Prepared())  # noqa: B010, SLF001 - see there
    return client


class _Prepared:
    """DBOS' own statements, compiled once.

    On PostgreSQL the package keeps them by itself; on SQLite it builds two inserts anew for every job, which
    was half of the cost of accepting a task. What reaches the database is the same text. The tests of
    accepting and running cover it; the version is pinned.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[str, ...]], Statement] = {}

    def __call__(
        self,
        connection: sa.Connection,
        name: str,
        values: dict[str, Any],
        build: Callable[[], sa.Executable],
        *,
        insert_columns: bool = True,
    ) -> _Answer:
        columns = tuple(values)
        statement = self._known.get((name, columns))
        if statement is None:
            statement = Statement(build(), columns=columns if insert_columns else None)
            self._known[(name, columns)] = statement
        return _Answer(statement(connection, values).first())


@dataclass(frozen=True, slots=True)
class _Answer:
    """As much of SQLAlchemy's result as DBOS asks for: at most one row."""

    row: Any

    def fetchone(self) -> Any:
        return None if self.row is None else SimpleNamespace(_mapping=self.row._asdict())

    def scalar(self) -> Any:
        return None if self.row is None else self.row[0]


def prepare(engine: sa.Engine) -> None:
    """Create the job engine's tables and queues. Run by one process before the others start."""
    runner = JobRunner(engine, executor_id="prepare", render=_nothing, deliver=_nothing_either, queues=())
    runner.start(run_migrations=True)
    DBOS.register_queue(RENDER_QUEUE, worker_concurrency=1, polling_interval_sec=_RENDER_POLL_S)
    for queue, concurrency, poll_s in (
        (CALLBACK_QUEUE, _CALLBACK_CONCURRENCY, _CALLBACK_POLL_S),
        (SLOW_CALLBACK_QUEUE, _SLOW_CALLBACK_CONCURRENCY, _SLOW_CALLBACK_POLL_S),
    ):
        DBOS.register_queue(
            queue,
            worker_concurrency=concurrency,
            partition_concurrency=1,
            polling_interval_sec=poll_s,
        )
    runner.stop(wait_s=0)


def _nothing(_task_id: str) -> None: ...


def _nothing_either(_callback_id: str, _attempt: int, /, *, is_slow: bool = False) -> None:
    pass


class Deliver(Protocol):
    """Makes one delivery attempt; ``is_slow`` where the job came from the queue for slow receivers."""

    def __call__(self, callback_id: str, attempt: int, /, *, is_slow: bool = False) -> None:
        """Deliver."""
        ...


class JobRunner:
    """Runs jobs from the queues in this process: one rendering at a time, several deliveries."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        executor_id: str,
        render: Callable[[str], None],
        deliver: Deliver,
        queues: tuple[str, ...] = (RENDER_QUEUE, CALLBACK_QUEUE, SLOW_CALLBACK_QUEUE),
    ) -> None:
        self._engine = engine
        self._executor_id = executor_id
        self._render = render
        self._deliver = deliver
        self._queues = queues
        self._strays: Strays | None = None

    def start(self, *, run_migrations: bool = False) -> None:
        """Begin to take jobs."""
        logging.getLogger("dbos").setLevel(logging.WARNING)
        config: DBOSConfig = {
            "name": _APPLICATION_NAME,
            "system_database_engine": self._engine,
            "application_version": _APPLICATION_VERSION,
            "executor_id": self._executor_id,
            "log_level": "WARNING",
            "run_migrations": run_migrations,
            "use_listen_notify": False,
        }
        engine = DBOS(config=config)
        DBOS.listen_queues(list(self._queues))
        self._register()
        DBOS.launch()
        if self._queues:
            self._strays = self._watch_strays(engine)
            self._strays.start()

    def _watch_strays(self, engine: DBOS) -> Strays:
        system, me = engine._sys_db, self._executor_id  # noqa: SLF001 - as in give_back
        return Strays(
            claimed=lambda: _pending(system, me),
            at_work=engine._active_workflows_set.activeList,  # noqa: SLF001 - as in give_back
            put_back=lambda job_id: _put_back(system, job_id, me),
        )

    def _register(self) -> None:
        render, deliver = self._render, self._deliver

        @DBOS.workflow(name="render_task", max_recovery_attempts=_DBOS_ATTEMPTS)
        def render_task(task_id: str) -> None:
            render(task_id)

        @DBOS.workflow(name="deliver_callback", max_recovery_attempts=_DBOS_ATTEMPTS)
        def deliver_callback(callback_id: str, attempt: int) -> None:
            deliver(callback_id, attempt)

        @DBOS.workflow(name="deliver_slow_callback", max_recovery_attempts=_DBOS_ATTEMPTS)
        def deliver_slow_callback(callback_id: str, attempt: int) -> None:
            deliver(callback_id, attempt, is_slow=True)

    def stop(self, *, wait_s: int) -> None:
        """Stop taking jobs and wait at most ``wait_s`` for those that run."""
        if self._strays is not None:
            self._strays.stop()
        DBOS.destroy(workflow_completion_timeout_sec=wait_s, destroy_registry=True)


@told_as_unavailable()
def delete_finished(client: DBOSClient, *, before: dt.datetime, limit: int) -> int:
    """Delete at most ``limit`` jobs that ended before a moment; return how many.

    What came of them stands in our own tables.
    """
    ended = client.list_workflows(
        status=_ENDED,
        completed_before=before.isoformat(),
        limit=limit,
        load_input=False,
        load_output=False,
    )
    if ended:
        client.delete_workflows([one.workflow_id for one in ended])
    return len(ended)


@told_as_unavailable()
def give_back(client: DBOSClient, executor_id: str) -> int:
    """Put all unfinished jobs of a dead executor back on their queues; return how many.

    Conditional on the executor id in each row, so two callers at once do no harm. Private API of the
    pinned version, covered by a test of its own: the public ``resume_workflow`` would reset the count of
    attempts, and a task that kills every worker would go round for ever.
    """
    system = client._sys_db  # noqa: SLF001 - see docstring
    return sum(_put_back(system, job_id, executor_id) for job_id in _pending(system, executor_id))


def _pending(system: SystemDatabase, executor_id: str) -> list[str]:
    """Return the ids of the jobs that stand as an executor's, begun or not."""
    return [one.workflow_id for one in system.get_pending_workflows(executor_id, _APPLICATION_VERSION)]


def _put_back(system: SystemDatabase, job_id: str, executor_id: str) -> bool:
    """Put a job back on its queue; False where it is no longer this executor's."""
    return system.reenqueue_for_recovery(job_id, [executor_id], RENDER_QUEUE)
