"""Bringing a database to the schema of this program, and refusing one that it does not suit.

Each step (``steps.py`` tells how to add one) is one transaction together with the row that says that it was
taken: a process that is killed in the middle leaves the schema as it was before, and the next one goes on
from there. Processes that start at once wait for each other and find the work done.

A database may be newer than the program: somebody went back to the release before. It is worked on as it is
where every step since allows it (``compatible_from``), and refused with a sentence where one does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cadenza.domain.errors import Unavailable
from cadenza.stores.schema import metadata, schema_version
from cadenza.stores.steps import STEPS, Step

# The first schema, before steps were numbered.
_FIRST = 1
# Any number that nobody else locks.
_LOCK = 20_261_121


def migrate(engine: sa.Engine, steps: Sequence[Step] = STEPS) -> None:
    """Make the tables of a fresh database, or bring those of an older one up, one step at a time.

    Raises
    ------
    Unavailable
        The database is newer than this program and does not suit it any more.
    """
    while _took_a_step(engine, steps):
        pass


def check(engine: sa.Engine, steps: Sequence[Step] = STEPS) -> None:
    """Raise ``Unavailable`` unless this program can work on the database as it is.

    For processes that are started beside a server, which alone steps the schema up.
    """
    with engine.connect() as connection:
        found = _found(connection)
        if found is None or found < _newest(steps):
            raise Unavailable(
                f"The database has schema {found or 0} and this Cadenza needs {_newest(steps)}: "
                "start its server first, which brings the schema up."
            )
        _refuse_unless_suitable(connection, found, steps)


def _took_a_step(engine: sa.Engine, steps: Sequence[Step]) -> bool:
    """Take one step if one is due, in one transaction; answer whether it was."""
    with engine.begin() as connection:
        _wait_for_others(connection)
        found = _found(connection)
        if found is None:
            metadata.create_all(connection)
            _record(connection, _newest(steps), max([_FIRST, *(step.compatible_from for step in steps)]))
            return False
        due = next((step for step in steps if step.number > found), None)
        if due is None:
            _refuse_unless_suitable(connection, found, steps)
            return False
        for statement in due.sql(connection.dialect.name):
            connection.exec_driver_sql(statement)
        _record(connection, due.number, due.compatible_from)
        return True


def _wait_for_others(connection: sa.Connection) -> None:
    """Take the lock that lets one process at a time change the schema, until its transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _found(connection: sa.Connection) -> int | None:
    """Return the number of the schema that is there; None: the database is empty."""
    if not sa.inspect(connection).has_table(schema_version.name):
        return None
    found: int | None = connection.scalar(sa.select(sa.func.max(schema_version.c.version)))
    return found


def _newest(steps: Sequence[Step]) -> int:
    return max([_FIRST, *(step.number for step in steps)])


def _record(connection: sa.Connection, version: int, compatible_from: int) -> None:
    connection.execute(schema_version.insert().values(version=version, compatible_from=compatible_from))


def _refuse_unless_suitable(connection: sa.Connection, found: int, steps: Sequence[Step]) -> None:
    known = _newest(steps)
    if found <= known:
        return
    suits_from = connection.scalar(sa.select(sa.func.max(schema_version.c.compatible_from)))
    if suits_from is None or suits_from > known:
        raise Unavailable(
            f"The database has schema {found}, which programs before schema {suits_from} cannot use, and "
            f"this Cadenza knows schema {known}: install the newer one again, or restore a backup that is "
            "older than the upgrade."
        )
