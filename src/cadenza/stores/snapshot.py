"""A whole copy of the embedded database while others write to it, and checks of such a copy."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from cadenza.domain.errors import Unavailable


def snapshot(database: Path, to: Path) -> None:
    """Copy the database as of one moment, by SQLite's own backup; nobody who writes waits for it.

    Raises
    ------
    Unavailable
        There is no database, or the copy is not whole.
    """
    if not database.is_file():
        raise Unavailable("There is no database in this data folder.")
    with _opened(database) as source, _opened(to) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    check(to)


def check(database: Path) -> None:
    """Raise ``Unavailable`` unless SQLite finds the database whole."""
    try:
        with _opened(database) as connection:
            told = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise Unavailable("The copy of the database is damaged.") from error
    if told != "ok":
        raise Unavailable("The copy of the database is damaged.")


def digests(database: Path) -> frozenset[str]:
    """Return the digests of all files that the database refers to."""
    with _opened(database) as connection:
        rows = connection.execute("SELECT sha256 FROM artefacts UNION SELECT sha256 FROM uploads")
        return frozenset(row[0] for row in rows if row[0])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        yield connection
