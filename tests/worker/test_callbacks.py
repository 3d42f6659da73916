"""Callbacks on the real path: from the task's transaction over the queue to a receiver, on both databases."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from cadenza.domain.errors import Conflict, NotFound, Unavailable
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, CallbackStage, Dialect, Failure, FailureKind, Operation
from cadenza.notify.rotation import rotate_secret
from cadenza.notify.trial import Trial, is_delivered
from cadenza.notify.verifying import why_not_genuine
from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.stores import jobs
from cadenza.tasks.life import Life
from cadenza.tasks.records import TakeText
from cadenza.testing.network import FakeResolver, Receiver, reply
from cadenza.testing.service import eventually
from cadenza.worker.callbacks import CallbackRunner
from cadenza.worker.lanes import SlowLanes, lane_of

LOST_S = 31.0


@pytest.fixture
def life(clock):
    return Life(
        clock=clock,
        callback_body=lambda task, stage: f'{{"state":"{task.state.value}","of":"{stage.value}"}}'.encode(),
        lane=lane_of,
        max_attempts=3,
        retention=dt.timedelta(days=14),
    )


@pytest.fixture(scope="module")
def outbound():
    return Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver({}))


@pytest.fixture
def runner(store, clock, outbound):
    return CallbackRunner(store=store, outbound=outbound, clock=clock, wait=no_waiting)


def no_waiting(_seconds):
    raise AssertionError("nothing here should have to wait")


@pytest.fixture
def begin(store, account, life):
    """Make a task that calls back, and begin it."""
    made = []

    def begin(url):
        task_id = f"t{len(made)}"
        made.append(task_id)
        request = GenerationRequest(wish=Described(prompt="x"), tier="v5", take_count=2)
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=Operation.GENERATE,
            request=request,
            wire_model="v5",
            wire_body={},
            callback_url=url,
        )
        store.write(
            lambda books: books.tasks.add(
                task_id, account.id, accepted, credits=1, engine="debug", parent_take_id=None
            )
        )
        return store.write(lambda books: life.begin(books, task_id, worker_id="w1"))[1]

    return begin


@pytest.fixture
def fail(store, life):
    """End a task, which tells the receiver."""
    failure = Failure(kind=FailureKind.WORKER_LOST, reason="broken")
    return lambda attempt: store.write(lambda books: life.fail(books, attempt, failure))


@pytest.fixture
def tell(begin, fail, store, account):
    """Make a task that has told one stage to the URL; return the callback's id."""

    def tell(url):
        attempt = begin(url)
        fail(attempt)
        return records(store, account, attempt.task_id)[0].id

    return tell


def records(store, account, task_id):
    return store.read(lambda books: books.callbacks.for_task(task_id, account_id=account.id))


def record(store, callback_id):
    return store.read(lambda books: books.callbacks.find(callback_id))


def log(store, callback_id):
    entries = store.read(lambda books: books.callbacks.attempts([callback_id])[callback_id])
    return [(one.attempt, one.status, one.reason) for one in entries]


@pytest.fixture
def queued(db_engine):
    """Return how many delivery jobs were ever enqueued for each callback's attempt: {"msg_x-1": 1}."""
    table = "dbos.workflow_status" if db_engine.dialect.name == "postgresql" else "workflow_status"

    def look():
        with db_engine.connect() as connection:
            rows = connection.execute(
                sa.text(f"SELECT workflow_uuid FROM {table} WHERE name = 'deliver_callback'")  # noqa: S608 - our own names
            )
            return Counter(row[0].rpartition("-")[0] for row in rows)

    return look


def redeliver(store, life, callback_id, account_id=None):
    return store.write(lambda books: life.redeliver(books, callback_id, account_id=account_id))


# --- the log


def test_wh_11_every_attempt_is_in_the_log_and_nothing_of_the_answer_but_its_status(
    store, tell, runner, db_engine, queued
):
    with Receiver(reply(500, b"a secret of the receiver"), b"", reply(204, b"")) as receiver:
        callback_id = tell(receiver.url())
        for attempt in (1, 2, 3):
            assert f"{callback_id}-{attempt}" in queued()
            runner.run(callback_id, attempt)
    assert log(store, callback_id) == [(1, 500, None), (2, None, "broken"), (3, 204, None)]
    settled = record(store, callback_id)
    assert (settled.state, settled.attempt, settled.last_status) == ("delivered", 3, 204)
    with db_engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT * FROM callback_attempts")).all()
    assert "secret of" not in repr(kept)


def test_wh_11_a_delivered_one_a_given_up_one_and_a_disabled_one_can_be_delivered_again(
    store, life, tell, runner, account, queued
):
    for answer, state in ((reply(200), "delivered"), (reply(410), "disabled"), (None, "gave_up")):
        with Receiver(*([answer] if answer else []), reply(200)) as receiver:
            url = receiver.url() if answer else "ftp://127.0.0.2/"
            callback_id = tell(url)
            runner.run(callback_id, 1)
            assert record(store, callback_id).state == state
            assert redeliver(store, life, callback_id, account.id).state == "redelivering"
            assert f"{callback_id}-2" in queued()
            runner.run(callback_id, 2)
            if answer:
                first, second = receiver.requests
                assert first.headers["webhook-id"] == second.headers["webhook-id"] == callback_id
                assert first.body == second.body
                assert record(store, callback_id).state == "delivered"


def test_wh_11_what_waited_when_its_endpoint_was_disabled_can_be_delivered_again(
    store, life, tell, runner, account, queued
):
    with Receiver(reply(410), reply(200)) as receiver:
        first, second = tell(receiver.url()), tell(receiver.url())
        runner.run(first, 1)
        runner.run(second, 1)  # finds the endpoint disabled, and that was this job
        assert (record(store, second).state, log(store, second)) == ("disabled", [])
        redeliver(store, life, second, account.id)
        assert queued()[f"{second}-1"] == 2
        runner.run(second, 1)
    assert record(store, second).state == "delivered"


def test_wh_11_a_redelivery_is_signed_anew_with_a_new_timestamp(store, life, tell, runner, clock):
    with Receiver() as receiver:
        callback_id = tell(receiver.url())
        runner.run(callback_id, 1)
        clock.advance(3600)
        redeliver(store, life, callback_id)
        runner.run(callback_id, 2)
    first, second = (one.headers for one in receiver.requests)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3600
    assert first["webhook-signature"] != second["webhook-signature"]


def test_wh_11_a_redelivery_is_one_attempt(store, life, tell, runner, queued):
    with Receiver(reply(200), reply(500)) as receiver:
        callback_id = tell(receiver.url())
        runner.run(callback_id, 1)
        redeliver(store, life, callback_id)
        runner.run(callback_id, 2)
    assert record(store, callback_id).state == "gave_up"
    assert f"{callback_id}-3" not in queued()


def test_wh_11_nothing_is_redelivered_while_it_is_being_delivered_or_by_a_stranger(store, life, tell, runner):
    with Receiver() as receiver:
        callback_id = tell(receiver.url())
        with pytest.raises(Conflict):
            redeliver(store, life, callback_id)
        runner.run(callback_id, 1)
        with pytest.raises(NotFound):
            redeliver(store, life, callback_id, "acc_other")
        with pytest.raises(NotFound):
            redeliver(store, life, "msg_none")
        redeliver(store, life, callback_id)
        with pytest.raises(Conflict):
            redeliver(store, life, callback_id)


# --- nothing lost, nothing twice


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("number", range(1, 6))
def test_wh_05_a_kill_between_the_200_and_our_commit_delivers_again_with_the_same_id(
    number, store, tell, runner, clock, queued, monkeypatch
):
    with Receiver(*[reply(500)] * (number - 1), reply(200)) as receiver:
        callback_id = tell(receiver.url())
        for attempt in range(1, number):
            runner.run(callback_id, attempt)

        with monkeypatch.context() as patch:
            patch.setattr(CallbackRunner, "_note", killed)
            with pytest.raises(Killed):
                runner.run(callback_id, number)
        assert len(receiver.requests) == number
        clock.advance(LOST_S)
        runner.run(callback_id, number)  # the queue gives a dead worker's job to another
        assert f"{callback_id}-{number + 1}" in queued()
        runner.run(callback_id, number + 1)
        runner.run(callback_id, number)
    assert len(receiver.requests) == number + 1
    assert {one.headers["webhook-id"] for one in receiver.requests} == {callback_id}
    assert log(store, callback_id)[-2:] == [(number, None, "interrupted"), (number + 1, 200, None)]
    assert record(store, callback_id).state == "delivered"


def killed(*_):
    raise Killed


def test_wh_05_a_database_that_is_away_after_the_200_is_waited_for_and_nothing_is_sent_twice(
    store, tell, clock, outbound, monkeypatch
):
    noted = CallbackRunner._note
    waits = []

    def away_once(self, books, record, made):
        if not waits:
            raise Unavailable("The database does not answer.")
        noted(self, books, record, made)

    monkeypatch.setattr(CallbackRunner, "_note", away_once)
    runner = CallbackRunner(store=store, outbound=outbound, clock=clock, wait=waits.append)
    with Receiver() as receiver:
        callback_id = tell(receiver.url())
        runner.run(callback_id, 1)
    assert len(waits) == 1
    assert len(receiver.requests) == 1
    assert log(store, callback_id) == [(1, 200, None)]


def test_wh_10_two_workers_at_one_due_row_make_one_request(store, tell, clock, outbound):
    asked, answer = threading.Event(), threading.Event()

    def hold(connection, _stopped):
        asked.set()
        answer.wait(10)
        connection.sendall(reply(200))

    with Receiver(hold) as receiver:
        callback_id = tell(receiver.url())
        first = CallbackRunner(store=store, outbound=outbound, clock=clock, wait=no_waiting)
        at_it = threading.Thread(target=first.run, args=(callback_id, 1))
        waits = []

        def let_go(seconds):
            waits.append(seconds)
            answer.set()
            at_it.join(10)

        at_it.start()
        assert asked.wait(10)
        CallbackRunner(store=store, outbound=outbound, clock=clock, wait=let_go).run(callback_id, 1)
    assert len(waits) == 1
    assert len(receiver.requests) == 1
    assert log(store, callback_id) == [(1, 200, None)]


def test_wh_10_a_job_that_comes_again_after_its_end_makes_no_request(store, tell, runner):
    with Receiver(reply(500), reply(200)) as receiver:
        callback_id = tell(receiver.url())
        for attempt in (1, 1, 2, 2, 1, 3):
            runner.run(callback_id, attempt)
    assert len(receiver.requests) == 2
    assert log(store, callback_id) == [(1, 500, None), (2, 200, None)]


def test_wh_10_two_who_redeliver_at_once_make_one_redelivery(store, life, tell, runner):
    with Receiver() as receiver:
        callback_id = tell(receiver.url())
        runner.run(callback_id, 1)
        outcomes, together = [], threading.Barrier(4)

        def ask():
            together.wait(10)
            try:
                outcomes.append(redeliver(store, life, callback_id).attempt)
            except Conflict:
                outcomes.append("conflict")

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(outcomes, key=str) == [1, "conflict", "conflict", "conflict"]


# --- neighbours and order


@pytest.fixture
def working(db_engine, store, clock):
    """A worker that takes jobs from the real queues."""
    names = {f"dead{number}.test": [["127.0.0.2"]] for number in range(30)}
    outbound = Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver(names))
    runner = CallbackRunner(store=store, outbound=outbound, clock=clock, wait=no_waiting)
    at_work = jobs.JobRunner(
        db_engine,
        executor_id="worker_a",
        render=lambda _: None,
        deliver=runner.run,
        queues=("callbacks", "slow_callbacks"),
    )
    yield at_work, runner
    at_work.stop(wait_s=5)


@pytest.fixture
def dead():
    """A receiver that holds every request open until the test is over."""
    release = threading.Event()

    def hold(connection, _stopped):
        release.wait(12)
        connection.sendall(reply(200))

    with Receiver(hold) as receiver:
        yield receiver
        release.set()


@pytest.mark.timeout(120)
def test_wh_07_a_dead_endpoint_with_many_events_delays_no_healthy_one(tell, working, dead):
    """The dead one holds its first request open for the whole test; all others arrive meanwhile."""
    at_work, _ = working
    with Receiver() as healthy:
        for _ in range(30):
            tell(dead.url())
        others = [tell(healthy.url()) for _ in range(9)]
        at_work.start()
        eventually(lambda: len(healthy.requests) == 9)
        assert dead.connections == 1
    assert {one.headers["webhook-id"] for one in healthy.requests} == set(others)


@pytest.mark.timeout(120)
def test_wh_07_more_dead_endpoints_than_a_worker_has_slots_delay_no_healthy_one(tell, working, dead, tried):
    """All dead ones are known to be slow: they fill the slots for slow receivers and no others."""
    at_work, runner = working
    dead_urls = [dead.url(host=f"dead{number}.test") for number in range(30)]
    for url in dead_urls:
        runner.slow_lanes.note(lane_of(url), elapsed_s=15.0)
        tell(url)
    with Receiver() as healthy:
        others = [tell(healthy.url()) for _ in range(5)]
        at_work.start()
        eventually(lambda: len(healthy.requests) == 5)
        eventually(lambda: dead.connections == 8)
    assert {one.headers["webhook-id"] for one in healthy.requests} == set(others)
    tried(len(dead_urls))


def test_wh_07_a_receiver_is_slow_from_a_slow_answer_until_a_quick_one(tell, runner, store):
    with Receiver() as receiver:
        lane, callback_id = lane_of(receiver.url()), tell(receiver.url())
        runner.slow_lanes.note(lane, elapsed_s=2.1)
        runner.run(callback_id, 1)
        assert receiver.connections == 0
        assert record(store, callback_id).state == "waiting"
        runner.run(callback_id, 1, is_slow=True)
        assert record(store, callback_id).state == "delivered"
        assert lane not in runner.slow_lanes
        runner.run(tell(receiver.url()), 1)
        assert receiver.connections == 2


def test_wh_07_slow_receivers_that_are_not_heard_of_again_are_forgotten():
    lanes = SlowLanes()
    for number in range(10_001):
        lanes.note(f"host{number}:80", elapsed_s=15.0)
    assert "host0:80" not in lanes
    assert "host10000:80" in lanes


def test_wh_08_after_a_failure_in_the_middle_the_sequence_number_tells_what_is_older(
    store, life, account, begin, fail, runner
):
    with Receiver(reply(500), reply(200)) as receiver:
        attempt = begin(receiver.url())
        text = TakeText(
            take_id="k", take_index=0, title="", style="", prompt="", lyrics="", model_name="chirp"
        )
        store.write(lambda books: life.text_ready(books, attempt, (text,)))
        fail(attempt)
        early, late = sorted(
            records(store, account, attempt.task_id), key=lambda one: one.stage.value != "text"
        )
        runner.run(early.id, 1)
        runner.run(late.id, 1)
        runner.run(early.id, 2)
    sent = [(one.headers["webhook-id"], int(one.headers["x-cadenza-sequence"])) for one in receiver.requests]
    assert [which for which, _ in sent] == [early.id, late.id, early.id]
    assert sent[0][1] == sent[2][1] < sent[1][1]
    newest = max(receiver.requests, key=lambda one: int(one.headers["x-cadenza-sequence"]))
    state = store.read(lambda books: books.tasks.view(attempt.task_id)).state
    assert f'"state":"{state.value}"'.encode() in newest.body
    assert [early.stage, late.stage] == [CallbackStage.TEXT, CallbackStage.ERROR]


@pytest.mark.parametrize("answer", [200, 500, 410])
def test_wh_08_a_stage_is_sent_when_the_first_attempt_at_the_one_before_has_ended(
    store, life, account, begin, fail, runner, queued, answer
):
    with Receiver(reply(answer)) as receiver:
        attempt = begin(receiver.url())
        text = TakeText(
            take_id="k", take_index=0, title="", style="", prompt="", lyrics="", model_name="chirp"
        )
        store.write(lambda books: life.text_ready(books, attempt, (text,)))
        fail(attempt)
        early, late = sorted(records(store, account, attempt.task_id), key=lambda one: one.stage.sequence)
        assert f"{early.id}-1" in queued()
        assert f"{late.id}-1" not in queued()
        runner.run(early.id, 1)
        assert queued()[f"{late.id}-1"] == 1
        runner.run(early.id, 2)
        assert queued()[f"{late.id}-1"] == 1


def test_wh_08_a_stage_that_comes_after_the_attempt_at_the_one_before_is_sent_at_once(
    store, life, account, begin, fail, runner, queued
):
    with Receiver(reply(500)) as receiver:
        attempt = begin(receiver.url())
        text = TakeText(
            take_id="k", take_index=0, title="", style="", prompt="", lyrics="", model_name="chirp"
        )
        store.write(lambda books: life.text_ready(books, attempt, (text,)))
        (early,) = records(store, account, attempt.task_id)
        runner.run(early.id, 1)
        fail(attempt)
        late = max(records(store, account, attempt.task_id), key=lambda one: one.stage.sequence)
    assert queued()[f"{late.id}-1"] == 1


# --- an endpoint that wants nothing more


def test_wh_04_after_410_later_and_waiting_events_of_this_endpoint_are_not_sent(store, tell, runner, queued):
    with Receiver(reply(410)) as receiver, Receiver() as other:
        first, waiting = tell(receiver.url("/a")), tell(receiver.url("/a"))
        runner.run(first, 1)
        later, elsewhere = tell(receiver.url("/a")), tell(other.url("/a"))
        for one in (waiting, later, elsewhere):
            runner.run(one, 1)
    assert len(receiver.requests) == 1
    assert len(other.requests) == 1
    assert [record(store, one).state for one in (first, waiting, later)] == ["disabled"] * 3
    assert f"{later}-1" not in queued()
    assert log(store, later) == []


@pytest.mark.parametrize("how", ["redelivery", "test event"])
def test_wh_04_a_good_answer_to_a_redelivery_or_a_test_enables_the_endpoint_again(
    how, store, life, tell, runner, account, outbound, clock
):
    with Receiver(reply(410), reply(500), reply(200)) as receiver:
        callback_id = tell(receiver.url())
        runner.run(callback_id, 1)

        def knock(attempt):
            if how == "redelivery":
                redeliver(store, life, callback_id)
                runner.run(callback_id, attempt)
            else:
                Trial(store=store, outbound=outbound, clock=clock).send(account, receiver.url())

        knock(2)
        assert record(store, tell(receiver.url())).state == "disabled"
        knock(3)
        assert record(store, tell(receiver.url())).state == "waiting"


# --- secrets


def verifies(secret, request, clock):
    return why_not_genuine(secret, request.headers, request.body, clock.now()) == ""


def test_wh_02_both_secrets_sign_in_the_overlap_and_one_after_it(store, tell, runner, clock, account):
    new, until = store.write(lambda books: rotate_secret(books, account.id, now=clock.now(), overlap_h=24.0))
    assert until == clock.now() + dt.timedelta(hours=24)
    known = []
    with Receiver() as receiver:
        for seconds in (0, 86_399, 1):
            clock.advance(seconds)
            runner.run(tell(receiver.url()), 1)
            known.append(
                tuple(verifies(one, receiver.requests[-1], clock) for one in (new, account.webhook_secret))
            )
    counts = [len(one.headers["webhook-signature"].split(" ")) for one in receiver.requests]
    assert counts == [2, 2, 1]
    assert known == [(True, True), (True, True), (True, False)]


def test_wh_02_a_rotation_in_an_overlap_leaves_two_and_one_without_overlap_leaves_one(store, clock, account):
    def rotate(hours):
        return store.write(lambda books: rotate_secret(books, account.id, now=clock.now(), overlap_h=hours))[
            0
        ]

    def valid():
        return store.read(lambda books: books.accounts.find(account.id)).signing_secrets(clock.now())

    second = rotate(24.0)
    third = rotate(24.0)
    assert valid() == (third, second)
    fourth = rotate(0.0)
    assert valid() == (fourth,)


# --- test events


def test_wh_11_a_test_event_is_signed_and_stores_no_task(store, account, outbound, clock):
    before = store.read(lambda books: books.census())
    with Receiver(reply(200)) as receiver:
        made = Trial(store=store, outbound=outbound, clock=clock).send(account, receiver.url())
    (request,) = receiver.requests
    assert verifies(account.webhook_secret, request, clock)
    assert json.loads(request.body)["type"] == "task.test"
    assert (is_delivered(made), made.status, request.headers["webhook-id"]) == (True, 200, made.event_id)
    assert store.read(lambda books: books.census()) == before


def test_a_test_event_to_a_private_address_is_a_failure_and_reaches_nobody(store, account, clock):
    with Receiver() as receiver:
        made = Trial(store=store, outbound=Outbound(resolver=FakeResolver({})), clock=clock).send(
            account, receiver.url()
        )
    assert (is_delivered(made), made.status, made.reason) == (False, None, "unreachable")
    assert receiver.connections == 0
