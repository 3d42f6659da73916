"""One endpoint that swallows everything, with many events, beside many healthy ones."""

from __future__ import annotations

import datetime as dt
import secrets
import statistics
import threading
import time

import pytest

from cadenza.domain.ids import new_id, new_task_id
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, CallbackStage, Dialect, Operation
from cadenza.notify.delivery import CallbackEvent, deliver
from cadenza.notify.signing import new_secret
from cadenza.outbound.allow import AllowList
from cadenza.outbound.answers import Answer, Failed, Reason
from cadenza.outbound.client import Outbound
from cadenza.stores import jobs
from cadenza.tasks.records import CallbackRecord
from cadenza.testing.network import FakeResolver, Receiver, reply
from cadenza.testing.service import eventually
from cadenza.worker.callbacks import CallbackRunner
from cadenza.worker.lanes import lane_of

HEALTHY = [f"healthy{number}.test" for number in range(99)]
# Beside whatever else the machine does: how much later than in peace nine of ten healthy ones may be served.
PATIENCE_S = 10.0


class Healthy(Receiver):
    """Answers everybody at once, and notes when each event arrived."""

    def __init__(self):
        self.arrived_s = {}
        super().__init__(self._take)

    def _take(self, connection, _stopped):
        self.arrived_s.setdefault(self.requests[-1].headers["webhook-id"], time.monotonic())
        connection.sendall(reply(200))

    def of(self, ids):
        return all(one in self.arrived_s for one in ids)


@pytest.fixture
def black_hole():
    """A receiver that takes connections and requests, and never answers."""
    ended = threading.Event()
    with Receiver(lambda _connection, _stopped: ended.wait(60)) as receiver:
        yield receiver
        ended.set()


@pytest.fixture
def outbox(store, account, clock):
    """Record events for URLs, all in one transaction, and return their ids."""

    def outbox(urls):
        def write(books):
            return [_tell(books, account, clock.now(), url) for url in urls]

        return store.write(write)

    return outbox


def _tell(books, account, now, url):
    request = GenerationRequest(wish=Described(prompt="x"), tier="v5", take_count=1)
    accepted = Accepted(
        dialect=Dialect.NATIVE, operation=Operation.GENERATE, request=request, wire_model="v5", wire_body={},
        callback_url=url,
    )  # fmt: skip
    task_id, callback_id = new_task_id(), new_id("msg")
    books.tasks.add(task_id, account.id, accepted, credits=1, engine="debug", parent_take_id=None)
    record = CallbackRecord(
        id=callback_id, task_id=task_id, account_id=account.id, dialect=Dialect.NATIVE,
        stage=CallbackStage.COMPLETE, url=url, body=b"{}", state="waiting", attempt=0, last_status=None,
        last_reason=None, created_at=now,
    )  # fmt: skip
    books.callbacks.add(record)
    books.jobs.deliver(callback_id, 1, lane=lane_of(url), delay_s=0)
    return callback_id


@pytest.fixture
def working(db_engine, store, clock):
    """A worker that delivers, to names that all lead to this machine."""
    names = {name: [["127.0.0.2"]] for name in [*HEALTHY, "dead.test"]}
    outbound = Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver(names))
    runner = CallbackRunner(store=store, outbound=outbound, clock=clock)
    at_work = jobs.JobRunner(
        db_engine,
        executor_id=f"worker_{secrets.token_hex(4)}",
        render=lambda _: None,
        deliver=runner.run,
        queues=("callbacks", "slow_callbacks"),
    )
    at_work.start()
    yield
    at_work.stop(wait_s=1)


@pytest.mark.timeout(600)
def test_wh_07_one_black_hole_with_many_events_does_not_make_99_healthy_receivers_wait(
    outbox, working, black_hole, scale, tried
):
    healthy_count, dead_count = min(99, 20 * scale), min(1000, 100 * scale)
    with Healthy() as healthy:
        urls = [healthy.url(host=name) for name in HEALTHY[:healthy_count]]

        def waits_s():
            began_s, ids = time.monotonic(), outbox(urls)
            eventually(lambda: healthy.of(ids), limit_s=120)
            return [healthy.arrived_s[one] - began_s for one in ids]

        in_peace_s = waits_s()
        outbox([black_hole.url(host="dead.test")] * dead_count)
        eventually(lambda: black_hole.connections == 1)
        beside_it_s = waits_s()
    p95_s = [statistics.quantiles(waits, n=20)[-1] for waits in (in_peace_s, beside_it_s)]
    assert p95_s[1] <= p95_s[0] + PATIENCE_S
    assert black_hole.connections <= 2
    tried(dead_count + 2 * healthy_count)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("answers_after_s", "outcome"), [(14.9, Answer(status=200)), (15.1, Failed(Reason.TIMEOUT))]
)
def test_wh_06_a_receiver_may_take_14_9_seconds_and_not_15_1(answers_after_s, outcome, scale, clock):
    if scale == 1:
        pytest.skip("takes half a minute of waiting: make chaos")

    def answer(connection, stopped):
        if not stopped.wait(answers_after_s):
            connection.sendall(reply(200))

    outbound = Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver({}))
    with Receiver(answer) as receiver:
        event = CallbackEvent(
            id="msg_1", task_id="t", dialect=Dialect.NATIVE, stage=CallbackStage.COMPLETE, sequence=3,
            url=receiver.url(), body=b"{}", recorded_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        )  # fmt: skip
        made = deliver(event, [new_secret()], outbound, clock, attempt=1)
        assert made.outcome == outcome
        assert receiver.connections == 1
