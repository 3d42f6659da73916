"""Parts of a file that lies in a bucket are answered as those of a file on the disk."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from cadenza.domain.errors import NotFound, Unavailable
from cadenza.web.far import answer_from_afar

CONTENT = bytes(range(100))
ETAG = '"the-digest"'


class Far:
    """A far file in memory, in pieces of seven bytes; ``error`` comes after as many pieces as are told."""

    def __init__(self, *, error=None, after=0):
        self._error, self._after = error, after

    async def stream(self, start, stop, *, size_bytes):
        assert size_bytes == len(CONTENT)
        for number, first in enumerate(range(start, stop, 7)):
            if self._error and number == self._after:
                raise self._error
            yield CONTENT[first : min(first + 7, stop)]


def asked(headers, method="GET"):
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"type": "http", "method": method, "headers": raw, "path": "/", "asgi": {"spec_version": "2.4"}}
    )


async def sent(response, request):
    """Return status, headers and body that a response sends."""
    messages = []

    async def send(message):
        messages.append(message)

    await response(request.scope, None, send)
    start, *bodies = messages
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], told, b"".join(one.get("body", b"") for one in bodies)


def from_afar(headers, method="GET", file=None):
    async def answer():
        request = asked(headers, method)
        response = await answer_from_afar(
            file or Far(), request, size_bytes=len(CONTENT), etag=ETAG, headers={"content-type": "audio/mpeg"}
        )
        return await sent(response, request)

    return asyncio.run(answer())


RANGES = [
    "bytes=0-9", "bytes=90-", "bytes=-10", "bytes=-1000", "bytes=5-5", "bytes=99-99", "bytes=50-1000",
    "bytes=0-", "bytes=0-99", "bytes=0-1000", "BYTES=0-3", "bytes=100-", "bytes=1000-2000", "bytes=-0",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("if_range", [None, ETAG, '"another"', 'W/"the-digest"'])
@pytest.mark.parametrize("asked_range", [None, *RANGES])
def test_ST_06_a_part_from_afar_is_the_part_from_the_disk(tmp_path, method, if_range, asked_range):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    headers = {name: text for name, text in (("Range", asked_range), ("If-Range", if_range)) if text}
    near = FileResponse(path, headers={"content-type": "audio/mpeg", "etag": ETAG})
    status, told, body = asyncio.run(sent(near, asked(headers, method)))
    far_status, far_told, far_body = from_afar(headers, method)
    assert (far_status, far_body) == (status, body)
    if status == 416:  # how the star is written before it is free
        assert far_told["content-range"] == told["content-range"]
        return
    for name in ("content-range", "content-length", "content-type", "etag", "accept-ranges"):
        assert far_told.get(name) == told.get(name), name


@pytest.mark.parametrize(
    "text",
    ["bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "seconds=0-9", "bytes", "bytes=0-1,5-6", "x" * 5000],
)
def test_ST_06_what_is_no_single_range_is_the_whole_file(text):
    status, told, body = from_afar({"Range": text})
    assert (status, body) == (200, CONTENT)
    assert "content-range" not in told


@pytest.mark.parametrize("error", [NotFound("file"), Unavailable("away")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_fails_at_once_is_told_before_anything_is_sent(error, method):
    with pytest.raises(type(error)):
        from_afar({}, method, Far(error=error))


def test_what_fails_later_breaks_the_answer_off():
    with pytest.raises(Unavailable):
        from_afar({}, "GET", Far(error=Unavailable("away"), after=3))
