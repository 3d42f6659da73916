"""OV-06: callers who never finish what they say are shut out in time, and nobody else notices."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time

import httpx
import pytest

from cadenza.testing.service import Service

AT_ONCE, MOST = 60, 500
# Uploads have ten times the deadline of a JSON body; the server's own limit for headers is 15 s.
BODY_DEADLINE_S = 1
# On an idle machine all are closed after 16 s. The catalogue allows 30; this one may be busy.
CLOSED_WITHIN_S = 90
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
UNFINISHED = {
    "header": ("/v1/tasks", "X-Slow: "),
    "body": ("/v1/tasks", 'Content-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"prompt"'),
    "form": (
        "/v1/uploads",
        "Content-Length: 100000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-",
    ),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    environment = {"CADENZA_ENGINE": "debug", "CADENZA_BODY_DEADLINE_S": str(BODY_DEADLINE_S)}
    with Service(data=tmp_path_factory.mktemp("slow"), environment=environment, workers=0) as service:
        yield service


@pytest.fixture(scope="module")
def key(served):
    return served.new_key("slow", credits=1000)


def begin(port, text):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(text.encode())
    connection.setblocking(False)
    return connection


def drip_until_closed(connections, limit_s):
    """Go on with a byte a second on each; return how many are still open after the limit."""
    ends_s, dripped_s, open_ones = time.monotonic() + limit_s, 0.0, set(connections)
    with selectors.DefaultSelector() as selector:
        for one in connections:
            selector.register(one, selectors.EVENT_READ)
        while open_ones and time.monotonic() < ends_s:
            for ready, _ in selector.select(timeout=0.2):
                if _is_closed(ready.fileobj):
                    selector.unregister(ready.fileobj)
                    open_ones.discard(ready.fileobj)
            if time.monotonic() - dripped_s > 1:
                dripped_s = time.monotonic()
                for one in open_ones:
                    with contextlib.suppress(OSError):
                        one.send(b"x")
    return len(open_ones)


def _is_closed(connection):
    try:
        return connection.recv(65_536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_ov_06_connections_that_never_finish_are_closed_and_others_are_served(served, key, scale, tried):
    count = min(AT_ONCE * scale, MOST)
    begun = [HEAD.format(path=path, key=key) + text for path, text in UNFINISHED.values()]
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(begin(served.port, begun[number % len(begun)])) for number in range(count)
        ]
        with httpx.Client(base_url=served.url, headers={"x-api-key": key}, timeout=30) as quick:
            answers = [quick.get("/v1/account") for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        assert drip_until_closed(slow, CLOSED_WITHIN_S) == 0
    tried(count)
