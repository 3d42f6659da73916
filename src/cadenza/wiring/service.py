"""What the processes of the service are made of: API and worker."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from dbos import DBOSClient
from starlette.applications import Starlette

from cadenza import crash, logs, wiring
from cadenza.audio.children import Nursery
from cadenza.dialects.apiin import encode as apiin
from cadenza.dialects.crun import encode as crun
from cadenza.dialects.native import encode as native
from cadenza.dialects.sunoapi import encode as sunoapi
from cadenza.domain.clock import Clock, SystemClock
from cadenza.domain.errors import Unavailable
from cadenza.domain.ids import new_id
from cadenza.domain.links import Links
from cadenza.domain.task import CallbackStage, Dialect, TaskView
from cadenza.domain.tiers import TIERS
from cadenza.intake.accept import Intake
from cadenza.intake.admission import Admission
from cadenza.intake.keyring import Keyring
from cadenza.intake.keys import Pepper
from cadenza.notify.signing import new_secret
from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.publish.port import Media
from cadenza.settings import Settings, current_settings
from cadenza.stores import database, jobs
from cadenza.stores.store import GroupCommit, SqlStore
from cadenza.tasks.life import Life
from cadenza.telemetry import open_tracer
from cadenza.web.app import build_app
from cadenza.web.door.pace import Pace
from cadenza.web.door.reach import Reach
from cadenza.web.portraits import Portraits
from cadenza.web.services import Services
from cadenza.wiring.storage import open_media
from cadenza.worker.callbacks import CallbackRunner
from cadenza.worker.lanes import lane_of
from cadenza.worker.loop import Worker
from cadenza.worker.observe import Observer
from cadenza.worker.run import TaskRunner
from cadenza.worker.source import SourceFiles
from cadenza.worker.sweep import Rounds, Sweeper
from cadenza.worker.watch import Watch
from cadenza.worker.words import Asked, BuiltIn, Lyricist

_CALLBACK_BODIES = {
    Dialect.CRUN: crun.callback_body,
    Dialect.SUNOAPI: sunoapi.callback_body,
    Dialect.APIIN: apiin.callback_body,
    Dialect.NATIVE: native.callback_body,
}
_CHILD_COMMAND = (sys.executable, "-c", "from cadenza.wiring.child import render_child; render_child()")
_HEARING_COMMAND = (sys.executable, "-c", "from cadenza.wiring.hearing import hearing_child; hearing_child()")
# What was kept was decoded on arrival, within the longest length of any tier.
_LONGEST_HEARD_S = max(tier.longest_source_s for tier in TIERS.values())
# Eight minutes are heard in three seconds; the rest is for a busy machine.
_HEARING_LIMIT_S = 60.0
_READER_THREADS = 8
# Fetching and storing files that callers bring: as many at a time, the others wait.
_ERRAND_THREADS = 8
# Every database call lets go of the interpreter lock and must get it back from a busy event loop; Python's
# usual 5 ms are many times the call itself. That it helps is not shown yet (docs/performance.md).
_SWITCH_S = 0.001
_DEFAULT_PUBLIC_URL = "http://127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Backroom:
    """What every process of the service has: the database, the store, and how a task lives."""

    settings: Settings
    database: sa.Engine
    client: DBOSClient
    store: SqlStore
    life: Life
    links: Links
    media: Media
    outbound: Outbound
    clock: SystemClock

    def close(self) -> None:
        """Let go of the database."""
        self.client.destroy()
        self.database.dispose()


def prepare(settings: Settings) -> None:
    """Create folders, tables and queues. Run by one process before the others start."""
    settings.data.mkdir(parents=True, exist_ok=True)
    opened = database.open_engine(settings.sqlalchemy_url)
    try:
        database.migrate(opened)
        jobs.prepare(opened)
    except sa.exc.OperationalError as error:
        raise Unavailable(
            "The database cannot be opened: is it there, and may this user write to it?"
        ) from error
    finally:
        opened.dispose()


def backroom(settings: Settings) -> Backroom:
    """Open what every process needs; ``prepare`` has run before."""
    clock = SystemClock()
    links = Links(settings.public_url or _DEFAULT_PUBLIC_URL)
    opened = database.open_engine(settings.sqlalchemy_url)
    client = jobs.open_client(opened)
    return Backroom(
        settings=settings,
        database=opened,
        client=client,
        store=SqlStore(opened, clock=clock, links=links, client=client),
        life=Life(
            clock=clock,
            callback_body=_callback_body,
            lane=lane_of,
            max_attempts=settings.max_attempts,
            retention=dt.timedelta(days=settings.retention_days),
        ),
        links=links,
        media=open_media(settings),
        outbound=Outbound(AllowList.parse(settings.outbound_allow), own_url=links.public_url),
        clock=clock,
    )


def pepper(settings: Settings) -> Pepper:
    """Return the pepper of the key digests: the setting, or a file made once in the data folder."""
    if settings.pepper:
        return Pepper(settings.pepper.encode())
    path = settings.data / "pepper"
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)  # whoever is first wins; nobody overwrites
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Pepper(path.read_text().strip().encode())


def keyring(settings: Settings, clock: Clock) -> Keyring:
    """Return what makes keys."""
    return Keyring(pepper=pepper(settings), clock=clock, new_secret=new_secret)


def api_app() -> Starlette:
    """Return the ASGI application of an API process; called by the server."""
    settings = current_settings()
    logs.set_up(settings.log_level)
    crash.arm(settings.crash_at)
    sys.setswitchinterval(_SWITCH_S)
    room = backroom(settings)
    batcher = GroupCommit(room.store)
    engine = wiring.engine(settings.engine)
    nursery = Nursery()
    services = Services(
        settings=settings,
        store=room.store,
        batcher=batcher,
        readers=ThreadPoolExecutor(_READER_THREADS, thread_name_prefix="reader")
        if settings.database_url
        else None,
        errands=ThreadPoolExecutor(_ERRAND_THREADS, thread_name_prefix="errand"),
        intake=Intake(
            engine_name=settings.engine,
            abilities=engine.abilities,
            clock=room.clock,
            check_url=lambda url: room.outbound.check_source(url, field="source_url"),
            links=room.links,
            admission=Admission(
                clock=room.clock,
                tasks_per_account=settings.tasks_per_account,
                tasks_per_day=settings.tasks_per_day,
                storage_bytes=settings.storage_bytes,
                queue_limit=settings.queue_limit,
            ),
        ),
        life=room.life,
        media=room.media,
        outbound=room.outbound,
        keyring=keyring(settings, room.clock),
        links=room.links,
        clock=room.clock,
        pace=Pace(limit=settings.rate_limit, clock=room.clock),
        reach=Reach(limit=settings.places_per_account, clock=room.clock),
        children=nursery,
        portraits=Portraits(
            media=room.media,
            door=nursery.door,
            command=_HEARING_COMMAND,
            folder=settings.portraits_folder,
            scratch_folder=settings.scratch_folder,
            longest_s=_LONGEST_HEARD_S,
            limit_s=_HEARING_LIMIT_S,
        ),
        tracer=open_tracer(settings.collector, process="api"),
    )

    def close() -> None:
        nursery.close()
        batcher.close()
        services.tracer.close()
        room.close()

    return build_app(services, close=close)


def worker(settings: Settings) -> Worker:
    """Return a worker that renders tasks and delivers callbacks until it is told to stop."""
    room = backroom(settings)
    database.check(room.database)  # a worker elsewhere may be older or newer than its server
    worker_id = new_id("worker")
    observer = Observer(tracer=open_tracer(settings.collector, process="worker"), clock=room.clock)
    nursery = Nursery()
    sources = SourceFiles(
        store=room.store,
        media=room.media,
        outbound=room.outbound,
        max_bytes=settings.upload_limit_bytes,
        deadline_s=settings.fetch_deadline_s,
    )
    tasks = TaskRunner(
        store=room.store,
        life=room.life,
        sources=sources,
        media=room.media,
        child_command=_CHILD_COMMAND,
        worker_id=worker_id,
        scratch_folder=settings.scratch_folder,
        streams_folder=settings.streams_folder,
        limit_s=settings.task_limit_s,
        nursery=nursery,
        observer=observer,
        lyricist=_lyricist(settings),
    )
    callbacks = CallbackRunner(store=room.store, outbound=room.outbound, clock=room.clock, observer=observer)
    watch = Watch(
        store=room.store,
        clock=room.clock,
        worker_id=worker_id,
        dead_s=settings.worker_dead_s,
        give_back=lambda dead_id: jobs.give_back(room.client, dead_id),
    )
    runner = jobs.JobRunner(room.database, executor_id=worker_id, render=tasks.run, deliver=callbacks.run)
    rounds = Rounds(sweeper=sweeper(room), store=room.store, observer=observer)

    def close() -> None:
        nursery.close()
        room.close()

    return Worker(
        runner=runner,
        watch=watch,
        rounds=rounds,
        observer=observer,
        store=room.store,
        close=close,
        greeting=room.outbound.describe(),
    )


def _lyricist(settings: Settings) -> Lyricist:
    """Return who writes lyrics: the service that the operator names, or ourselves."""
    if not settings.lyrics_url:
        return BuiltIn()
    door = Outbound(AllowList.parse(settings.outbound_allow), own_url=settings.lyrics_url)
    return Asked(
        outbound=door,
        url=settings.lyrics_url,
        model=settings.lyrics_model or "default",
        key=settings.lyrics_key,
        deadline_s=settings.lyrics_deadline_s,
    )


def sweeper(room: Backroom) -> Sweeper:
    """Return what clears away files and rows whose time is over."""
    return Sweeper(
        store=room.store,
        media=room.media,
        clock=room.clock,
        scratch_folder=room.settings.scratch_folder,
        streams_folder=room.settings.streams_folder,
        portraits_folder=room.settings.portraits_folder,
        delete_jobs=lambda before, limit: jobs.delete_finished(room.client, before=before, limit=limit),
    )


def _callback_body(task: TaskView, stage: CallbackStage) -> bytes | None:
    body = _CALLBACK_BODIES[task.dialect](task, stage)
    return None if body is None else orjson.dumps(body)
