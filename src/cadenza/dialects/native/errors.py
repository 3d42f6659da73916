"""Errors of our own dialect: RFC 9457 problem details with real HTTP statuses and a list of faults."""

from __future__ import annotations

from types import MappingProxyType

from cadenza.dialects.refusals import (
    UNEXPECTED,
    Refusal,
    Row,
    Rows,
    faults_json,
    faults_of,
    identified,
    retry_headers,
    row_for,
)
from cadenza.dialects.telling import Json
from cadenza.domain.errors import (
    CadenzaError,
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

MEDIA_TYPE = "application/problem+json"

ROWS: Rows = MappingProxyType(
    {
        Unauthenticated: Row(401, "Unauthenticated"),
        InsufficientCredits: Row(402, "Insufficient credits"),
        SpendCapReached: Row(402, "Spend cap reached"),
        Forbidden: Row(403, "Forbidden"),
        NotFound: Row(404, "Not found"),
        Conflict: Row(409, "Conflict"),
        Stopped: Row(409, "Cancelled"),
        Gone: Row(410, "Gone"),
        TooLarge: Row(413, "Too large"),
        StorageFull: Row(413, "Storage full"),
        Malformed: Row(422, "Malformed request"),
        KeyReused: Row(422, "Idempotency key reused"),
        SourceUnusable: Row(422, "Source unusable"),
        Unsupported: Row(422, "Unsupported by the engine"),
        RateLimited: Row(429, "Too many requests"),
        GenerationFailed: Row(500, "Generation failed"),
        Damaged: Row(500, "Damaged"),
        Unavailable: Row(503, "Service unavailable"),
    }
)

_WIRE_NAMES = {"source_url": "source.url", "continue_at": "continue_at_s", "duration": "duration_s",
               "replace_to": "replace_to_s"}  # fmt: skip


def refusal_body(
    error: BaseException,
    *,
    mirror_status: bool = False,  # noqa: ARG001 - the same call for every dialect; the status is real here
    creating: bool = False,
    request_id: str = "",
) -> Refusal:
    """Return HTTP status, problem object and headers (with the media type) of a refusal.

    ``creating`` says that the request was to create a task: then an unknown source is 422.
    """
    row = row_for(ROWS, error)
    status = 422 if creating and isinstance(error, NotFound) else row.code
    problem: Json = {
        "type": f"urn:cadenza:problem:{row.text.lower().replace(' ', '-')}",
        "title": row.text,
        "status": status,
        "detail": _detail(error),
        "faults": faults_json(error, _WIRE_NAMES),
        **_numbers(error),
    }
    headers = {"Content-Type": MEDIA_TYPE, **retry_headers(error)}
    return status, identified(problem, request_id), headers


def _detail(error: BaseException) -> str:
    if isinstance(error, Malformed):
        return "; ".join(str(fault) for fault in faults_of(error, _WIRE_NAMES))
    return str(error) if isinstance(error, CadenzaError) else f"{UNEXPECTED.text}."


def _numbers(error: BaseException) -> Json:
    """Return the members that a program can act on without reading a sentence."""
    if isinstance(error, InsufficientCredits | SpendCapReached):
        return {"needed": error.needed, "available": error.available}
    if isinstance(error, RateLimited | Unavailable):
        return {"retry_after_s": error.retry_after_s}
    if isinstance(error, TooLarge | StorageFull):
        return {"limit": error.limit, "actual": error.actual}
    return {}
