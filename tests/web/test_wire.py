"""BI-06: requests that parsers read in different ways, byte for byte to the server that people run."""

from __future__ import annotations

import socket

import pytest

from cadenza.web.around.strict import _second_meaning

BODY = b'{"prompt":"x"}'
CHUNKED = b"e\r\n" + BODY + b"\r\n0\r\n\r\n"
SECOND = b"GET /v1/account HTTP/1.1\r\nHost: x\r\nx-api-key: KEY\r\n\r\n"


def post(headers, body=BODY):
    return b"POST /v1/estimate HTTP/1.1\r\nHost: x\r\nx-api-key: KEY\r\n" + headers + b"\r\n\r\n" + body


def get(headers=b"", path=b"/healthz", version=b"HTTP/1.1"):
    return b"GET " + path + b" " + version + b"\r\nHost: x\r\n" + headers + b"\r\n"


# name: (request, status); all are refused, and the connection is closed.
TWO_MEANINGS = {
    "two lengths that differ": (post(b"Content-Length: 14\r\nContent-Length: 15"), 400),
    "two lengths in one": (post(b"Content-Length: 14, 14"), 400),
    "a length with a sign": (post(b"Content-Length: +14"), 400),
    "a length below nought": (post(b"Content-Length: -1"), 400),
    "a length in hexadecimal": (post(b"Content-Length: 0xe"), 400),
    "an unknown transfer encoding": (post(b"Transfer-Encoding: xchunked", CHUNKED), 400),
    "chunked, and then another": (post(b"Transfer-Encoding: chunked, identity", CHUNKED), 400),
    "chunked, and another header": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", CHUNKED),
        400,
    ),
    "a space before the colon": (post(b"Transfer-Encoding : chunked", CHUNKED), 400),
    "a folded header": (get(b"X-A: b\r\n c\r\n"), 400),
    "a folded length": (post(b"X: y\r\n Content-Length: 14"), 400),
    "a zero byte in a header": (get(b"X-A: a\0b\r\n"), 400),
    "a lone return in a header": (get(b"X-A: a\rb\r\n"), 400),
    "a header without a colon": (get(b"X-A\r\n"), 400),
    "a method that is no token": (b"G@T /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a space in the path": (get(path=b"/heal thz"), 400),
    "bytes in the path": (get(path=b"/\xff\xfe"), 400),
    "no version": (b"GET /healthz\r\n\r\n", 400),
    "another version": (get(version=b"HTTP/1.2"), 400),
    "chunks under HTTP/1.0": (
        b"POST /v1/estimate HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
        400,
    ),
    "two hosts": (get(b"Host: y\r\n"), 400),
    "a thousand headers": (get(b"".join(b"X-%d: a\r\n" % number for number in range(1000))), 431),
    "a header of a megabyte": (get(b"X: " + b"a" * 1_000_000 + b"\r\n"), 431),
    "a path of 100 kB": (get(path=b"/" + b"a" * 100_000), 414),
    "a chunk that is no number": (
        post(b"Transfer-Encoding: chunked", b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"),
        422,
    ),
    "a chunk with a long extension": (
        post(b"Transfer-Encoding: chunked", b"e;" + b"a" * 100_000 + b"\r\n" + CHUNKED),
        422,
    ),
}


def said(served, key, request):
    """Send bytes; return all that comes back, and whether the server closed the connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request.replace(b"KEY", key.encode()))
        answer = b""
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionError:
            pass  # closed with bytes of ours unread
        except TimeoutError:
            return answer, False
    return answer, True


@pytest.mark.parametrize("name", TWO_MEANINGS)
def test_bi_06_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(served, served_key, name):
    request, status = TWO_MEANINGS[name]
    answer, is_closed = said(served, served_key, request + SECOND)
    assert is_closed
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1  # what came behind was not taken for a request
    assert b"credits" not in answer
    assert len(answer) < 4096


@pytest.mark.parametrize(
    ("body", "status"),
    [(CHUNKED, 200), (b"0\r\n\r\n" + SECOND, 422)],
    ids=["in agreement", "smuggling"],
)
def test_bi_06_length_and_chunks_together_are_read_as_chunks_and_nothing_behind_them(
    served, served_key, body, status
):
    """As RFC 9112, 6.3 allows: the length does not count, and the connection ends with the answer."""
    for order in (
        b"Content-Length: 6\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6",
    ):
        answer, is_closed = said(served, served_key, post(order, body))
        assert is_closed
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b'"object":"account"' not in answer


def test_bi_06_an_absolute_address_is_served_like_its_path_and_names_nobody(served, served_key):
    leave = b"Connection: close\r\n"
    for path in (b"http://elsewhere.test/docs?x", b"https://user:pass@elsewhere.test/", b"//elsewhere.test/"):
        answer, is_closed = said(served, served_key, get(leave, path))
        assert is_closed
        assert b"elsewhere" not in answer
    answer, _ = said(served, served_key, get(leave, b"http://elsewhere.test/healthz"))
    assert answer.endswith(b"\r\n\r\nok")


def test_bi_06_the_same_length_twice_is_one(served, served_key):
    request = post(b"Content-Length: 14\r\nContent-Length: 14\r\nConnection: close")
    answer, is_closed = said(served, served_key, request)
    assert is_closed
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))
    assert answer.count(b"HTTP/1.1 ") == 1


def test_bi_06_requests_one_behind_another_are_answered_one_behind_another(served, served_key):
    last = SECOND.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer, _ = said(served, served_key, SECOND * 20 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 21


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([(b"host", b"x")], ""),
        ([(b"host", b"x"), (b"content-length", b"1"), (b"content-length", b"1")], "Content-Length"),
        ([(b"host", b"x"), (b"content-length", b"1"), (b"transfer-encoding", b"chunked")], "together"),
        ([(b"host", b"x"), (b"host", b"x")], "Host"),
        ([], "Host"),
    ],
)
def test_bi_06_another_server_in_front_of_the_application_may_let_them_through(headers, told):
    assert told in _second_meaning({"type": "http", "http_version": "1.1", "headers": headers})
    assert bool(told) == bool(_second_meaning({"type": "http", "http_version": "1.1", "headers": headers}))
