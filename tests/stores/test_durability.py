"""CR-06: what SQLite acknowledges is on the disk, whoever of us wrote it."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

import cadenza
from cadenza.domain.errors import Unavailable
from cadenza.settings import from_environment
from cadenza.stores.store import GroupCommit
from cadenza.wiring.backroom import backroom, prepare
from cadenza.wiring.desk import Desk

SOURCES = Path(cadenza.__file__).parent
FULL, WAL = 2, "wal"
OPENS = {"sa.create_engine", "sqlalchemy.create_engine", "sqlite3.connect"}


@pytest.fixture
def commits():
    """Collect how each commit of this process waits for the disk."""
    found = []

    def look(connection):
        cursor = connection.connection.cursor()
        told = [cursor.execute(f"PRAGMA {one}").fetchone()[0] for one in ("synchronous", "journal_mode")]
        found.append(tuple(told))
        cursor.close()

    sa.event.listen(sa.Engine, "commit", look)
    yield found
    sa.event.remove(sa.Engine, "commit", look)


def test_cr_06_every_commit_to_sqlite_waits_for_the_disk(tmp_path, commits, tried):
    settings = from_environment({"CADENZA_DATA": str(tmp_path)})
    prepare(settings)  # the tables, and a start and stop of the job engine
    room = backroom(settings)
    Desk(room).create_key("me", credits=10)
    batcher = GroupCommit(room.store)
    writes = [batcher.submit(lambda books: books.census()) for _ in range(8)]
    assert all(write.result() for write in writes)
    batcher.close()
    room.close()
    assert len(commits) > 5
    assert set(commits) == {(FULL, WAL)}
    tried(len(commits))


def test_cr_06_the_database_is_opened_for_writing_in_one_place_only():
    opening = {
        path.name
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in OPENS
    }
    # The doctor reads; a snapshot is synced as a file before it has its name.
    assert opening == {"database.py", "doctor.py", "snapshot.py"}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_cr_09_a_process_that_freezes_in_a_transaction_keeps_its_locks_for_ten_seconds_at_most(store):
    def freeze(books):
        connection = books._connection
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "10s"
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 20")
        connection.exec_driver_sql("LOCK TABLE chores")
        time.sleep(0.5)
        books.census()

    with pytest.raises(Unavailable):
        store.write(freeze)
    assert store.write(lambda books: books._connection.exec_driver_sql("LOCK TABLE chores")) is not None
