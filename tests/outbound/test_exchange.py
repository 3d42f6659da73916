"""What goes over the wire, and what a caller learns from a failure."""

import contextlib
import socket
from datetime import UTC, datetime

import pytest

from cadenza.domain.errors import SourceUnusable
from cadenza.outbound.answers import Answer, Failed, Reason
from cadenza.outbound.headers import media_type_of, retry_after_s_of
from cadenza.outbound.saving import name_of
from cadenza.outbound.url import judge_url
from cadenza.testing.network import Canary, Receiver, reply


def reason_of(door, url, tmp_path, **more):
    with pytest.raises(SourceUnusable) as caught:
        door.fetch_to_file(url, tmp_path / "x", max_bytes=100, **{"deadline_s": 0.3} | more)
    return str(caught.value)


def test_ss_11_proxy_variables_and_netrc_are_not_looked_at(door, canaries, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://user:secret@127.0.0.1:{canaries.port}")
    (tmp_path / ".netrc").write_text("machine 127.0.0.2 login someone password planted\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Receiver(reply(200, b"music")) as receiver:
        door.fetch_to_file(receiver.url("/a.mp3"), tmp_path / "x", max_bytes=100)
        door.post(receiver.url("/cb"), b"{}", {})
    assert canaries.connections == 0
    assert len(receiver.requests) == 2
    assert all("authorization" not in request.headers for request in receiver.requests)


def test_ss_12_a_fetch_sends_these_headers_and_no_others(door, tmp_path):
    with Receiver(reply(200, b"music")) as receiver:
        door.fetch_to_file(receiver.url("/a b.mp3?sig=%2B&x"), tmp_path / "x", max_bytes=100)
    (request,) = receiver.requests
    assert (request.method, request.path) == ("GET", "/a%20b.mp3?sig=%2B&x")
    assert request.headers == {
        "host": f"127.0.0.2:{receiver.port}",
        "user-agent": "Cadenza",
        "accept-encoding": "identity",
        "accept": "audio/*, */*;q=0.5",
    }


def test_an_ipv6_address_is_reached_where_it_is_allowed(make_door):
    with Receiver(host="::1") as receiver:
        assert make_door("::1").post(receiver.url("/cb"), b"{}", {}) == Answer(status=200)
    assert receiver.requests[0].headers["host"] == f"[::1]:{receiver.port}"


def test_a_post_sends_its_body_byte_for_byte(door):
    body = '{"title": "Größe, 夜曲"}'.encode()
    with Receiver() as receiver:
        door.post(receiver.url("/cb?token=a%20b"), body, {"content-type": "application/json"})
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/cb?token=a%20b", body)
    assert request.headers["content-length"] == str(len(body))
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "text", ["/x\r\nX-Injected: 1", "/x\nGET /", "/x%0d%0aX-Injected: 1", "/\u010d\u010aX: 1"]
)
def test_ss_12_nothing_in_a_url_becomes_a_header(text, door):
    with Receiver() as receiver:
        door.post(receiver.url(text), b"{}", {})
    for request in receiver.requests:
        assert set(request.headers) <= {"host", "user-agent", "accept-encoding", "content-length"}
        assert request.head.count(b"\r\n") == len(request.headers)


def test_ss_12_a_redirect_takes_no_cookie_along(door, tmp_path):
    first = reply(302, headers={"Location": "/b", "Set-Cookie": "a=b"})
    with Receiver(first, reply(200, b"music")) as receiver:
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100)
    assert "cookie" not in receiver.requests[1].headers


def test_ss_16_closed_filtered_unknown_and_private_sound_the_same(door, tmp_path):
    with contextlib.closing(socket.create_server(("127.0.0.2", 0))) as once:
        closed_port = once.getsockname()[1]
    with contextlib.closing(Canary("127.0.0.2")) as filtered:
        filled = _fill_backlog(filtered)
        texts = {
            reason_of(door, f"http://127.0.0.2:{closed_port}/", tmp_path),
            reason_of(door, "http://no-such-name.test/", tmp_path),
            reason_of(door, "http://nobody.test/", tmp_path),
            reason_of(door, "http://10.0.0.1/", tmp_path),
            reason_of(door, "http://canary.test/", tmp_path),
            reason_of(door, f"http://127.0.0.2:{filtered.port}/", tmp_path),
        }
        for sock in filled:
            sock.close()
    assert texts == {Reason.UNREACHABLE.text}


def _fill_backlog(canary):
    """A full accept queue drops the next handshake, as a filtering firewall does."""
    canary._listening.listen(0)
    filled = []
    for _ in range(4):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.2", canary.port))
        filled.append(sock)
    return filled


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410, 500, 503])
def test_ss_16_a_status_other_than_success_is_told_without_the_body(status, door, tmp_path):
    with Receiver(reply(status, b"" if status in {204, 304} else b"internal-secret 10.0.0.7")) as receiver:
        assert reason_of(door, receiver.url(), tmp_path, deadline_s=5) == Reason.STATUS.text


def test_ss_16_no_reason_holds_an_address_a_number_or_anything_of_the_url():
    for reason in Reason:
        assert reason.text.endswith(".")
        assert not any(character.isdigit() for character in reason.text)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (b"audio/mpeg", "audio/mpeg"),
        (b"Audio/MPEG; charset=x", "audio/mpeg"),
        (b"", "application/octet-stream"),
        (b"nonsense", "application/octet-stream"),
        (b"a/b/c", "application/octet-stream"),
        (b"<script>/x", "application/octet-stream"),
        (b"audio/" + b"x" * 99, "application/octet-stream"),
        (b"\xff/\xfe", "application/octet-stream"),
    ],
)
def test_a_media_type_is_read_or_unknown(told, read):
    assert media_type_of([(b"Content-Type", told)]) == read


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b.mp3", "b.mp3"),
        ("/b.mp3?x=/c.wav", "b.mp3"),
        ("/", ""),
        ("/..", ""),
        ("/%2e%2e%2fetc%2fpasswd", "_etc_passwd"),
        ("/a%00b\u202e.mp3".replace("\u202e", ""), "a_b.mp3"),
        ("/Gr%C3%B6%C3%9Fe.flac", "Größe.flac"),
        ("/%ff.ogg", "_.ogg"),
        ("/" + "x" * 300 + ".mp3", "x" * 96 + ".mp3"),
    ],
)
def test_ss_12_a_file_name_from_outside_is_harmless(path, name):
    assert name_of(judge_url(f"http://h.example{path}")) == name


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (b"0", 0),
        (b"120", 120),
        (b" 86400 ", 86400),
        (b"-1", None),
        (b"1.5", None),
        (b"soon", None),
        (b"", None),
        (b"9" * 400, None),
        (b"Fri, 02 Jan 2026 03:05:05 GMT", 60),
        (b"Fri, 02 Jan 2026 03:05:05 -0000", 60),
        (b"Thu, 01 Jan 2026 03:05:05 GMT", None),
        (b"Fri, 99 Jan 2026 03:05:05 GMT", None),
        (b"\xff\xfe", None),
    ],
)
def test_wh_04_retry_after_is_seconds_or_a_date_and_nonsense_is_absent(told, seconds):
    assert retry_after_s_of([(b"Retry-After", told)], now=NOW) == seconds


def test_wh_04_a_receivers_retry_after_is_handed_on(door):
    with Receiver(reply(503, headers={"Retry-After": "77"})) as receiver:
        assert door.post(receiver.url(), b"{}", {}) == Answer(status=503, retry_after_s=77)


def test_ss_16_a_url_that_may_not_be_posted_to_says_only_that(door):
    assert door.post("http://user:secret@h/", b"{}", {}) == Failed(Reason.URL_REFUSED)
