"""Reading the few answer headers that matter; whatever cannot be read counts as absent."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable
from datetime import UTC, datetime

Headers = Iterable[tuple[bytes, bytes]]

UNKNOWN_MEDIA_TYPE = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}\Z")
_DELAY = re.compile(r"[0-9]{1,9}\Z")


def header_value(headers: Headers, name: bytes) -> str:
    """Return the first value of the header ``name`` (lower case), "" where it is missing.

    Servers put UTF-8 into ``Location``; what is no UTF-8 is read byte by byte.
    """
    value = next((value for key, value in headers if key.lower() == name), b"").strip()
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def media_type_of(headers: Headers) -> str:
    """Return the media type without parameters, in lower case."""
    told = header_value(headers, b"content-type").partition(";")[0].strip().lower()
    return told if _MEDIA_TYPE.match(told) else UNKNOWN_MEDIA_TYPE


def retry_after_s_of(headers: Headers, *, now: datetime) -> float | None:
    """Return the Retry-After of RFC 9110, seconds or a date, as seconds from ``now``.

    None where there is none, where it is negative, in the past or no such value.
    """
    told = header_value(headers, b"retry-after")
    if _DELAY.match(told):
        return float(told)
    moment = _moment(told)
    left_s = -1.0 if moment is None else (moment - now).total_seconds()
    return left_s if left_s >= 0 else None


def date_of(headers: Headers) -> datetime | None:
    """Return the moment in the Date header."""
    return _moment(header_value(headers, b"date"))


def _moment(told: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
