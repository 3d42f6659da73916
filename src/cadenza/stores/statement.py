"""Statements of the busy paths, turned into SQL once.

Building an expression and finding its compiled form costs SQLAlchemy several times what SQLite needs to
run it (measured: 80 against 12 microseconds), so the few statements that every request needs are kept
as text per database. Values go in and come out as the driver has them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


class Statement:
    """One statement with named parameters (``sa.bindparam``, or the columns of an insert)."""

    def __init__(self, clause: sa.Executable) -> None:
        self._clause = clause
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
        compiled = self._clause.compile(dialect=kind(paramstyle=style))
        constants = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        self._known[connection.dialect.name] = (str(compiled), constants)
        return self._known[connection.dialect.name]
