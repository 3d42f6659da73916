"""Answers that the caller has already: an entity tag on every read, and 304 where nothing has changed.

The tag of a task is the number of its last change and its place in the queue: one row tells whether a
program that polls has seen it all, and nothing is read, built or sent. Everything else is tagged by a
digest of its bytes.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2s

from starlette.requests import Request
from starlette.responses import Response

import cadenza

# To be asked again each time; to nobody else's program than the one with the key.
_KEEPING = {"cache-control": "private, no-cache", "vary": "Authorization, X-Api-Key"}
_RAW = [(name.encode(), value.encode()) for name, value in _KEEPING.items()]


def fresh(request: Request, response: Response) -> Response:
    """Return the answer to a read with its tag and its rules of keeping, or 304 where the caller has it."""
    headers = response.headers
    is_read = request.method in {"GET", "HEAD"} and response.status_code == 200
    if not is_read or "cache-control" in headers or not isinstance(response.body, bytes):
        return response
    headers.setdefault("etag", f'W/"{blake2s(response.body, digest_size=16).hexdigest()}"')
    response.raw_headers.extend(_RAW)
    return not_modified(headers["etag"]) if has(request, headers["etag"]) else response


def not_modified(tag: str) -> Response:
    """Return the answer to who has what this tag names."""
    return Response(status_code=304, headers={"etag": tag, **_KEEPING})


def has(request: Request, tag: str) -> bool:
    """Answer whether the caller has what this tag names; compared weakly, as RFC 9110 asks."""
    told = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in {tag.removeprefix("W/"), "*"} for one in told.split(","))


def task_tag(public_url: str, change: int, queue_place: int | None) -> str:
    """Return the tag of a task after its so-manieth change, at this place in the queue."""
    place = "" if queue_place is None else f"-{queue_place}"
    return f'W/"{_edition(public_url)}-{change}{place}"'


@cache
def _edition(public_url: str) -> str:
    """Return what else an answer depends on: a release may say it otherwise, an address links elsewhere."""
    return blake2s(f"{cadenza.__version__} {public_url}".encode(), digest_size=4).hexdigest()
