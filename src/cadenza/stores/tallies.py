"""Sums over all workers on SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cadenza.stores.schema import tallies
from cadenza.tasks.tallies import Series


class SqlTallies:
    """``TallyBook`` on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, amounts: Mapping[Series, float]) -> None:
        """Add to the sums, in one order for all: two workers that add at once do not lock each other out."""
        insert = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        statement = insert(tallies)
        adding = statement.on_conflict_do_update(
            index_elements=[tallies.c.series],
            set_={"amount": tallies.c.amount + statement.excluded.amount},
        )
        rows = [{"series": _text(series), "amount": amounts[series]} for series in sorted(amounts)]
        if rows:
            self._connection.execute(adding, rows)

    def sums(self) -> Mapping[Series, float]:
        """Return all sums."""
        return {_series(row.series): row.amount for row in self._connection.execute(tallies.select())}


def _text(series: Series) -> str:
    return json.dumps([series.name, series.part, *series.values])


def _series(text: str) -> Series:
    name, part, *values = json.loads(text)
    return Series(name, tuple(values), part)
