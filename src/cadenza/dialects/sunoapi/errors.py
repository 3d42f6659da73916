"""Errors as sunoapi.org and kie.ai say them: a number and a message in the body of an HTTP 200."""

from __future__ import annotations

from types import MappingProxyType

from cadenza.dialects.fields import TooLong
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
from cadenza.dialects.sunoapi import quirks
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
        Malformed: Row(400, "Invalid parameters"),
        Conflict: Row(400, "Invalid parameters"),
        Unsupported: Row(400, "Invalid parameters"),
        KeyReused: Row(400, "Invalid parameters"),
        SourceUnusable: Row(400, "Invalid parameters"),
        Stopped: Row(400, "Invalid parameters"),
        Unauthenticated: Row(401, "Unauthorized access"),
        Forbidden: Row(401, "Unauthorized access"),
        NotFound: Row(404, "Not found"),
        Gone: Row(404, "Not found"),
        TooLarge: Row(quirks.TOO_LONG_CODE, "Theme or prompt too long"),
        StorageFull: Row(400, "Invalid parameters"),
        InsufficientCredits: Row(quirks.CREDITS_CODE, "Insufficient credits"),
        SpendCapReached: Row(quirks.CREDITS_CODE, "Insufficient credits"),
        RateLimited: Row(quirks.RATE_LIMIT_CODE, "Your call frequency is too high. Please try again later"),
        Unavailable: Row(455, "System maintenance"),
        GenerationFailed: Row(500, "Server error"),
        Damaged: Row(500, "Server error"),
    }
)
_TOO_LONG = ROWS[TooLarge]

# The file routes use the usual HTTP statuses: none of their pages has 430 or 455.
FILE_ROWS: Rows = MappingProxyType(
    {
        **ROWS,
        TooLarge: Row(413, "The file is too large"),
        InsufficientCredits: Row(402, "Insufficient credits"),
        SpendCapReached: Row(402, "Insufficient credits"),
        StorageFull: Row(413, "The storage is full"),
        RateLimited: Row(429, "Your call frequency is too high. Please try again later"),
        Unavailable: Row(503, "System maintenance"),
    }
)

_WIRE_NAMES = {"source_url": "uploadUrl", "continue_at": "continueAt", "duration": "duration"}
_FILE_WIRE_NAMES = {"source_url": "fileUrl"}


def refusal_body(
    error: BaseException,
    *,
    mirror_status: bool = quirks.MIRROR_STATUS_BY_DEFAULT,
    creating: bool = False,  # noqa: ARG001 - the same call for every dialect
    request_id: str = "",
) -> Refusal:
    """Return HTTP status, body and headers of a refusal.

    ``mirror_status`` makes the HTTP status equal the code; a server error has HTTP 500 always.
    ``creating`` changes nothing here: an unknown source and an unknown task are both 404.
    """
    row = _TOO_LONG if _is_only_too_long(error) else row_for(ROWS, error)
    body = {
        "code": row.code,
        "msg": sentence(row, error, _WIRE_NAMES),
        "data": None,
        "errors": faults_json(error, _WIRE_NAMES),
    }
    mirrored = mirror_status or row.code == quirks.STATUS_OF_SERVER_ERROR
    return row.code if mirrored else 200, identified(body, request_id), retry_headers(error)


def file_refusal_body(error: BaseException, *, request_id: str = "") -> Refusal:
    """Return the refusal of a file route: the HTTP status equals the code."""
    row = row_for(FILE_ROWS, error)
    body = {
        "success": False,
        "code": row.code,
        "msg": sentence(row, error, _FILE_WIRE_NAMES),
        "data": None,
        "errors": faults_json(error, _FILE_WIRE_NAMES),
    }
    return row.code, identified(body, request_id), retry_headers(error)


def _is_only_too_long(error: BaseException) -> bool:
    return isinstance(error, Malformed) and all(isinstance(fault, TooLong) for fault in error.faults)
