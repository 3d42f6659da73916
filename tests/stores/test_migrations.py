"""CR-12: old databases come up, newer ones are worked on where they allow it and refused where not."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from cadenza.domain.errors import Unavailable
from cadenza.stores import database, migrations
from cadenza.stores.steps import STEPS, Step

NEWEST = STEPS[-1].number
HARMLESS = Step(NEWEST + 1, "a column more", NEWEST, ("ALTER TABLE tasks ADD COLUMN mood TEXT",))
GRAVE = Step(NEWEST + 1, "another name", NEWEST + 1, ("ALTER TABLE tasks RENAME COLUMN stage TO phase",))
BROKEN = Step(
    NEWEST + 1, "half a step", NEWEST, (*HARMLESS.statements, "ALTER TABLE nothing ADD COLUMN x TEXT")
)
QUESTIONS = ("get_pk_constraint", "get_foreign_keys", "get_unique_constraints", "get_check_constraints")


def columns(engine):
    """Return the type, nullability and default of every column of every table."""
    inspector = sa.inspect(engine)
    return {
        f"{table}.{column['name']}": (str(column["type"]), column["nullable"], column["default"])
        for table in inspector.get_table_names()
        for column in inspector.get_columns(table)
    }


def promises(engine):
    """Return what the tables promise beyond their columns: keys, checks, indexes."""
    inspector = sa.inspect(engine)
    told = set()
    for table in inspector.get_table_names():
        for question in QUESTIONS:
            answer = getattr(inspector, question)(table)
            told |= {
                (table, question, str(one)) for one in (answer if isinstance(answer, list) else [answer])
            }
        told |= {
            (table, one["name"], *one["column_names"], one["unique"]) for one in inspector.get_indexes(table)
        }
    return told


def empty(engine):
    """Take everything out of the database."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        else:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for table in sa.inspect(connection).get_table_names():
                connection.exec_driver_sql(f"DROP TABLE {table}")
    engine.dispose()


def versions(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT version, compatible_from FROM schema_version ORDER BY 1"))
        return [tuple(row) for row in rows]


def migrate_at_once(engine, count=6):
    """Let several starters, each with connections of its own, bring one database up at the same moment."""
    ready, failures = threading.Barrier(count), []

    def start():
        own = database.open_engine(engine.url.render_as_string(hide_password=False))
        ready.wait(30)
        try:
            database.migrate(own)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            own.dispose()

    starters = [threading.Thread(target=start) for _ in range(count)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    return failures


def test_steps_are_numbered_without_a_gap_and_never_suit_more_programs_than_the_ones_before():
    assert [step.number for step in STEPS] == list(range(2, len(STEPS) + 2))
    suits = [step.compatible_from for step in STEPS]
    assert suits == sorted(suits)
    assert all(step.compatible_from <= step.number for step in STEPS)


def test_cr_12_an_old_database_comes_up_to_the_same_tables_as_a_fresh_one(old_engine):
    migrations.migrate(old_engine)
    stepped = columns(old_engine), promises(old_engine)
    assert versions(old_engine) == [(1, 1), *((step.number, step.compatible_from) for step in STEPS)]
    empty(old_engine)
    migrations.migrate(old_engine)
    assert (columns(old_engine), promises(old_engine)) == stepped
    assert versions(old_engine) == [(NEWEST, STEPS[-1].compatible_from)]


def test_cr_12_a_database_of_the_first_schema_that_had_gained_tables_already_comes_up_too(old_engine):
    with old_engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE chores (name TEXT NOT NULL, taken_at_ms BIGINT NOT NULL, PRIMARY KEY (name))"
        )
    migrations.migrate(old_engine)
    assert versions(old_engine)[-1][0] == NEWEST


def test_cr_12_several_programs_that_start_at_once_make_the_tables_once(empty_engine):
    assert migrate_at_once(empty_engine) == []
    assert versions(empty_engine) == [(NEWEST, STEPS[-1].compatible_from)]


def test_cr_12_several_programs_that_start_at_once_take_each_step_once(old_engine):
    assert migrate_at_once(old_engine) == []
    assert [number for number, _ in versions(old_engine)] == [1, *(step.number for step in STEPS)]


def test_cr_12_a_step_that_fails_leaves_nothing_behind(empty_engine):
    migrations.migrate(empty_engine)
    before = columns(empty_engine)
    with pytest.raises(sa.exc.DBAPIError):
        migrations.migrate(empty_engine, (*STEPS, BROKEN))
    assert columns(empty_engine) == before
    assert versions(empty_engine)[-1][0] == NEWEST


def test_cr_12_a_newer_database_whose_steps_suit_this_program_is_left_as_it_is(empty_engine):
    migrations.migrate(empty_engine)
    migrations.migrate(empty_engine, (*STEPS, HARMLESS))
    newer = columns(empty_engine)
    database.migrate(empty_engine)
    migrations.check(empty_engine)
    assert columns(empty_engine) == newer
    assert versions(empty_engine)[-1] == (NEWEST + 1, NEWEST)


@pytest.mark.parametrize("ask", [database.migrate, migrations.check])
def test_cr_12_a_newer_database_that_does_not_suit_this_program_is_refused_with_a_sentence(empty_engine, ask):
    migrations.migrate(empty_engine, (*STEPS, GRAVE))
    newer = columns(empty_engine)
    with pytest.raises(Unavailable, match=f"has schema {NEWEST + 1}.* this Cadenza knows schema {NEWEST}:"):
        ask(empty_engine)
    assert columns(empty_engine) == newer


def test_cr_12_who_is_started_beside_a_server_asks_for_the_server_where_the_schema_is_old(old_engine):
    with pytest.raises(Unavailable, match="start its server first"):
        migrations.check(old_engine)
