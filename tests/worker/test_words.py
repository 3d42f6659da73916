"""Tasks of words: written here, or by a service that may fail in every way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from cadenza.domain.abilities import Fidelity
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Stopped
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, CallbackStage, Dialect, Operation, TaskState
from cadenza.outbound.client import Outbound
from cadenza.tasks.life import Life
from cadenza.testing.network import Receiver, reply
from cadenza.worker.words import Asked, BuiltIn, read_answer, write_words

REQUEST = GenerationRequest(wish=Described(prompt="the sea at night"), tier="v5", seed=4)
TEXT = (
    "Title: **Low Tide**\n[Verse 1]\nThe boats are gone\nThe bay is wide\n[Chorus]\nCome back to me\nLow tide"
)


def answer(content):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


@pytest.fixture
def told():
    return []


@pytest.fixture
def life(clock, told):
    def body(view, stage):
        told.append((stage, len([take for take in view.takes if take.is_ready])))
        return b"{}"

    return Life(
        clock=clock, callback_body=body, lane=lambda _: "x", max_attempts=3, retention=dt.timedelta(days=1)
    )


@pytest.fixture
def begun(store, account, life):
    """Begin the task "t1": its view and the attempt."""

    def work(books):
        accepted = Accepted(
            dialect=Dialect.SUNOAPI,
            operation=Operation.LYRICS,
            request=REQUEST,
            wire_model="",
            wire_body={},
            callback_url="https://example.com/cb",
        )
        books.ledger.append(account.id, EntryKind.HOLD, 1, task_id="t1", note="")
        books.tasks.add("t1", account.id, accepted, credits=1, engine="debug", parent_take_id=None)
        return life.begin(books, "t1", worker_id="w1")

    return store.write(work)


def asked(receiver, **more):
    url = receiver.url("/v1", host="127.0.0.1")
    return Asked(outbound=Outbound(own_url=url), url=url, model="m", key="secret-key", deadline_s=5.0, **more)


def write(lyricist):
    return lyricist.write("the sea", style="folk", seed=4, variant=0, duration_s=60)


def test_a_task_of_words_ends_with_two_texts_and_its_credit_is_taken(store, life, begun, told, account):
    view, attempt = begun
    before = store.read(lambda books: books.ledger.balance(account.id))
    write_words(store, life, BuiltIn(), view, attempt)
    done = store.read(lambda books: books.tasks.view("t1"))
    assert done.state is TaskState.COMPLETE
    assert [take.index for take in done.takes] == [0, 1]
    assert done.takes[0].lyrics != done.takes[1].lyrics
    assert all(take.title and take.audio_url is None and take.duration_s is None for take in done.takes)
    assert told[-1] == (CallbackStage.COMPLETE, 2)
    assert done.honoured["prompt"].fidelity is Fidelity.APPROXIMATE
    kinds = [entry.kind for entry in store.read(lambda books: books.ledger.history(account.id, limit=2))]
    assert kinds[0] is EntryKind.CAPTURE
    assert store.read(lambda books: books.ledger.balance(account.id)) == before


def test_words_of_a_task_that_has_ended_stay_as_they_are(store, life, begun):
    view, attempt = begun
    write_words(store, life, BuiltIn(), view, attempt)
    first = store.read(lambda books: books.tasks.view("t1"))
    with pytest.raises(Stopped):  # an attempt that did not hear of its own success
        write_words(store, life, BuiltIn(), view, attempt)
    assert store.read(lambda books: books.tasks.view("t1")).takes == first.takes


def test_words_of_a_task_that_was_taken_away_are_not_kept(store, life, begun, account):
    view, attempt = begun
    store.write(lambda books: life.cancel(books, "t1", account_id=account.id))
    with pytest.raises(Stopped):
        write_words(store, life, BuiltIn(), view, attempt)
    assert store.read(lambda books: books.tasks.view("t1")).takes == ()


def test_a_service_is_asked_in_the_form_of_chat_completions():
    with Receiver(reply(body=answer(TEXT)), host="127.0.0.1") as receiver:
        words = write(asked(receiver))
    assert (words.title, words.note) == ("Low Tide", "")
    assert words.text.startswith("[Verse 1]\nThe boats are gone")
    (request,) = receiver.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret-key"
    body = json.loads(request.body)
    assert (body["model"], body["seed"]) == ("m", 4)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"].splitlines() == [
        "the sea", "Style: folk", "The song lasts about 60 seconds.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        (reply(500), "it refused the request"),
        (reply(401), "it refused the request"),
        (reply(302, headers={"location": "http://127.0.0.1/"}), "it refused the request"),
        (reply(body=b"no json"), "its answer held no lyrics"),
        (reply(body=b"[]"), "its answer held no lyrics"),
        (reply(body=answer(None)), "its answer held no lyrics"),
        (reply(body=answer("Sorry.")), "its answer held no lyrics"),
        (reply(body=b"x" * 300_000), "it could not be asked"),
        (b"not http at all\r\n\r\n", "it could not be asked"),
    ],
)
def test_where_the_service_fails_the_built_in_writer_stands_in_and_says_so(answered, why):
    with Receiver(answered, host="127.0.0.1") as receiver:
        words = write(asked(receiver))
    own = write(BuiltIn())
    assert (words.title, words.text) == (own.title, own.text)
    assert words.note == f"Written by the built-in writer instead of the service that was set: {why}."


def test_a_service_that_does_not_answer_in_time_is_left():
    with Receiver(lambda _, stopped: stopped.wait(5), host="127.0.0.1") as receiver:
        service = dataclasses.replace(asked(receiver), deadline_s=0.2)
        assert "in time" in write(service).note


def test_a_service_that_is_not_there_is_done_without():
    with Receiver(host="127.0.0.1") as receiver:
        service = asked(receiver)
    assert "could not be asked" in write(service).note


def test_the_key_of_the_service_is_not_shown():
    with Receiver(host="127.0.0.1") as receiver:
        assert "secret-key" not in repr(asked(receiver))


@pytest.mark.parametrize(
    ("content", "title", "first"),
    [
        ("[Verse]\nA line here\nAnother line", "A line here", "[Verse]"),
        ("```\nTitle: X\nA line here\nAnother line\n```", "X", "A line here"),
        ('# Title: "Y"\n\nA line\nB line\0', "Y", "A line"),
    ],
)
def test_answers_are_read_as_services_write_them(content, title, first):
    words = read_answer(answer(content))
    assert (words.title, words.text.splitlines()[0]) == (title, first)
    assert "\0" not in words.text
