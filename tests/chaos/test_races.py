"""CR-14: cancelling against finishing. One of them wins, and the credits say the same."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Conflict
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, Dialect, Operation, TaskState
from cadenza.tasks.life import Life
from cadenza.tasks.records import TakeResult, TakeText

PRICE = 5
RACES = 15  # more than 1,000 on the two databases together with the scale of `make chaos`


def silence(_task, _stage):
    """Return no body: nobody is told."""


@pytest.fixture
def life(clock):
    return Life(
        clock=clock,
        callback_body=silence,
        lane=str,
        max_attempts=3,
        retention=dt.timedelta(days=14),
    )


def running_task(store, account, life, number):
    """Return the attempt at a task of one take whose words are known."""
    task_id = f"task{number}"
    request = GenerationRequest(wish=Described(prompt="rain"), tier="v5", take_count=1, seed=1)
    accepted = Accepted(
        dialect=Dialect.NATIVE,
        operation=Operation.GENERATE,
        request=request,
        wire_model="v5",
        wire_body={},
    )

    def work(books):
        books.ledger.append(account.id, EntryKind.HOLD, PRICE, task_id=task_id, note="test")
        books.tasks.add(task_id, account.id, accepted, credits=PRICE, engine="debug", parent_take_id=None)
        attempt = life.begin(books, task_id, worker_id="w")[1]
        text = TakeText(
            take_id=f"{task_id}-0",
            take_index=0,
            title="Rain",
            style="folk",
            prompt="rain",
            lyrics="",
            model_name="chirp-crow",
        )
        life.text_ready(books, attempt, (text,))
        return attempt

    return store.write(work)


def finished(attempt):
    return TakeResult(
        take_id=f"{attempt.task_id}-0",
        duration_s=1.0,
        joined_at_s=None,
        seed=1,
        bpm=None,
        key=None,
        loudness_lufs=-14.0,
        lines=(),
        artefacts=(Artefact(kind=ArtefactKind.AUDIO_MP3, sha256="a" * 64, size_bytes=1),),
    )


@pytest.mark.timeout(3600)
def test_cr_14_a_task_that_is_cancelled_while_it_finishes_is_settled_once(store, account, life, scale, tried):
    captured = 0
    for number in range(RACES * scale):
        store.write(
            lambda books: books.ledger.append(account.id, EntryKind.GRANT, PRICE, task_id=None, note="refill")
        )
        attempt = running_task(store, account, life, number)
        start = threading.Barrier(2)

        def cancel(task_id=attempt.task_id, start=start):
            start.wait()
            try:
                store.write(lambda books: life.cancel(books, task_id, account_id=account.id))
            except Conflict:
                return

        def finish(attempt=attempt, start=start):
            start.wait()
            store.write(lambda books: life.take_ready(books, attempt, finished(attempt)))

        racers = [threading.Thread(target=racer) for racer in (cancel, finish)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        state = store.read(lambda books, task_id=attempt.task_id: books.tasks.view(task_id)).state
        newest = store.read(lambda books: books.ledger.history(account.id, limit=1))[0]
        settled = {TaskState.COMPLETE: EntryKind.CAPTURE, TaskState.CANCELLED: EntryKind.RELEASE}[state]
        assert (newest.task_id, newest.kind) == (attempt.task_id, settled)
        captured += state is TaskState.COMPLETE
    granted = 100 + RACES * scale * PRICE
    assert store.read(lambda books: books.ledger.balance(account.id)) == granted - captured * PRICE
    tried(RACES * scale)
