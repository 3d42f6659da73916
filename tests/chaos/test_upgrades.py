"""CR-12: upgrades and downgrades with tasks in the queue and at work, and upgrades that are killed."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from cadenza.stores import database, migrations
from cadenza.stores.schema import metadata
from cadenza.stores.steps import STEPS, Step
from cadenza.testing.service import eventually
from cadenza.testing.victims import Victim
from cadenza.wiring.backroom import prepare

NEWEST = STEPS[-1].number
HARMLESS = Step(NEWEST + 1, "a column more", NEWEST, ("ALTER TABLE tasks ADD COLUMN mood TEXT",))
GRAVE = Step(NEWEST + 2, "another name", NEWEST + 2, ("ALTER TABLE tasks RENAME COLUMN stage TO phase",))

# Brings a database up in a process that is killed at one of its statements.
MIGRATE = """
import itertools, os, signal
import sqlalchemy as sa
from cadenza.stores import database
engine, statements = database.open_engine(os.environ["URL"]), itertools.count(1)
def strike(*_):
    if next(statements) == int(os.environ["FATAL"]):
        os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(engine, "before_cursor_execute", strike)
sa.event.listen(engine, "commit", strike)
database.migrate(engine)
"""


def wipe(engine):
    """Take everything out of a database."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    if engine.dialect.name == "sqlite":
        for end in ("", "-wal", "-shm"):
            Path(engine.url.database + end).unlink(missing_ok=True)


def tables_of(engine):
    inspector = sa.inspect(engine)
    return {
        name: {column["name"] for column in inspector.get_columns(name)}
        for name in inspector.get_table_names()
    }


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("is_fresh", [True, False], ids=["fresh", "old"])
def test_cr_12_an_upgrade_that_is_killed_at_any_statement_goes_on_where_it_was(
    empty_database_url, make_schema_1, nursery, is_fresh, scale, tried
):
    engine = database.open_engine(empty_database_url)
    starter = Victim(nursery, MIGRATE, {"URL": empty_database_url})
    stride = max(1, 25 // scale)  # every statement in the long run
    kills = 0
    whole = None
    for at in itertools.count(1, stride):
        wipe(engine)
        if not is_fresh:
            with engine.begin() as connection:
                make_schema_1(connection)
        starter.start(FATAL=str(at))
        status = starter.wait()
        migrations.migrate(engine)
        whole = whole or tables_of(engine)
        assert tables_of(engine) == whole
        with engine.connect() as connection:
            versions = connection.execute(sa.text("SELECT version FROM schema_version ORDER BY 1")).scalars()
            assert list(versions) == ([NEWEST] if is_fresh else list(range(1, NEWEST + 1)))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        kills += 1
    engine.dispose()
    assert kills >= 2
    tried(kills)


def step_down(engine, make_schema_1):
    """Bring a database of today back to schema 1, with all its rows, as if it had never been upgraded."""
    with engine.begin() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in metadata.sorted_tables
        }
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
        make_schema_1(connection)
        for name in [table.name for table in metadata.sorted_tables if table.name != "schema_version"]:
            if sa.inspect(connection).has_table(name):
                old = sa.Table(name, sa.MetaData(), autoload_with=connection)
                for row in rows[name]:
                    connection.execute(old.insert(), {one.name: row[one.name] for one in old.columns})


@pytest.fixture
def books(house):
    """The house's database, past the house."""
    engine = database.open_engine(house.database_url)
    yield engine
    engine.dispose()


@pytest.mark.timeout(600)
def test_cr_12_tasks_that_are_queued_and_running_survive_an_upgrade_and_are_charged_once(
    house, books, make_schema_1
):
    running, queued = house.accept("slow 2 s", takes=1), house.accept(takes=1)
    house.worker.start()
    eventually(lambda: house.task(running).state == "text_ready")
    house.worker.kill()
    assert house.task(queued).state == "queued"
    step_down(books, make_schema_1)

    prepare(house.room.settings)  # as the server does at its start
    later = house.accept(takes=1)
    house.worker.start()
    eventually(house.are_complete, limit_s=120)
    assert {one: house.entries(one) for one in (running, queued, later)} == {
        one: ["hold", "capture"] for one in (running, queued, later)
    }


@pytest.mark.timeout(600)
def test_cr_12_a_downgrade_works_on_where_the_newer_schema_allows_it_and_is_refused_where_not(house, books):
    queued = house.accept(takes=1)
    migrations.migrate(books, (*STEPS, HARMLESS))  # the newer program; what follows is the older one again
    later = house.accept(takes=1)
    house.worker.start()
    eventually(house.are_complete, limit_s=120)
    assert house.entries(queued) == house.entries(later) == ["hold", "capture"]

    house.worker.kill()
    migrations.migrate(books, (*STEPS, HARMLESS, GRAVE))
    refused = house.command("work")
    assert refused.returncode == 1
    assert f"has schema {GRAVE.number}" in refused.stderr
    assert "Traceback" not in refused.stderr
