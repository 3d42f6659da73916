"""Opening the database: one SQLite file by default, PostgreSQL by URL, the same tables in both."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from cadenza.domain.errors import Unavailable
from cadenza.stores import migrations

# How a database tells that it is gone, locked or full; its transaction is lost with all that was in it.
AWAY: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)

_CONNECT_WITHIN_S = 5
_BUSY_TIMEOUT_MS = 30_000
# No transaction of ours waits for anything but the database; only a process that was stopped falls silent.
_LONGEST_IDLE_MS = 10_000
_IDLE_FOR_TOO_LONG = "25P03"
_SQLITE_WITH_SUBSECONDS = (3, 42, 0)


def open_engine(url: str, *, pool_size: int = 8) -> sa.Engine:
    """Return an engine whose transactions are fit for credits.

    On SQLite: WAL, synchronous FULL (an acknowledged commit survives power loss), a busy timeout,
    foreign keys, and ``IMMEDIATE`` transactions, which begin with the first write: a transaction that
    reads and then decides takes the write lock first by ``take_write_lock``. On PostgreSQL: a process that
    freezes within a transaction does not keep its locks.
    """
    is_sqlite = url.startswith("sqlite")
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        pool_pre_ping=not is_sqlite,
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite if is_sqlite else _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.execute(f"SET idle_in_transaction_session_timeout = {_LONGEST_IDLE_MS}").close()
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    if sqlite3.sqlite_version_info < _SQLITE_WITH_SUBSECONDS:
        connection.create_function("unixepoch", 1, _unixepoch_s)


def _unixepoch_s(_modifier: str) -> float:
    """Return what SQLite's ``unixepoch('subsec')`` does.

    On Python 3.12 and newer the job engine takes for granted that the SQLite below has it; Python may
    well be built on an older one, as on Debian 12.
    """
    return time.time_ns() / 1e9


def take_write_lock(connection: sa.Connection) -> None:
    """Make sure that nobody else writes between our reads and our writes.

    SQLite: take the one write lock now. PostgreSQL: nothing; rows are locked where they are read.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextlib.contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Turn what a database does that is gone, locked or full into ``Unavailable``."""
    try:
        yield
    except AWAY as error:
        raise Unavailable("The database does not answer.") from error
    except sa.exc.InternalError as error:
        if getattr(error.orig, "sqlstate", "") != _IDLE_FOR_TOO_LONG:
            raise
        raise Unavailable("This process was silent for too long within a transaction.") from error


def migrate(engine: sa.Engine) -> None:
    """Create the tables, or bring older ones up; several processes may do so at once.

    Raises
    ------
    Unavailable
        When the database is newer than this Cadenza and does not suit it any more.
    """
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    migrations.migrate(engine)


def check(engine: sa.Engine) -> None:
    """Raise ``Unavailable`` unless the database answers and this Cadenza can work on it as it is."""
    with told_as_unavailable():
        migrations.check(engine)
