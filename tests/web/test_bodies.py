"""BI-04, BI-05 and BI-07: bodies of the wrong structure, of any size, and forms that are a trap."""

from __future__ import annotations

import http.client
import json
import socket

import httpx
import psutil
import pytest

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.task import Dialect
from cadenza.stores.schema import tasks
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes

MIB = 1 << 20
HUGE = 300 * MIB
CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"]),
    "sunoapi": ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"]),
    "apiin": ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"]),
    "native": ("/v1/tasks", {"prompt": "rain"}),
}
BYTES_ROUTES = {
    "native": "/v1/tasks",
    "crun": "/api/v1/client/job/CreateTask",
    "sunoapi": "/api/v1/generate",
    "apiin": "/api/v1/audio/music",
    "base64 upload": "/api/file-base64-upload",
    "native upload": "/v1/uploads",
}


def code_of(answer):
    return answer.json().get("code", answer.status_code)


# BI-04

GOOD = json.dumps({"prompt": "rain"}).encode()
STRUCTURES = {
    "100,000 deep lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": b'{"prompt":"x","source":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "never closed": b"[" * 100_000,
    "a mark of the byte order": b"\xef\xbb\xbf" + GOOD,
    "bytes behind": GOOD + b"x",
    "an object behind": GOOD + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32-le"),
    "Latin-1": b'{"prompt":"caf\xe9"}',
    "no bytes": b"",
    "white space": b" \r\n\t ",
    "a list": b"[]",
    "a text": b'"prompt"',
    "a number": b"7",
    "nothing": b"null",
    "a form": b"prompt=rain",
    "XML": b"<prompt>rain</prompt>",
    "single quotes": b"{'prompt':'rain'}",
    "a comma too many": b'{"prompt":"rain",}',
    "a comment": b'{"prompt":"rain"/**/}',
    "no number": b'{"prompt":"rain","seed":NaN}',
    "compressed": b"\x1f\x8b\x08\x00" + b"\0" * 20,
}


@pytest.mark.parametrize("dialect", CREATING)
def test_bi_04_a_body_of_another_structure_is_refused_in_every_dialect(sqlite_house, dialect, tried):
    path, _ = CREATING[dialect]
    key = sqlite_house.caller("me")
    answers = sqlite_house.ask(key, *[("POST", path, body) for body in STRUCTURES.values()])
    for name, answer in zip(STRUCTURES, answers, strict=True):
        assert 400 <= code_of(answer) < 500, (name, answer.text)
        assert len(answer.content) < 4096
    assert sqlite_house.count(tasks) == 0
    tried(len(answers))


@pytest.mark.parametrize("dialect", CREATING)
def test_bi_04_a_name_that_comes_twice_counts_once_and_the_last_is_taken(sqlite_house, dialect):
    """RFC 8259 leaves it open. One parser reads the body for price, task and stamp alike, so all agree."""
    path, body = CREATING[dialect]
    key = sqlite_house.caller("me")
    text = json.dumps(body).encode()
    twice = text[:-1] + b"," + text[1:-1] + b"}"
    (once, same) = sqlite_house.ask(
        key, *[("POST", path, one, {"Idempotency-Key": "k"}) for one in (text, twice)]
    )
    assert code_of(once) in {200, 201}
    assert same.headers["idempotent-replayed"] == "true"
    assert sqlite_house.count(tasks) == 1


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "x"]
)
def test_bi_04_the_bytes_decide_and_not_what_they_are_called(sqlite_house, media_type):
    key = sqlite_house.caller("me")
    (answer,) = sqlite_house.ask(key, ("POST", "/v1/tasks", GOOD, {"content-type": media_type}))
    assert answer.status_code == 201


# BI-05


def resident_bytes(served):
    family = [psutil.Process(served._process.pid)]
    family += family[0].children(recursive=True)
    return sum(one.memory_info().rss for one in family)


def pour(served, path, key, headers, pieces):
    """Send pieces until the server has had enough; return status and body of what it said meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.putrequest("POST", path)
    for name, value in {"x-api-key": key, "content-type": "application/json", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        for piece in pieces:
            connection.send(piece)
    except ConnectionError:
        pass  # it closed, as it should
    try:
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        return None, b""  # the answer was lost with the connection: the client was told to stop
    finally:
        connection.close()


def plainly(total):
    piece = b'"' + b"x" * (MIB - 1)
    for _ in range(total // MIB):
        yield piece


def chunked(total):
    for piece in plainly(total):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


SIZES = {
    "with its length": lambda: ({"content-length": str(HUGE)}, plainly(HUGE)),
    "in chunks": lambda: ({"transfer-encoding": "chunked"}, chunked(HUGE)),
    "with a length that is too small": lambda: ({"content-length": "100"}, plainly(HUGE)),
    "with a length beyond all numbers": lambda: ({"content-length": "9" * 18}, plainly(4 * MIB)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("route", BYTES_ROUTES)
def test_bi_05_three_hundred_megabytes_take_no_memory_and_get_a_short_answer(served, served_key, route, size):
    before = resident_bytes(served)
    headers, pieces = SIZES[size]()
    status, body = pour(served, BYTES_ROUTES[route], served_key, headers, pieces)
    assert resident_bytes(served) - before < 64 * MIB
    assert len(body) < 4096
    if body:
        told = json.loads(body)
        code = told.get("code", status)
        refused = {400, 422} if size == "with a length that is too small" else {413, 422}
        assert code in refused, told


def test_bi_05_a_form_of_three_hundred_megabytes_takes_no_memory(served, served_key):
    before = resident_bytes(served)
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    pieces = (b"%x\r\n%b\r\n" % (len(one), one) for one in (head, *[b"\0" * MIB] * 300))
    headers = {"transfer-encoding": "chunked", "content-type": "multipart/form-data; boundary=b"}
    status, body = pour(served, "/v1/uploads", served_key, headers, pieces)
    assert resident_bytes(served) - before < 64 * MIB
    assert status in {413, None}
    assert len(body) < 4096


def test_bi_05_a_body_without_a_key_is_not_read(served):
    before = resident_bytes(served)
    status, body = pour(served, "/v1/uploads", "none", {"transfer-encoding": "chunked"}, chunked(HUGE))
    assert resident_bytes(served) - before < 64 * MIB
    assert status in {401, None}
    assert len(body) < 4096


# BI-07


def part(name, content=b"x", *, extra=b"", quote=b'"'):
    head = b"--b\r\nContent-Disposition: form-data; name=" + quote + name + quote + extra + b"\r\n\r\n"
    return head + content + b"\r\n"


def sound():
    return file_bytes(chord((60,), 1.0), "wav")


END = b"--b--\r\n"
FORMS = {
    "10,000 parts": b"".join(part(b"f%d" % number) for number in range(10_000)) + END,
    "10,000 files": b"".join(part(b"file", extra=b'; filename="a"') for _ in range(10_000)) + END,
    "a header of a megabyte": part(b"file", extra=b"\r\nX-A: " + b"a" * 1_000_000) + END,
    "a name of a megabyte": part(b"n" * 1_000_000) + END,
    "a field of a megabyte": part(b"uploadPath", b"x" * 1_000_000) + END,
    "a huge preamble": b"x" * 5_000_000 + b"\r\n" + part(b"file", extra=b'; filename="a"') + END,
    "only a preamble": b"\r\n" * 2_000_000,
    "no end": part(b"file", b"RIFF", extra=b'; filename="a"'),
    "no part": END,
    "no name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
    "no disposition": b"--b\r\nX: y\r\n\r\nx\r\n" + END,
    "another boundary": part(b"file", extra=b'; filename="a"').replace(b"--b", b"--c") + b"--c--\r\n",
    "an empty file": part(b"file", b"", extra=b'; filename="a.wav"') + END,
    "a text in place of the file": part(b"file", b"RIFF") + END,
    "no form at all": b"\0" * 1000,
    "nothing": b"",
}
FORM = {"content-type": "multipart/form-data; boundary=b"}


# Starlette leaves the file of a form that ends too early to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@pytest.mark.parametrize("path", ["/v1/uploads", "/api/file-stream-upload"])
def test_bi_07_a_form_that_is_a_trap_is_refused(sqlite_house, path, data, tried):
    key = sqlite_house.caller("me")
    before = {one for one in data.rglob("*") if one.is_file()}
    answers = sqlite_house.ask(key, *[("POST", path, body, FORM) for body in FORMS.values()])
    for name, answer in zip(FORMS, answers, strict=True):
        assert 400 <= answer.status_code < 500, (name, answer.text)
        assert len(answer.content) < 4096, name
    left = {one for one in data.rglob("*") if one.is_file()} - before
    assert not [one for one in left if "sqlite" not in one.name and one.name != "pepper"]
    tried(len(answers))


NAMES = [
    "../../x", "..\\..\\x", "/etc/passwd", "C:\\x", "..", ".", "%2e%2e%2fx", "a\0b", "a\r\nX-Bad: 1", "a\nb",
    "x" * 5_000, "~/x", "$(x)", "a/../../b", "\u202exm.3pm", "con", "a;b=c", 'a"b',
]  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/uploads", "/api/file-stream-upload"])
def test_bi_07_a_file_name_is_never_a_place_and_never_a_header(sqlite_house, path, data, tried):
    key = sqlite_house.caller("me")
    content = sound()
    outside = set(data.parent.iterdir())
    forms = {name: part(b"file", content, extra=b'; filename="' + name.encode() + b'"') for name in NAMES}
    for name in NAMES[:6]:
        fields = part(b"file_name", name.encode()) + part(b"fileName", name.encode())
        forms[f"field {name}"] = fields + part(b"file", content, extra=b'; filename="a.wav"')

    async def send_and_fetch(send):
        for name, form in forms.items():
            answer = await send("POST", path, form + END, FORM)
            assert answer.status_code < 500, (name, answer.text)
            if answer.is_success:
                told = answer.json()
                kept = told.get("file_name") or told["data"]["fileName"]
                assert not set(kept) & set("/\\\0\r\n"), name
                url = httpx.URL(told.get("url") or told["data"]["downloadUrl"])
                file = await send("GET", url.raw_path.decode())
                assert (file.status_code, file.content) == (200, content), name
                assert "x-bad" not in file.headers

    sqlite_house.drive(key, send_and_fetch)
    assert set(data.parent.iterdir()) == outside
    below = [one.relative_to(data).parts[0] for one in data.rglob("*") if one.is_file()]
    assert set(below) <= {"media", "pepper", "cadenza.sqlite", "cadenza.sqlite-wal", "cadenza.sqlite-shm"}
    tried(len(forms))


def test_bi_07_a_form_that_stops_half_way_is_closed_and_leaves_nothing(served, served_key):
    head = f"POST /v1/uploads HTTP/1.1\r\nHost: x\r\nx-api-key: {served_key}\r\nContent-Length: 1000000\r\n"
    head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.sendall(head.encode() + part(b"file", b"RIFF" * 1000, extra=b'; filename="a.wav"'))
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65_536)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert not list((served.data / "scratch").glob("*"))
