"""Statements of the busy paths, turned into SQL once and handed to the driver as they are.

Building an expression, finding its compiled form and describing its result anew cost SQLAlchemy several
times what SQLite needs to run it (measured: 80 against 12 microseconds), so the few statements that every
request needs are kept as text per database. Values go in and come out as the driver has them; errors come
as SQLAlchemy tells them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement found, as named tuples, or how many rows it changed (``rowcount``)."""

    rowcount: int
    found: Sequence[Any] = ()

    def __iter__(self) -> Iterator[Any]:
        """Give one row after another."""
        return iter(self.found)

    def all(self) -> Sequence[Any]:
        """Return all rows."""
        return self.found

    def first(self) -> Any:
        """Return the first row, or None."""
        return self.found[0] if self.found else None

    def one(self) -> Any:
        """Return the only row."""
        (row,) = self.found
        return row

    def scalar(self) -> Any:
        """Return the first value of the first row, or None."""
        return self.found[0][0] if self.found else None


class Statement:
    """One statement with named parameters (``sa.bindparam``, or the columns of an insert).

    ``columns`` are those that an insert gives values to; None: all of the table.
    """

    def __init__(self, clause: sa.Executable, *, columns: Sequence[str] | None = None) -> None:
        self._clause = clause
        self._columns = columns
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}
        self._row: Any = None

    def __call__(self, connection: sa.Connection, parameters: dict[str, Any]) -> Rows:
        """Run it on a connection."""
        known = self._known.get(connection.dialect.name)
        sql, constants = known or self._compiled(connection)
        values = {**constants, **parameters}
        cursor = connection.connection.cursor()
        try:
            _tell_listeners(connection, cursor, sql, values)
            cursor.execute(sql, values)
            return self._rows(cursor)
        except connection.dialect.loaded_dbapi.Error as error:
            # What ``exec_driver_sql`` does: name the error, and give up a connection that was lost.
            connection._handle_dbapi_exception(error, sql, values, cursor, None)  # noqa: SLF001 - see above
            raise
        finally:
            cursor.close()

    def _rows(self, cursor: Any) -> Rows:
        if cursor.description is None:
            return Rows(cursor.rowcount)
        if self._row is None:
            self._row = _row_class([column[0] for column in cursor.description])
        return Rows(cursor.rowcount, [self._row._make(row) for row in cursor.fetchall()])

    def _compiled(self, connection: sa.Connection) -> tuple[str, dict[str, Any]]:
        kind: Any = type(connection.dialect)
        assert isinstance(self._clause, sa.ClauseElement)
        # Both drivers take named parameters, each in a spelling of its own.
        style = "named" if connection.dialect.name == "sqlite" else "pyformat"
        dialect = kind(paramstyle=style)
        dialect.default_schema_name = connection.dialect.default_schema_name
        schemas = connection.get_execution_options().get("schema_translate_map")
        compiled = self._clause.compile(
            dialect=dialect,
            column_keys=self._columns,
            schema_translate_map=schemas,
            render_schema_translate=schemas is not None,
        )
        constants = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        self._known[connection.dialect.name] = (str(compiled), constants)
        return self._known[connection.dialect.name]


def _row_class(names: Sequence[str]) -> Any:
    """Return a named tuple; its fields are known only when the driver has told them."""
    return namedtuple("Row", names, rename=True)  # noqa: PYI024 - see above


def _tell_listeners(connection: sa.Connection, cursor: Any, sql: str, values: dict[str, Any]) -> None:
    """Let who listens to a connection's statements hear of this one too."""
    if connection._has_events or connection.engine._has_events:  # noqa: SLF001 - as SQLAlchemy asks itself
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, values, None, False)
