"""Errors as apiin.one says them: a real HTTP status and an ``error`` object."""

from __future__ import annotations

from types import MappingProxyType

from cadenza.dialects.apiin import quirks
from cadenza.dialects.refusals import (
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
        Malformed: Row(400, "Invalid request"),
        Unsupported: Row(400, "Invalid request"),
        KeyReused: Row(400, "Invalid request"),
        SourceUnusable: Row(400, "Invalid request"),
        Stopped: Row(400, "Invalid request"),
        Conflict: Row(quirks.UNFINISHED_SOURCE_STATUS, "Invalid request"),
        Unauthenticated: Row(401, "Invalid or missing API key"),
        InsufficientCredits: Row(402, "Insufficient balance"),
        SpendCapReached: Row(402, "Insufficient balance"),
        Forbidden: Row(403, "Forbidden"),
        NotFound: Row(404, "Not found"),
        Gone: Row(410, "Gone"),
        TooLarge: Row(413, "Request too large"),
        StorageFull: Row(413, "Storage full"),
        RateLimited: Row(429, "Too many requests"),
        GenerationFailed: Row(500, "Generation failed"),
        Damaged: Row(500, "Server error"),
        Unavailable: Row(503, "Service unavailable"),
    }
)

_UNKNOWN_SOURCE = Row(quirks.UNKNOWN_SOURCE_STATUS, "Invalid request")

# The first three are the page's words, the others follow them.
_TYPES = {
    400: "invalid_request",
    401: "authentication_error",
    402: "insufficient_credits",
    403: "permission_denied",
    404: "not_found",
    410: "gone",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    503: "service_unavailable",
}
_SERVER_ERROR_TYPE = "server_error"

_WIRE_NAMES = {"source_url": "origin_task_id", "continue_at": "extensionStartTime"}


def refusal_body(
    error: BaseException,
    *,
    mirror_status: bool = False,  # noqa: ARG001 - the same call for every dialect; the status is real here
    creating: bool = False,
    request_id: str = "",
) -> Refusal:
    """Return HTTP status, body and headers of a refusal.

    ``creating`` says that the request was to create a task: then "origin_task_id is invalid" is
    400, while a query for an unknown task is 404.
    """
    row = _UNKNOWN_SOURCE if creating and isinstance(error, NotFound | Gone) else row_for(ROWS, error)
    told = {
        "message": sentence(row, error, _WIRE_NAMES),
        "type": _TYPES.get(row.code, _SERVER_ERROR_TYPE),
        "errors": faults_json(error, _WIRE_NAMES),
    }
    return row.code, {"error": identified(told, request_id)}, retry_headers(error)
