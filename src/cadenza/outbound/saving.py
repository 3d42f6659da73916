"""An answer's body to a file: raw, counted while it comes, never unpacked."""

from __future__ import annotations

import re
import unicodedata
import urllib.parse
from pathlib import Path

import httpcore

from cadenza.outbound.answers import Fetched, Reason, Stop
from cadenza.outbound.headers import header_value, media_type_of
from cadenza.outbound.url import Target

_SUCCESS = frozenset({200, 203})
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"})
_LONGEST_NAME = 100


def save(response: httpcore.Response, target: Target, path: Path, *, max_bytes: int) -> Fetched:
    """Write the body of a successful answer to ``path``.

    Raises ``Stop`` for any other status, a compressed body, an empty one, and at the first byte over
    ``max_bytes`` - at once where Content-Length already says so.
    """
    _refuse_early(response, max_bytes)
    size_bytes = 0
    with path.open("wb") as file:
        for chunk in response.iter_stream():
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise Stop(Reason.TOO_LARGE)
            file.write(chunk)
    if not size_bytes:
        raise Stop(Reason.EMPTY)
    return Fetched(
        size_bytes=size_bytes,
        media_type=media_type_of(response.headers),
        final_name=name_of(target),
    )


def name_of(target: Target) -> str:
    """Return the last part of the path as a harmless file name: letters, digits, space, ``._-``."""
    last = urllib.parse.unquote(target.path.partition("?")[0].rpartition("/")[2], errors="replace")
    plain = re.sub(r"[^\w .-]+", "_", unicodedata.normalize("NFC", last)).strip(" .")
    return plain[-_LONGEST_NAME:]  # the end, because it holds the suffix


def _refuse_early(response: httpcore.Response, max_bytes: int) -> None:
    if response.status not in _SUCCESS:
        raise Stop(Reason.STATUS)
    if header_value(response.headers, b"content-encoding").lower() in _COMPRESSED:
        raise Stop(Reason.COMPRESSED)
    told = header_value(response.headers, b"content-length")
    if told.isdigit() and int(told) > max_bytes:
        raise Stop(Reason.TOO_LARGE)
