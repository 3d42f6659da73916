"""Errors as crun.ai says them: a number and a message in the body of an HTTP 200."""

from __future__ import annotations

from types import MappingProxyType

from cadenza.dialects.crun import quirks
from cadenza.dialects.refusals import (
    UNEXPECTED,
    Refusal,
    Row,
    Rows,
    faults_json,
    identified,
    retry_headers,
    row_for,
    sentence,
)
from cadenza.domain.errors import (
    Conflict,
    Damaged,
    Forbidden,
    GenerationFailed,
    Gone,
    InsufficientCredits,
    KeyReused,
    Malformed,
    NotFound,
    RateLimited,
    SourceUnusable,
    SpendCapReached,
    Stopped,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

ROWS: Rows = MappingProxyType(
    {
        Unauthenticated: Row(401, "Unauthorized"),
        Forbidden: Row(401, "Unauthorized"),
        InsufficientCredits: Row(402, "Insufficient credits"),
        SpendCapReached: Row(402, "Insufficient credits"),
        NotFound: Row(404, "Not found"),
        Gone: Row(404, "Not found"),
        Malformed: Row(422, "Validation error"),
        TooLarge: Row(422, "Validation error"),
        StorageFull: Row(422, "Validation error"),
        Conflict: Row(422, "Validation error"),
        KeyReused: Row(422, "Validation error"),
        SourceUnusable: Row(422, "Validation error"),
        RateLimited: Row(429, "Rate limited"),
        Unavailable: Row(455, "Service unavailable"),
        GenerationFailed: Row(501, "Generation failed"),
        Damaged: Row(500, "Server error"),
        Stopped: Row(501, "Generation failed"),
        Unsupported: Row(505, "Feature disabled"),
    }
)

# "code 422, message says the task id was not found": when creating, an unknown source is a fault
# of the request, while a query for an unknown task is 404.
_UNKNOWN_SOURCE = Row(422, "Validation error")

_WIRE_NAMES = {
    "source_url": "input.audio_url",
    "continue_at": "input.continue_at",
    "duration": "input.duration",
}


def refusal_body(
    error: BaseException,
    *,
    mirror_status: bool = quirks.MIRROR_STATUS_BY_DEFAULT,
    creating: bool = False,
    request_id: str = "",
) -> Refusal:
    """Return HTTP status, body and headers of a refusal.

    ``mirror_status`` makes the HTTP status equal the code; a server error has HTTP 500 always, so
    that the operator's proxies see it. ``creating`` says that the request was
    to create a task, where an unknown source is a fault of the request.
    """
    row = _UNKNOWN_SOURCE if creating and isinstance(error, NotFound) else row_for(ROWS, error)
    body = {
        "code": row.code,
        "message": sentence(row, error, _WIRE_NAMES),
        "data": None,
        "errors": faults_json(error, _WIRE_NAMES),
    }
    mirrored = mirror_status or row.code == UNEXPECTED.code
    return row.code if mirrored else 200, identified(body, request_id), retry_headers(error)
