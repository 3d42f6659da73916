"""Statements of the busy paths, turned into SQL once.

Building an expression and finding its compiled form costs SQLAlchemy several times what SQLite needs to
run it (measured: 80 against 12 microseconds), so the few statements that every request needs are kept
as text per database. Values go in and come out as the driver has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


class Statement:
    """One statement with named parameters (``sa.bindparam``, or the columns of an insert).

    ``columns`` are those that an insert gives values to; None: all of the table.
    """

    def __init__(self, clause: sa.Executable, *, columns: Sequence[str] | None = None) -> None:
        self._clause = clause
        self._columns = columns
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}

    def __call__(self, connection: sa.Connection, parameters: dict[str, Any]) -> sa.CursorResult[Any]:
        """Run it on a connection."""
        known = self._known.get(connection.dialect.name)
        sql, constants = known or self._compiled(connection)
        return connection.exec_driver_sql(sql, {**constants, **parameters})

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
