"""A task always ends: what the worker does when its child, its disk or its database fails it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import sys

import pytest

from cadenza.audio.children import Nursery
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Unavailable
from cadenza.domain.request import Continuation, Described, GenerationRequest, SourceUpload
from cadenza.domain.task import Accepted, Dialect, FailureKind, Operation, TaskState
from cadenza.publish.store import MediaStore
from cadenza.tasks.life import Life
from cadenza.tasks.records import Upload
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes
from cadenza.worker.patience import patiently
from cadenza.worker.process import RenderChildren
from cadenza.worker.run import TaskRunner
from cadenza.worker.source import SourceFiles

UNEXPECTED = "The server met an unexpected error while it made this task."
CHILD = (sys.executable, "-c", "from cadenza.wiring.child import render_child; render_child()")


@pytest.fixture
def runner(store, clock, tmp_path, monkeypatch):
    monkeypatch.setenv("CADENZA_ENGINE", "debug")
    life = Life(
        clock=clock,
        callback_body=lambda *_: None,
        lane=lambda _: "lane",
        max_attempts=3,
        retention=dt.timedelta(days=1),
    )

    nursery = Nursery()
    started = []

    def make(command=CHILD, media=None, limit_s=60.0):
        kept = media or MediaStore(tmp_path / "media")
        started.append(RenderChildren(command))
        return TaskRunner(
            store=store,
            life=life,
            sources=SourceFiles(store=store, media=kept, outbound=None, max_bytes=1, deadline_s=1),
            media=kept,
            children=started[-1],
            worker_id="worker_test",
            scratch_folder=tmp_path / "scratch",
            streams_folder=tmp_path / "streams",
            limit_s=limit_s,
            nursery=nursery,
        )

    yield make
    for children in started:
        children.close()
    nursery.close()


REQUEST = GenerationRequest(wish=Described(prompt="x"), tier="v5", take_count=1, duration_s=1.0, seed=1)


@pytest.fixture
def add_task(store, account):
    """Add the task "t1"."""

    def add(request=REQUEST):
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=Operation.GENERATE,
            request=request,
            wire_model="v5",
            wire_body={},
        )

        def work(books):
            books.ledger.append(account.id, EntryKind.HOLD, 12, task_id="t1", note="")
            books.tasks.add("t1", account.id, accepted, credits=12, engine="debug", parent_take_id=None)

        store.write(work)
        return "t1"

    return add


@pytest.fixture
def task_id(add_task):
    return add_task()


@pytest.fixture
def upload(store, account, clock, tmp_path):
    """Leave a recording of two seconds in a media store."""

    def leave(media):
        path = tmp_path / "recording"
        path.write_bytes(file_bytes(chord((60, 64, 67), 2.0), "wav"))
        record = Upload(
            id="up1",
            account_id=account.id,
            upload_path="",
            file_name="in.wav",
            artefact=media.put(path, ArtefactKind.UPLOAD),
            media_type="audio/wav",
            created_at=clock.now(),
            expires_at=clock.now() + dt.timedelta(days=1),
        )
        store.write(lambda books: books.uploads.put(record))
        return record.id

    return leave


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


class DeletedAfter(MediaStore):
    """Its files are deleted as soon as somebody has begun to continue them."""

    def keep(self, sha256, path):
        super().keep(sha256, path)
        assert self.delete(sha256)


class DeletedBefore(MediaStore):
    """Its files are deleted just before somebody begins to continue them."""

    def keep(self, sha256, path):
        assert self.delete(sha256)
        super().keep(sha256, path)


def continuing(upload_id):
    return dataclasses.replace(
        REQUEST, continuation=Continuation(source=SourceUpload(upload_id=upload_id), from_s=1.0)
    )


def test_st_05_a_source_that_is_deleted_while_it_is_continued_is_continued_to_the_end(
    runner, store, account, add_task, upload, tmp_path
):
    media = DeletedAfter(tmp_path / "media")
    add_task(continuing(upload(media)))
    runner(media=media).run("t1")
    task, balance = seen(store, account)
    assert (task.state, task.failure, balance) == (TaskState.COMPLETE, None, 88)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_st_05_a_source_that_is_deleted_first_is_refused_with_the_reason_and_costs_nothing(
    runner, store, account, add_task, upload, tmp_path
):
    media = DeletedBefore(tmp_path / "media")
    add_task(continuing(upload(media)))
    runner(media=media).run("t1")
    task, balance = seen(store, account)
    assert (task.state, task.failure.kind, balance) == (TaskState.FAILED, FailureKind.SOURCE_UNUSABLE, 100)
    assert "deleted by its owner" in task.failure.reason


def test_a_source_that_is_kept_here_goes_by_the_digest_of_its_content(
    runner, store, add_task, upload, tmp_path
):
    media = MediaStore(tmp_path / "media")
    add_task(continuing(upload(media)))
    view = store.read(lambda books: books.tasks.view("t1"))
    source = runner(media=media).sources.fetch(view, tmp_path)
    assert source.sha256 == hashlib.sha256(source.path.read_bytes()).hexdigest()


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
