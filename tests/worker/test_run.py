"""A task always ends: what the worker does when its child, its disk or its database fails it."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

from cadenza.audio.children import Nursery
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Unavailable
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, Dialect, Operation, TaskState
from cadenza.publish.store import MediaStore
from cadenza.tasks.life import Life
from cadenza.worker.patience import patiently
from cadenza.worker.run import TaskRunner
from cadenza.worker.source import SourceFiles

UNEXPECTED = "The server met an unexpected error while it made this task."
CHILD = (sys.executable, "-c", "from cadenza.wiring.child import render_child; render_child()")


@pytest.fixture
def runner(store, clock, tmp_path):
    life = Life(
        clock=clock,
        callback_body=lambda *_: None,
        lane=lambda _: "lane",
        max_attempts=3,
        retention=dt.timedelta(days=1),
    )

    nursery = Nursery()

    def make(command=CHILD, media=None, limit_s=60.0):
        kept = media or MediaStore(tmp_path / "media")
        return TaskRunner(
            store=store,
            life=life,
            sources=SourceFiles(store=store, media=kept, outbound=None, max_bytes=1, deadline_s=1),
            media=kept,
            child_command=command,
            worker_id="worker_test",
            scratch_folder=tmp_path / "scratch",
            streams_folder=tmp_path / "streams",
            limit_s=limit_s,
            nursery=nursery,
        )

    yield make
    nursery.close()


@pytest.fixture
def task_id(store, account):
    request = GenerationRequest(wish=Described(prompt="x"), tier="v5", take_count=1, duration_s=1.0, seed=1)
    accepted = Accepted(
        dialect=Dialect.NATIVE, operation=Operation.GENERATE, request=request, wire_model="v5", wire_body={}
    )

    def add(books):
        books.ledger.append(account.id, EntryKind.HOLD, 12, task_id="t1", note="")
        books.tasks.add("t1", account.id, accepted, credits=12, engine="debug", parent_take_id=None)

    store.write(add)
    return "t1"


def seen(store, account):
    return store.read(lambda books: (books.tasks.view("t1"), books.ledger.balance(account.id)))


def test_a_task_is_rendered_and_leaves_no_scratch(runner, store, account, task_id, tmp_path):
    runner().run(task_id)
    task, balance = seen(store, account)
    assert (task.state, balance) == (TaskState.COMPLETE, 88)
    assert list((tmp_path / "scratch").iterdir()) == list((tmp_path / "streams").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ((sys.executable, "-c", ""), "The engine ended before all takes were made."),
        ((sys.executable, "-c", "raise SystemExit(3)"), "The engine stopped unexpectedly."),
        (
            (sys.executable, "-c", "print('no event')"),
            UNEXPECTED,
        ),
        (("/nonexistent/engine",), UNEXPECTED),
    ],
)
def test_a_child_that_fails_ends_the_task_and_costs_nothing(runner, store, account, task_id, command, reason):
    runner(command).run(task_id)
    task, balance = seen(store, account)
    assert (task.state, balance) == (TaskState.FAILED, 100)
    assert task.failure.reason == reason


def test_a_child_that_never_ends_is_ended_at_the_limit(runner, store, account, task_id):
    sleeper = (sys.executable, "-c", "import time; time.sleep(600)")
    runner(sleeper, limit_s=0.1).run(task_id)
    task, balance = seen(store, account)
    assert (task.failure.reason, balance) == ("The rendering took longer than this server allows.", 100)


def test_a_full_disk_ends_the_task_and_costs_nothing(runner, store, account, task_id, tmp_path):
    class FullDisk(MediaStore):
        def put(self, *_):
            raise OSError(28, "No space left on device")

    runner(media=FullDisk(tmp_path / "media")).run(task_id)
    task, balance = seen(store, account)
    assert (task.state, balance) == (TaskState.FAILED, 100)
    assert "space" not in task.failure.reason
    assert list((tmp_path / "streams").iterdir()) == []


def test_work_waits_longer_and_longer_for_a_database_that_is_away():
    waits = []

    def work():
        if len(waits) < 7:
            raise Unavailable("gone")

    patiently(work, wait=waits.append)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_other_errors_are_not_waited_for():
    def work():
        raise KeyError

    with pytest.raises(KeyError):
        patiently(work, wait=lambda _: None)
