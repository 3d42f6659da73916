"""What a worker tells operators: sums that add up over workers, and a warning when clocks differ."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from cadenza.domain.errors import GenerationFailed, SourceUnusable, Stopped, Unavailable
from cadenza.domain.task import CallbackStage
from cadenza.notify.delivery import AttemptRecord
from cadenza.notify.verifying import TOLERANCE
from cadenza.outbound.allow import AllowList
from cadenza.outbound.answers import Answer
from cadenza.outbound.client import Outbound
from cadenza.tasks.records import Attempt
from cadenza.tasks.tallies import (
    ATTEMPTS_ENDED,
    CALLBACK_ATTEMPTS,
    CALLBACK_LAG,
    RECEIVER_CLOCKS,
    STAGE_SECONDS,
    Series,
)
from cadenza.testing.network import FakeResolver, Receiver, reply
from cadenza.worker.observe import Observer
from cadenza.worker.order import Progressed
from cadenza.worker.tally import Tally


@pytest.fixture
def observer(clock):
    return Observer(clock=clock)


@pytest.fixture
def sums(observer, store):
    """Flush, and return the sums that all workers have made."""

    def sums():
        observer.tally.flush(store)
        return store.read(lambda books: books.tallies.sums())

    return sums


def attempt_made(outcome, clock, *, number=1):
    now = clock.now()
    return AttemptRecord(
        event_id="msg_1", attempt=number, started_at=now, ended_at=now, elapsed_ms=3, outcome=outcome
    )


def told(clock, seconds_ago=0.0):
    created_at = clock.now() - dt.timedelta(seconds=seconds_ago)
    return SimpleNamespace(task_id="0" * 32, stage=CallbackStage.COMPLETE, created_at=created_at)


@pytest.mark.parametrize(
    ("off_minutes", "counted"),
    [(-10, "differs"), (10, "differs"), (3, "differs"), (-2, "agrees"), (0, "agrees")],
)
def test_wh_12_a_clock_that_is_off_by_more_than_half_the_tolerance_is_counted_and_warned_of(
    off_minutes, counted, observer, sums, clock
):
    date = format_datetime(clock.now() + dt.timedelta(minutes=off_minutes), usegmt=True)
    outbound = Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver({}), clock=clock)
    with Receiver(reply(200, headers={"Date": date})) as receiver:
        answer = outbound.post(receiver.url(), b"{}", {})
    with capture_logs() as lines:
        observer.delivered(told(clock), attempt_made(answer, clock), "delivered")
    assert sums()[Series(RECEIVER_CLOCKS.name, (counted,))] == 1
    warned = [line["receiver_ahead_s"] for line in lines if line["event"] == "clocks_differ"]
    assert warned == ([off_minutes * 60] if counted == "differs" else [])


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
def test_wh_12_a_receiver_that_tells_no_time_is_not_counted(date, observer, sums, clock):
    outbound = Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver({}), clock=clock)
    with Receiver(reply(200, headers={"Date": date})) as receiver:
        answer = outbound.post(receiver.url(), b"{}", {})
    observer.delivered(told(clock), attempt_made(answer, clock), "delivered")
    assert not [series for series in sums() if series.name == RECEIVER_CLOCKS.name]


def test_wh_12_receivers_are_told_to_tolerate_five_minutes():
    assert dt.timedelta(minutes=5) == TOLERANCE


def test_lag_is_counted_once_for_each_callback_and_outcomes_for_each_attempt(observer, sums, clock):
    observer.delivered(told(clock, 4.0), attempt_made(Answer(status=500), clock), "waiting")
    observer.delivered(told(clock, 9.0), attempt_made(Answer(status=200), clock, number=2), "delivered")
    found = sums()
    assert found[Series(CALLBACK_LAG.name, (), "+Inf")] == 1
    assert found[Series(CALLBACK_LAG.name, (), "sum")] == 4.0
    assert Series(CALLBACK_LAG.name, (), "2") not in found
    assert found[Series(CALLBACK_LAG.name, (), "5")] == 1
    assert found[Series(CALLBACK_ATTEMPTS.name, ("waiting",))] == 1
    assert found[Series(CALLBACK_ATTEMPTS.name, ("delivered",))] == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "rendered"),
        (Stopped("x"), "stopped"),
        (SourceUnusable("x"), "source_unusable"),
        (GenerationFailed("x"), "generation_failed"),
        (ZeroDivisionError(), "broken"),
    ],
)
def test_every_stage_and_the_end_of_an_attempt_are_counted(error, outcome, observer, sums, clock):
    view = SimpleNamespace(id="a" * 32, engine="debug", accepted_at=clock.now())
    attempt = observer.attempt(view, Attempt(task_id="a" * 32, number=1))
    with contextlib.suppress(Exception), attempt as watched:
        clock.advance(2.0)
        watched.hear(Progressed(stage="mix", fraction=0.5))
        clock.advance(5.0)
        watched.hear(Progressed(stage="mix", fraction=0.6))
        if error is not None:
            raise error
    found = sums()
    assert found[Series(STAGE_SECONDS.name, ("debug", "source"), "sum")] == 2.0
    assert found[Series(STAGE_SECONDS.name, ("debug", "mix"), "sum")] == 5.0
    assert found[Series(ATTEMPTS_ENDED.name, ("debug", outcome))] == 1


def test_sums_of_workers_that_flush_at_once_add_up(store, tried):
    def work():
        tally = Tally()
        for _ in range(10):
            tally.count(CALLBACK_ATTEMPTS, "delivered")
            tally.time(CALLBACK_LAG, seconds=0.2)
            tally.flush(store)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.read(lambda books: books.tallies.sums())
    assert found[Series(CALLBACK_ATTEMPTS.name, ("delivered",))] == 40
    assert found[Series(CALLBACK_LAG.name, (), "0.3")] == 40
    tried(40)


def test_what_could_not_be_added_while_the_database_was_away_is_added_later(store):
    class Away:
        def write(self, _work):
            raise Unavailable("away")

    tally = Tally()
    tally.count(CALLBACK_ATTEMPTS, "delivered")
    tally.flush(Away())
    tally.count(CALLBACK_ATTEMPTS, "delivered")
    tally.flush(store)
    found = store.read(lambda books: books.tallies.sums())
    assert found[Series(CALLBACK_ATTEMPTS.name, ("delivered",))] == 2
