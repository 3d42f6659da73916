"""What the processes of the service are made of: API and worker."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette

from cadenza import crash, logs, wiring
from cadenza.audio.children import Nursery
from cadenza.domain.ids import new_id
from cadenza.domain.tiers import TIERS
from cadenza.intake.accept import Intake
from cadenza.intake.admission import Admission
from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.settings import Settings, current_settings
from cadenza.stores import database, jobs
from cadenza.stores.store import GroupCommit
from cadenza.telemetry import open_tracer
from cadenza.web.app import build_app
from cadenza.web.door.pace import Pace
from cadenza.web.door.reach import Reach
from cadenza.web.portraits import Portraits
from cadenza.web.services import Services
from cadenza.wiring.backroom import backroom, keyring, sweeper
from cadenza.worker.callbacks import CallbackRunner
from cadenza.worker.loop import Worker
from cadenza.worker.observe import Observer
from cadenza.worker.process import RenderChildren
from cadenza.worker.run import TaskRunner
from cadenza.worker.source import SourceFiles
from cadenza.worker.sweep import Rounds
from cadenza.worker.watch import Watch
from cadenza.worker.words import Asked, BuiltIn, Lyricist

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
    children = RenderChildren(_CHILD_COMMAND)
    tasks = TaskRunner(
        store=room.store,
        life=room.life,
        sources=sources,
        media=room.media,
        children=children,
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
    children.prepare()

    def close() -> None:
        children.close()
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
