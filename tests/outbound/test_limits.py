"""Slow, endless, lying and broken servers: one deadline, one size limit, nothing left behind."""

import gzip
import itertools
import os
import threading
import time
import tracemalloc

import pytest

from cadenza.domain.errors import SourceUnusable
from cadenza.outbound.answers import Answer, Failed, Reason, Stop
from cadenza.outbound.resolve import TimedResolver
from cadenza.testing.network import Receiver, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
LIMIT_S = 0.4
SLACK_S = 3.0  # the goal is 1 s; a busy machine gets more, and the servers here would go on for ever
CAP = 300_000


def drip(*parts):
    """Send the last part again and again, one byte at a time, each soon enough for a per-read timeout."""

    def talk(connection, stopped):
        for part in parts[:-1]:
            connection.sendall(part)
        for byte in itertools.cycle(parts[-1]):
            connection.sendall(bytes([byte]))
            if stopped.wait(0.05):
                return

    return talk


def flood(*parts):
    def talk(connection, stopped):
        for part in parts[:-1]:
            connection.sendall(part)
        while not stopped.is_set():
            connection.sendall(parts[-1])

    return talk


def silence(connection, stopped):
    stopped.wait(5)


def reset(connection, stopped):
    connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: closing sends RST


SLOW = {
    "a byte at a time in the body": drip(HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a byte at a time in the head": drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "a byte at a time in a chunk size": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "endless 1xx": drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "silence": silence,
}


def elapsed_of(call):
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW.keys())
def test_ss_13_a_slow_server_ends_at_the_deadline(talk, door, tmp_path):
    with Receiver(talk) as receiver:

        def fetch():
            with pytest.raises(SourceUnusable) as caught:
                door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=LIMIT_S)
            assert str(caught.value) in {Reason.TIMEOUT.text, Reason.BROKEN.text}

        assert elapsed_of(fetch) < LIMIT_S + SLACK_S
        assert (
            elapsed_of(lambda: door.post(receiver.url(), b"{}", {}, deadline_s=LIMIT_S)) < LIMIT_S + SLACK_S
        )
    assert not list(tmp_path.iterdir())


def test_ss_13_redirects_share_one_deadline(door, tmp_path):
    def slow_redirect(connection, stopped):
        if not stopped.wait(LIMIT_S * 0.4):
            connection.sendall(reply(302, headers={"Location": "/again"}))

    with Receiver(slow_redirect) as receiver:

        def fetch():
            with pytest.raises(SourceUnusable, match=Reason.TIMEOUT.text):
                door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=LIMIT_S)

        assert elapsed_of(fetch) < LIMIT_S + SLACK_S
    assert receiver.connections <= 3  # each hop alone would have been in time


def test_ss_13_a_receiver_that_never_reads_ends_at_the_deadline(door):
    def deaf(connection, stopped):
        stopped.wait(5)

    with Receiver(deaf) as receiver:
        receiver._read = lambda _: None
        body = bytes(30_000_000)  # more than the kernel's buffers take
        took_s = elapsed_of(lambda: door.post(receiver.url(), body, {}, deadline_s=LIMIT_S))
    assert took_s < LIMIT_S + SLACK_S


BIG = {
    "endless chunks": flood(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + bytes(0x8000) + b"\r\n"
    ),
    "endless without a length": flood(HEAD + b"\r\n", bytes(65536)),
    "Content-Length over the limit": reply(200, b"x", {"Content-Length": str(CAP + 1)}),
    "Content-Length of twenty digits": reply(200, b"x", {"Content-Length": "9" * 20}),
    "one byte over": reply(200, bytes(CAP + 1)),
}


@pytest.mark.parametrize("talk", BIG.values(), ids=BIG.keys())
def test_ss_14_a_big_answer_ends_at_the_limit_and_leaves_no_file(talk, door, tmp_path):
    with Receiver(talk) as receiver, pytest.raises(SourceUnusable, match=Reason.TOO_LARGE.text):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
    assert not list(tmp_path.iterdir())


def test_ss_14_a_file_of_exactly_the_limit_passes(door, tmp_path):
    body = os.urandom(CAP)
    with Receiver(reply(200, body)) as receiver:
        fetched = door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
    assert (tmp_path / "x").read_bytes() == body
    assert fetched.size_bytes == CAP


def test_ss_14_an_endless_head_is_refused(door, tmp_path):
    with Receiver(flood(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 4000 + b"\r\n")) as receiver:
        with pytest.raises(SourceUnusable, match=Reason.BROKEN.text):
            door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
        assert door.post(receiver.url(), b"{}", {}) == Failed(Reason.BROKEN)


def test_ss_14_a_large_answer_takes_little_memory(door, tmp_path):
    with Receiver(reply(200, bytes(20_000_000))) as receiver:
        tracemalloc.start()
        try:
            door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=20_000_000, deadline_s=10)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 4_000_000


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "zstd"])
def test_ss_14_a_compressed_answer_is_never_unpacked(coding, door, tmp_path):
    bomb = gzip.compress(bytes(5_000_000))
    with (
        Receiver(reply(200, bomb, {"Content-Encoding": coding})) as receiver,
        pytest.raises(SourceUnusable, match=Reason.COMPRESSED.text),
    ):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
    assert receiver.requests[0].headers["accept-encoding"] == "identity"


def test_ss_14_compressed_bytes_that_nobody_declared_stay_as_they_are(door, tmp_path):
    bomb = gzip.compress(bytes(5_000_000))
    with Receiver(reply(200, bomb, {"Content-Encoding": "aws-chunked"})) as receiver:
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
    assert (tmp_path / "x").read_bytes() == bomb


def test_ss_14_a_receivers_long_reply_is_not_read_to_its_end(door):
    with Receiver(
        flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + bytes(4096) + b"\r\n")
    ) as receiver:
        assert door.post(receiver.url(), b"{}", {}, deadline_s=5) == Answer(status=200)


BROKEN = {
    "reset": reset,
    "hang-up before the answer": b"",
    "head cut short": HEAD,
    "body cut short": reply(200, b"abc", {"Content-Length": "10"}),
    "chunk cut short": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a length that is no number": reply(200, b"abc", {"Content-Length": "abc"}),
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("talk", BROKEN.values(), ids=BROKEN.keys())
def test_ss_14_a_lying_or_broken_answer_is_a_failure_and_leaves_no_file(talk, door, tmp_path):
    with Receiver(talk) as receiver:
        with pytest.raises(SourceUnusable):
            door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)
        answer = door.post(receiver.url(), b"{}", {}, deadline_s=5)
    assert answer in {Failed(Reason.BROKEN), Answer(status=101)}
    assert not list(tmp_path.iterdir())


def test_ss_14_an_empty_file_is_no_source(door, tmp_path):
    with Receiver(reply(200, b"")) as receiver, pytest.raises(SourceUnusable, match=Reason.EMPTY.text):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=CAP, deadline_s=5)


def test_a_fault_of_our_own_disk_is_not_told_as_one_of_the_source(door, tmp_path):
    with Receiver(reply(200, b"music")) as receiver, pytest.raises(FileNotFoundError):
        door.fetch_to_file(receiver.url(), tmp_path / "missing" / "x", max_bytes=CAP, deadline_s=5)


def test_ss_15_a_slow_resolver_ends_at_the_deadline(make_door, tmp_path):
    answered = threading.Event()

    def resolver(host, port):
        answered.wait(10)
        return ["127.0.0.2"]

    door = make_door(resolver=resolver)

    def fetch():
        with pytest.raises(SourceUnusable, match=Reason.UNREACHABLE.text):
            door.fetch_to_file("http://slow.test/", tmp_path / "x", max_bytes=CAP, deadline_s=LIMIT_S)

    assert elapsed_of(fetch) < LIMIT_S + SLACK_S
    answered.set()


def test_ss_15_lookups_that_hang_do_not_pile_up(make_door):
    answered, asked = threading.Event(), []

    def resolver(host, port):
        asked.append(host)
        answered.wait(10)
        return []

    door = make_door(resolver=resolver)
    for number in range(50):
        failed = door.post(f"http://h{number}.test/", b"", {}, deadline_s=0.01)
        assert failed.reason in {Reason.UNREACHABLE, Reason.TIMEOUT}  # whichever of two limits came first
    assert len(asked) <= 32
    answered.set()


def test_ss_15_a_storm_of_unknown_names_frees_its_slots(door):
    for number in range(200):
        assert door.post(f"http://no{number}.test/", b"", {}, deadline_s=5) == Failed(Reason.UNREACHABLE)
    with Receiver() as receiver:
        assert door.post(receiver.url(host="good.test"), b"", {}, deadline_s=5) == Answer(status=200)


def test_ss_15_the_limit_for_names_is_five_seconds_whatever_the_deadline(monkeypatch):
    monkeypatch.setattr("cadenza.outbound.resolve.DNS_LIMIT_S", 0.05)
    held = threading.Event()
    resolver = TimedResolver(lambda _host, _port: held.wait(10) or ["127.0.0.2"])
    with pytest.raises(Stop, match="unreachable"):
        resolver.lookup("h.test", 80, limit_s=60)
    held.set()
