"""What every process of an installation opens: the database, the store, how a task lives, and the keys."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from dbos import DBOSClient

from cadenza.dialects.apiin import encode as apiin
from cadenza.dialects.crun import encode as crun
from cadenza.dialects.native import encode as native
from cadenza.dialects.sunoapi import encode as sunoapi
from cadenza.domain.clock import Clock, SystemClock
from cadenza.domain.errors import Unavailable
from cadenza.domain.links import Links
from cadenza.domain.task import CallbackStage, Dialect, TaskView
from cadenza.intake.keyring import Keyring
from cadenza.intake.keys import Pepper
from cadenza.notify.signing import new_secret
from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.publish.port import Media
from cadenza.settings import Settings
from cadenza.stores import database, jobs
from cadenza.stores.store import SqlStore
from cadenza.tasks.life import Life
from cadenza.wiring.storage import open_media
from cadenza.worker.lanes import lane_of
from cadenza.worker.sweep import Sweeper

_CALLBACK_BODIES = {
    Dialect.CRUN: crun.callback_body,
    Dialect.SUNOAPI: sunoapi.callback_body,
    Dialect.APIIN: apiin.callback_body,
    Dialect.NATIVE: native.callback_body,
}
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
