import base64
import socket
import struct
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from cadenza.domain.clock import SystemClock
from cadenza.domain.task import CallbackStage, Dialect
from cadenza.notify.delivery import CallbackEvent, callback_headers, deliver
from cadenza.notify.plan import Delivered, Disabled, RetryAt, after_attempt
from cadenza.notify.signing import kie_headers, new_secret
from cadenza.outbound.allow import AllowList
from cadenza.outbound.answers import Answer, Failed, Reason
from cadenza.outbound.client import Outbound
from cadenza.testing.network import FakeResolver, Receiver, reply

BODY = '{"code":200,"data":{"task_id":"t1","title":"Größe"}}'.encode()
SECRET = new_secret()


class SteppingClock:
    """Each look at it is one second later."""

    def __init__(self):
        self._now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def now(self):
        self._now += timedelta(seconds=1)
        return self._now


class Door:
    """An outbound door with one outcome."""

    def __init__(self, outcome):
        self._outcome = outcome
        self.limits_s = []

    def post(self, _url, _body, _headers, *, deadline_s):
        self.limits_s.append(deadline_s)
        return self._outcome


def event_to(url, dialect=Dialect.CRUN):
    return CallbackEvent(
        id="evt_1", task_id="t1", dialect=dialect, stage=CallbackStage.COMPLETE, sequence=3, url=url,
        body=BODY, recorded_at=datetime(2026, 1, 2, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="module")
def outbound():
    return Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver({}))


def test_wh_01_a_delivery_posts_the_recorded_bytes_signed_and_keeps_only_the_status(outbound):
    with Receiver(reply(200, b"a reply that nobody needs")) as receiver:
        record = deliver(event_to(receiver.url("/cb?x=1")), [SECRET], outbound, SteppingClock(), attempt=1)
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/cb?x=1", BODY)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-cadenza-sequence"] == "3"
    assert (record.status, record.reason, record.attempt, record.event_id) == (200, "", 1, "evt_1")
    assert record.outcome == Answer(status=200)
    assert record.elapsed_ms >= 0


def test_wh_01_what_arrives_verifies(outbound):
    with Receiver() as receiver:  # the published verifier looks at the machine's clock
        deliver(event_to(receiver.url()), [SECRET], outbound, SystemClock(), attempt=1)
    (request,) = receiver.requests
    assert Webhook(SECRET).verify(request.body, request.headers)["code"] == 200


def test_wh_03_a_retry_has_the_same_id_and_body_and_a_new_timestamp(outbound):
    clock = SteppingClock()
    with Receiver(reply(500), reply(200)) as receiver:
        event = event_to(receiver.url())
        first = deliver(event, [SECRET], outbound, clock, attempt=1)
        second = deliver(event, [SECRET], outbound, clock, attempt=2)
    one, two = receiver.requests
    assert one.headers["webhook-id"] == two.headers["webhook-id"] == "evt_1"
    assert one.headers["webhook-timestamp"] < two.headers["webhook-timestamp"]
    assert one.headers["webhook-signature"] != two.headers["webhook-signature"]
    assert one.body == two.body == BODY
    assert isinstance(decision_after(first), RetryAt)
    assert decision_after(second) == Delivered()


def decision_after(record):
    return after_attempt(record.attempt, record.outcome, record.ended_at, event_id=record.event_id)


def silence(connection, stopped):
    stopped.wait(5)


def reset(connection, _stopped):
    """Hang up in the way that the other side sees as "connection reset by peer"."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (reply(500), Answer(status=500)),
        (reply(404), Answer(status=404)),
        (reply(302, headers={"Location": "/elsewhere"}), Answer(status=302)),
        (reply(429, headers={"Retry-After": "86400"}), Answer(status=429, retry_after_s=86400)),
        (reply(503, headers={"Retry-After": "-1"}), Answer(status=503)),
        (reply(503, headers={"Retry-After": "later"}), Answer(status=503)),
        (b"", Failed(Reason.BROKEN)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Failed(Reason.BROKEN)),
        (b"HTTP/1.1 200 ", Failed(Reason.BROKEN)),
        (reset, Failed(Reason.BROKEN)),
        (silence, Failed(Reason.TIMEOUT)),
    ],
    ids=[
        "500",
        "404",
        "302",
        "429",
        "503 -1",
        "503 text",
        "hang-up",
        "cut short",
        "half a head",
        "reset",
        "timeout",
    ],
)
def test_wh_03_each_way_to_fail_is_told_and_tried_again(answer, outcome, outbound):
    with Receiver(answer) as receiver:
        record = deliver(
            event_to(receiver.url()), [SECRET], outbound, SteppingClock(), attempt=1, limit_s=0.5
        )
    assert receiver.connections == 1
    assert record.outcome == outcome
    assert isinstance(decision_after(record), RetryAt)


def test_wh_03_a_receiver_that_is_not_there_is_tried_again(outbound):
    with Receiver() as receiver:
        url = receiver.url()
    record = deliver(event_to(url), [SECRET], outbound, SteppingClock(), attempt=1)
    assert record.outcome == Failed(Reason.UNREACHABLE)
    assert isinstance(decision_after(record), RetryAt)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_wh_04_any_2xx_is_a_delivery(status, outbound):
    with Receiver(reply(status, b"" if status == 204 else b"ok")) as receiver:
        record = deliver(event_to(receiver.url()), [SECRET], outbound, SteppingClock(), attempt=1)
    assert decision_after(record) == Delivered()


def test_wh_04_410_ends_the_endpoint(outbound):
    with Receiver(reply(410)) as receiver:
        record = deliver(event_to(receiver.url()), [SECRET], outbound, SteppingClock(), attempt=1)
    assert decision_after(record) == Disabled()


def answer_after(seconds):
    def talk(connection, stopped):
        if not stopped.wait(seconds):
            connection.sendall(reply(200))

    return talk


@pytest.mark.parametrize(
    ("answers_after_s", "outcome"), [(0.1, Answer(status=200)), (4.0, Failed(Reason.TIMEOUT))]
)
def test_wh_06_a_slow_receiver_is_in_time_or_counts_once_as_a_timeout(answers_after_s, outcome, outbound):
    with Receiver(answer_after(answers_after_s)) as receiver:
        record = deliver(
            event_to(receiver.url()), [SECRET], outbound, SteppingClock(), attempt=1, limit_s=1.0
        )
    assert record.outcome == outcome
    assert receiver.connections == 1


def test_wh_06_the_limit_is_fifteen_seconds():
    door = Door(Answer(status=200))
    deliver(event_to("http://h.example/"), [SECRET], door, SteppingClock(), attempt=1)
    assert door.limits_s == [15.0]


def test_elapsed_time_is_measured_on_the_steady_clock():
    door = Door(Failed(Reason.TIMEOUT))
    ticks = iter([100.0, 101.2346])
    record = deliver(
        event_to("http://h.example/"),
        [SECRET],
        door,
        SteppingClock(),
        attempt=4,
        monotonic=lambda: next(ticks),
    )
    assert (record.elapsed_ms, record.reason, record.status) == (1235, "timeout", None)
    assert record.ended_at > record.started_at


@pytest.mark.parametrize("dialect", Dialect)
def test_wh_01_standard_headers_are_on_every_dialect_and_kies_on_one(dialect):
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    headers = callback_headers(event_to("http://h/", dialect), [SECRET], at)
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= headers.keys()
    kies = kie_headers("t1", at, [SECRET])
    assert (kies.items() <= headers.items()) == (dialect is Dialect.SUNOAPI)
    assert ("x-webhook-signature" in headers) == (dialect is Dialect.SUNOAPI)


def test_ss_07_a_callback_to_a_private_address_is_a_failure_like_any_other(outbound):
    record = deliver(event_to("http://127.0.0.1:8080/"), [SECRET], outbound, SteppingClock(), attempt=1)
    assert record.reason == "unreachable"
    assert isinstance(decision_after(record), RetryAt)


def test_au_10_no_secret_is_in_a_record_or_an_event(outbound):
    event = event_to("http://127.0.0.1:8080/")
    record = deliver(event, [SECRET], outbound, SteppingClock(), attempt=1)
    key = SECRET.removeprefix("whsec_")
    assert base64.b64decode(key)
    assert key not in repr(record) + repr(event)
