"""Answering with a file that lies in a bucket: whole or one part, as from a disk.

The bytes go through this server: the bucket stays private, pages need no leave to load from another host,
and a link ends with the file's time or its owner's word. A redirect to a signed address of the store would
give up all three.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cadenza.publish.port import FarFile

_ONE_PART: Final = re.compile(r"\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


class BeyondTheEnd(Exception):
    """The part that is asked for begins where the file has ended."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from ``start`` up to ``stop``."""

    start: int
    stop: int


def asked_part(headers: Headers, *, size_bytes: int, etag: str) -> Part | None:
    """Return which part of a file is asked for; None for all of it. Raises ``BeyondTheEnd``.

    Several parts at once, and whatever is no range, count as the whole file, as RFC 9110 (14.2) allows;
    so does a part of another version of it.
    """
    unit, _, ranges = headers.get("range", "").partition("=")
    asked = _ONE_PART.fullmatch(ranges)
    if unit.strip().lower() != "bytes" or not asked or headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first and not last:
        return None
    start = int(first) if first else max(0, size_bytes - int(last))
    stop = min(int(last) + 1, size_bytes) if first and last else size_bytes
    if start >= size_bytes:
        raise BeyondTheEnd
    return Part(start, stop) if start < stop else None


async def answer_from_afar(
    file: FarFile, request: Request, *, size_bytes: int, etag: str, headers: Mapping[str, str]
) -> Response:
    """Return the answer, whose first bytes have come already.

    Raises ``NotFound``, ``Unavailable`` and ``Damaged`` before anything is sent. What fails later breaks the
    answer off, short of what its Content-Length promised.
    """
    try:
        part = asked_part(request.headers, size_bytes=size_bytes, etag=etag)
    except BeyondTheEnd:
        return Response(status_code=416, headers={"content-range": f"bytes */{size_bytes}"})
    start, stop = (part.start, part.stop) if part else (0, size_bytes)
    told = {**headers, "accept-ranges": "bytes", "etag": etag, "content-length": str(stop - start)}
    if part:
        told["content-range"] = f"bytes {start}-{stop - 1}/{size_bytes}"
    status = 206 if part else 200
    if request.method == "HEAD":
        await anext(file.stream(start, start + 1, size_bytes=size_bytes))
        return Response(status_code=status, headers=told)
    pieces = file.stream(start, stop, size_bytes=size_bytes)
    return StreamingResponse(_all(await anext(pieces), pieces), status, headers=told)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
