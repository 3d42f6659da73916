"""The moves of a task on both databases: state, credits, events and callbacks move together."""

from __future__ import annotations

import datetime as dt

import pytest

from cadenza.domain.abilities import Abilities
from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.errors import Conflict, InsufficientCredits, NotFound
from cadenza.domain.links import Links
from cadenza.domain.request import (
    Continuation,
    Described,
    GenerationRequest,
    Inherited,
    SourceTake,
    Specified,
)
from cadenza.domain.task import (
    MOVES,
    Accepted,
    CallbackStage,
    Dialect,
    Failure,
    FailureKind,
    Operation,
    TaskState,
)
from cadenza.intake.accept import Intake
from cadenza.intake.admission import Admission
from cadenza.intake.keys import Pepper, make_key
from cadenza.tasks.keys import Principal
from cadenza.tasks.life import Life
from cadenza.tasks.records import Attempt, TakeResult, TakeText

ABILITIES = Abilities(
    sings=False, makes_songs=True, continues_audio=True, longest_s=480, longest_source_s=480
)


@pytest.fixture
def life(clock):
    return Life(
        clock=clock,
        callback_body=lambda task, stage: f"{task.state.value} {stage.value}".encode(),
        lane=lambda url: url,
        max_attempts=3,
        retention=dt.timedelta(days=14),
    )


@pytest.fixture
def intake(clock):
    return Intake(
        engine_name="embedded",
        abilities=ABILITIES,
        clock=clock,
        check_url=str,
        links=Links("http://cadenza.test"),
        admission=Admission(clock=clock),
    )


@pytest.fixture
def accept(store, account, intake, clock):
    record, _ = make_key(Pepper(b"salt"), account_id=account.id, name="test", now=clock.now())
    principal = Principal(key=record)

    def accept(wish=None, callback_url="http://receiver.test/", **fields):
        request = GenerationRequest(wish=wish or Described(prompt="rain"), tier="v4.5", **fields)
        operation = Operation.EXTEND if request.continuation else Operation.GENERATE
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=operation,
            request=request,
            wire_model="v4.5",
            wire_body={"prompt": "rain"},
            callback_url=callback_url,
        )
        return store.write(lambda books: intake.accept(books, principal, accepted))

    return accept


def text(task, index):
    return TakeText(
        take_id=f"{task.id}-{index}",
        take_index=index,
        title="Rain",
        style="folk",
        prompt="rain",
        lyrics="",
        model_name="chirp-auk",
    )


def result(task, index):
    files = (
        Artefact(kind=ArtefactKind.AUDIO_MP3, sha256="a" * 64, size_bytes=1),
        Artefact(kind=ArtefactKind.AUDIO_FLAC, sha256="b" * 64, size_bytes=1),
    )
    return TakeResult(
        take_id=f"{task.id}-{index}",
        duration_s=60.0,
        joined_at_s=None,
        seed=7,
        bpm=80.0,
        key="A minor",
        loudness_lufs=-14.0,
        lines=(),
        artefacts=files,
    )


def begin(store, life, task, worker="w1"):
    begun = store.write(lambda books: life.begin(books, task.id, worker_id=worker))
    return None if begun is None else begun[1]


def finish(store, life, task, attempt):
    store.write(lambda books: life.text_ready(books, attempt, (text(task, 0), text(task, 1))))
    for index in (0, 1):
        store.write(lambda books, index=index: life.take_ready(books, attempt, result(task, index)))


def state(store, task):
    return store.read(lambda books: books.tasks.view(task.id)).state


def balance(store, account):
    return store.read(lambda books: books.ledger.balance(account.id))


def told(store, task, account):
    records = store.read(lambda books: books.callbacks.for_task(task.id, account_id=account.id))
    return {record.stage: record.body for record in records}


def test_accepting_holds_the_price_and_stores_the_request_as_it_was_meant(store, account, accept):
    task = accept(wish=Specified(title="Rain", style="folk"), seed=5)
    assert balance(store, account) == 90
    view = store.read(lambda books: books.tasks.view(task.id))
    assert view.request == task.request
    assert view.request.seed == 5
    assert (view.state, view.progress.queue_place, view.credits) == (TaskState.QUEUED, 1, 10)


def test_a_request_that_cannot_be_paid_leaves_nothing_behind(store, account, accept):
    for _ in range(10):
        accept()
    with pytest.raises(InsufficientCredits):
        accept()
    assert (
        len(store.read(lambda books: books.tasks.list(account.id, limit=50, before=None, state=None))) == 10
    )
    assert balance(store, account) == 0


def test_a_task_goes_from_text_to_first_to_complete_and_is_then_charged(store, account, life, accept):
    task = accept()
    attempt = begin(store, life, task)
    assert state(store, task) is TaskState.RUNNING
    store.write(lambda books: life.text_ready(books, attempt, (text(task, 0), text(task, 1))))
    assert state(store, task) is TaskState.TEXT_READY
    store.write(lambda books: life.take_ready(books, attempt, result(task, 0)))
    assert state(store, task) is TaskState.FIRST_READY
    store.write(lambda books: life.take_ready(books, attempt, result(task, 1)))
    assert state(store, task) is TaskState.COMPLETE
    assert balance(store, account) == 90
    assert told(store, task, account) == {
        CallbackStage.TEXT: b"text_ready text",
        CallbackStage.FIRST: b"first_ready first",
        CallbackStage.COMPLETE: b"complete complete",
    }
    events = store.read(lambda books: books.tasks.events(task.id, after=0))
    assert [event.kind for event in events] == ["running", "text_ready", "first_ready", "complete"]


def test_doing_everything_twice_changes_nothing_more(store, account, life, accept):
    task = accept()
    attempt = begin(store, life, task)
    finish(store, life, task, attempt)
    finish(store, life, task, attempt)
    assert balance(store, account) == 90
    assert len(told(store, task, account)) == 3
    assert begin(store, life, task) is None


def history(store, account):
    """Return the account's entries, newest first, without the start."""
    entries = store.read(lambda books: books.ledger.history(account.id, limit=100))
    return [(entry.kind.value, entry.credits, entry.note) for entry in entries if entry.task_id]


@pytest.mark.parametrize("kind", FailureKind)
def test_le_04_a_failed_task_costs_nothing_and_the_history_says_why(store, account, life, accept, kind):
    task = accept()
    attempt = begin(store, life, task)
    failure = Failure(kind=kind, reason="The file is a web page.")
    assert store.write(lambda books: life.fail(books, attempt, failure))
    assert balance(store, account) == 100
    assert history(store, account)[0] == ("release", 10, kind.value)
    assert store.read(lambda books: books.tasks.view(task.id)).failure == failure
    assert told(store, task, account) == {CallbackStage.ERROR: b"failed error"}


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_le_05_a_task_of_which_one_take_is_missing_costs_nothing_and_keeps_the_other(
    store, account, life, accept, ending
):
    task = accept()
    attempt = begin(store, life, task)
    store.write(lambda books: life.text_ready(books, attempt, (text(task, 0), text(task, 1))))
    store.write(lambda books: life.take_ready(books, attempt, result(task, 0)))
    assert balance(store, account) == 90
    if ending == "failed":
        failure = Failure(kind=FailureKind.GENERATION_FAILED, reason="The second take failed.")
        store.write(lambda books: life.fail(books, attempt, failure))
    else:
        store.write(lambda books: life.cancel(books, task.id, account_id=account.id))
    assert balance(store, account) == 100
    assert [kind for kind, _, _ in history(store, account)] == ["release", "hold"]
    view = store.read(lambda books: books.tasks.view(task.id))
    assert [(take.is_ready, take.audio_url is not None) for take in view.takes] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize("is_running", [False, True])
def test_le_04_a_cancelled_task_costs_nothing_and_its_worker_has_lost_it(
    store, account, life, accept, is_running
):
    task = accept()
    attempt = begin(store, life, task) if is_running else None
    store.write(lambda books: life.cancel(books, task.id, account_id=account.id))
    assert balance(store, account) == 100
    assert history(store, account) == [("release", 10, "cancelled"), ("hold", 10, "generate")]
    assert begin(store, life, task) is None
    if attempt:
        assert not store.write(lambda books: life.progressed(books, attempt, "play", 0.5))
        assert not store.write(lambda books: life.take_ready(books, attempt, result(task, 0)))
        failure = Failure(kind=FailureKind.GENERATION_FAILED, reason="x")
        assert not store.write(lambda books: life.fail(books, attempt, failure))
    assert state(store, task) is TaskState.CANCELLED


def test_a_finished_task_cannot_be_cancelled(store, account, life, accept):
    task = accept()
    finish(store, life, task, begin(store, life, task))
    with pytest.raises(Conflict):
        store.write(lambda books: life.cancel(books, task.id, account_id=account.id))
    assert balance(store, account) == 90


def test_another_accounts_task_cannot_be_cancelled_or_seen(store, account, life, accept):
    task = accept()
    with pytest.raises(NotFound):
        store.write(lambda books: life.cancel(books, task.id, account_id="acc_other"))
    assert store.read(lambda books: books.tasks.view(task.id, account_id="acc_other")) is None


def test_a_worker_that_was_taken_for_dead_changes_nothing_when_it_wakes_up(store, life, accept):
    task = accept()
    sleeper = begin(store, life, task, worker="sleeper")
    store.write(lambda books: life.text_ready(books, sleeper, (text(task, 0), text(task, 1))))
    successor = begin(store, life, task, worker="successor")
    assert successor == Attempt(task_id=task.id, number=2)
    assert not store.write(lambda books: life.take_ready(books, sleeper, result(task, 0)))
    assert not store.write(lambda books: life.progressed(books, sleeper, "play", 0.9))
    assert state(store, task) is TaskState.TEXT_READY
    assert store.write(lambda books: life.take_ready(books, successor, result(task, 0)))


def test_a_task_that_no_worker_survives_fails_after_three_losses_and_is_refunded(
    store, account, life, accept
):
    task = accept()
    for _ in range(3):
        assert begin(store, life, task, worker="doomed") is not None
        assert store.write(lambda books: books.tasks.count_losses("doomed")) == 1
        assert store.write(lambda books: books.tasks.count_losses("doomed")) == 0
    assert begin(store, life, task) is None
    view = store.read(lambda books: books.tasks.view(task.id))
    assert view.failure is not None
    assert view.failure.kind is FailureKind.WORKER_LOST
    assert balance(store, account) == 100


def test_handing_a_task_back_on_a_clean_stop_does_not_count_against_it(store, life, accept):
    task = accept()
    for _ in range(10):
        assert begin(store, life, task, worker="restarted again and again") is not None


def test_an_extension_inherits_model_title_and_style_from_its_take(store, account, life, accept):
    parent = accept(wish=Specified(title="Rain", style="folk"))
    finish(store, life, parent, begin(store, life, parent))
    source = SourceTake(take_id=f"{parent.id}-1")
    child = accept(wish=Inherited(), continuation=Continuation(source=source, from_s=30.0))
    assert child.request.wish == Specified(title="Rain", style="folk", style_is_inherited=True)
    assert child.parent_take_id == f"{parent.id}-1"


def test_an_unfinished_take_cannot_be_extended(store, life, accept):
    parent = accept()
    attempt = begin(store, life, parent)
    store.write(lambda books: life.text_ready(books, attempt, (text(parent, 0), text(parent, 1))))
    source = SourceTake(take_id=f"{parent.id}-0")
    with pytest.raises(Conflict):
        accept(wish=Inherited(), continuation=Continuation(source=source))


def test_every_move_ends_somewhere_and_final_states_are_final():
    for before, allowed in MOVES.items():
        assert before.is_final == (not allowed)
        assert before not in allowed
