"""What the dialects' error tables share: how a row is found and what may be told of an error."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from cadenza.dialects.telling import Json
from cadenza.domain.errors import CadenzaError, Fault, Malformed, RateLimited, Unavailable

Refusal = tuple[int, Json, dict[str, str]]  # HTTP status, body, headers


@dataclass(frozen=True, slots=True)
class Row:
    """How a dialect says an error: its number, and the sentence of its pages."""

    code: int
    text: str


Rows = Mapping[type[CadenzaError], Row]

# Anything not raised on purpose. Its text is never shown.
UNEXPECTED = Row(500, "An unexpected error occurred while processing the request")


def row_for(rows: Rows, error: BaseException) -> Row:
    """Return the row of an error's class or the nearest class above it."""
    for kind in type(error).__mro__:
        if kind in rows:
            return rows[kind]
    return UNEXPECTED


def sentence(row: Row, error: BaseException, names: Mapping[str, str]) -> str:
    """Return what a reader is told: the page's sentence, then ours."""
    if not isinstance(error, CadenzaError):
        return f"{row.text}."
    faults = faults_of(error, names)
    told = "; ".join(str(fault) for fault in faults) if faults else str(error)
    return f"{row.text}: {told}" if told else f"{row.text}."


def faults_of(error: BaseException, names: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return the faults of a malformed request under their wire names.

    Intake finds faults too (a place behind the end of the source) and calls fields by neutral
    names; ``names`` has the dialect's own for them.
    """
    if not isinstance(error, Malformed):
        return ()
    return tuple(
        dataclasses.replace(fault, field=names.get(fault.field, fault.field)) for fault in error.faults
    )


def faults_json(error: BaseException, names: Mapping[str, str]) -> list[Json]:
    """Return the faults as JSON; ``limit`` and ``actual`` are null where there are no numbers."""
    return [
        {"field": fault.field, "reason": fault.reason, "limit": fault.limit, "actual": fault.actual}
        for fault in faults_of(error, names)
    ]


def retry_headers(error: BaseException) -> dict[str, str]:
    """Return Retry-After for the two errors that time heals."""
    if isinstance(error, RateLimited | Unavailable):
        return {"Retry-After": str(error.retry_after_s)}
    return {}


def identified(body: Json, request_id: str) -> Json:
    """Return an error's object with the id by which the operator finds the request in the log."""
    return {**body, "request_id": request_id} if request_id else body
