"""How values lie in columns: times as Unix milliseconds, JSON as text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson


def to_ms(moment: dt.datetime) -> int:
    """Return the moment in Unix milliseconds."""
    return round(moment.timestamp() * 1000)


def from_ms(moment_ms: int) -> dt.datetime:
    """Return the moment, aware, in UTC."""
    return dt.datetime.fromtimestamp(moment_ms / 1000, tz=dt.UTC)


def from_ms_or_none(moment_ms: int | None) -> dt.datetime | None:
    """Return the moment, or None where there is none."""
    return None if moment_ms is None else from_ms(moment_ms)


def to_json(value: object) -> str:
    """Return the value as JSON text."""
    return orjson.dumps(value).decode()


def from_json(text: str) -> Any:
    """Return the value of the JSON text."""
    return orjson.loads(text)


def row_values(row: Any) -> dict[str, Any]:
    """Return a row as names and values."""
    return dict(zip(row._fields, row, strict=True))
