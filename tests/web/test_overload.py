"""Limits of the door: OV-02, OV-03 and OV-05 of the catalogue, each dialect in its own codes."""

from __future__ import annotations

import contextlib
import re

import pytest
import sqlalchemy as sa

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.task import Dialect, TaskState
from cadenza.stores.schema import ledger, replies, tasks

# Route, body, code of "too often", code of "not now".
CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"], 429, 455),
    "sunoapi": ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"], 430, 455),
    "apiin": ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"], 429, 503),
    "native": ("/v1/tasks", {"prompt": "rain"}, 429, 503),
}
dialects = pytest.mark.parametrize("dialect", CREATING)
NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})


def code_of(answer):
    return answer.json().get("code", answer.status_code)


@dialects
def test_ov_02_above_the_rate_a_dialect_says_so_in_its_own_code(sqlite_house, dialect):
    path, body, too_often, _ = CREATING[dialect]
    key = sqlite_house.caller("me")
    *fine, refused = sqlite_house.ask(key, *[("POST", path, body)] * 4, CADENZA_RATE_LIMIT="3")
    assert {code_of(answer) for answer in fine} <= {200, 201}
    assert (code_of(refused), refused.headers["retry-after"]) == (too_often, "10")
    assert sqlite_house.count(tasks) == 3
    assert sqlite_house.count(ledger, ledger.c.kind == "hold") == 3


@dialects
def test_ov_02_want_of_credits_is_another_code_and_has_no_retry_after(sqlite_house, dialect):
    path, body, _, _ = CREATING[dialect]
    key = sqlite_house.caller("me", credits=0)
    (refused,) = sqlite_house.ask(key, ("POST", path, body), CADENZA_RATE_LIMIT="3")
    assert code_of(refused) == {"sunoapi": 429}.get(dialect, 402)
    assert "retry-after" not in refused.headers


def test_ov_02_the_window_moves_and_keys_are_counted_apart(sqlite_house):
    mine, yours = sqlite_house.caller("me"), sqlite_house.caller("you")

    async def over_time(send):
        codes = []
        for wait_s, key in [(0, mine), (6, mine), (3, mine), (0, yours), (1, mine), (5, mine), (1, mine)]:
            sqlite_house.clock.advance(wait_s)
            codes.append((await send(*NATIVE, {"x-api-key": key})).status_code)
        return codes

    told = sqlite_house.drive("", over_time, CADENZA_RATE_LIMIT="2")
    assert told == [201, 201, 429, 201, 201, 429, 201]


@dialects
def test_ov_02_an_account_has_so_many_unfinished_tasks_and_no_more(house, dialect):
    path, body, too_often, _ = CREATING[dialect]
    key, other = house.caller("me"), house.caller("you")
    first, second, refused = house.ask(key, *[("POST", path, body)] * 3, CADENZA_TASKS_PER_ACCOUNT="2")
    assert {code_of(first), code_of(second)} <= {200, 201}
    assert (code_of(refused), refused.headers["retry-after"]) == (too_often, "5")
    assert (house.count(tasks), house.count(ledger, ledger.c.kind == "hold")) == (2, 2)
    assert code_of(house.ask(other, ("POST", path, body))[0]) in {200, 201}


def test_ov_02_a_task_that_ended_makes_room(house):
    key = house.caller("me")
    first, refused = house.ask(key, NATIVE, NATIVE, CADENZA_TASKS_PER_ACCOUNT="1")
    assert refused.status_code == 429
    cancel = ("POST", f"/v1/tasks/{first.json()['id']}/cancel")
    _, room = house.ask(key, cancel, NATIVE)
    assert room.status_code == 201


def test_ov_02_a_running_task_counts(house):
    key = house.caller("me")
    (first,) = house.ask(key, NATIVE, CADENZA_TASKS_PER_ACCOUNT="1", CADENZA_QUEUE_LIMIT="1")
    house.store.write(lambda books: books.tasks.move(first.json()["id"], TaskState.RUNNING))
    (refused,) = house.ask(key, NATIVE)
    assert refused.status_code == 429


def test_ov_02_sixty_four_at_once_do_not_get_past_the_limit(house):
    key = house.caller("me")
    answers = house.ask_at_once(key, *[NATIVE] * 64, CADENZA_TASKS_PER_ACCOUNT="5")
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 59
    assert house.count(tasks) == 5


def test_ov_02_a_reply_under_its_key_is_given_again_although_no_more_is_accepted(house):
    key = house.caller("me")
    keyed = (*NATIVE, {"Idempotency-Key": "one"})
    fresh = (*NATIVE, {"Idempotency-Key": "two"})
    first, again, refused = house.ask(
        key, keyed, keyed, fresh, CADENZA_TASKS_PER_ACCOUNT="1", CADENZA_QUEUE_LIMIT="1"
    )
    assert again.content == first.content
    assert refused.status_code == 429
    assert house.count(replies) == 1


def test_ov_03_the_headers_never_promise_what_is_then_refused(sqlite_house):
    key = sqlite_house.caller("me")

    async def as_told(send):
        answers = []
        for wait_s in (0, 1, 2.5, 0, 3, 3.5, 0.5, 0, 9):
            sqlite_house.clock.advance(wait_s)
            answers.append(await send(*NATIVE))
            if answers[-1].status_code == 429:
                sqlite_house.clock.advance(int(answers[-1].headers["retry-after"]))
                answers.append(await send(*NATIVE))
                assert answers[-1].status_code == 201
        return answers

    answers = sqlite_house.drive(key, as_told, CADENZA_RATE_LIMIT="3")
    promised = None
    for answer in answers:
        if promised:
            assert answer.status_code == 201
        if answer.status_code == 201:
            assert answer.headers["ratelimit-policy"] == '"creating";q=3;w=10'
            found = re.fullmatch(r'"creating";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
            promised, until_s = int(found[1]), int(found[2])
            assert 0 <= promised <= 2
            assert 1 <= until_s <= 10
        else:
            assert not promised
    assert 429 in {answer.status_code for answer in answers}


def test_ov_03_without_a_limit_nothing_is_promised(sqlite_house):
    key = sqlite_house.caller("me")
    (answer,) = sqlite_house.ask(key, NATIVE)
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


@dialects
def test_ov_05_a_full_queue_refuses_with_an_estimate_and_charges_nothing(house, dialect):
    path, body, _, not_now = CREATING[dialect]
    key, other = house.caller("me"), house.caller("you")
    house.ask(key, *[NATIVE] * 3, CADENZA_QUEUE_LIMIT="3")
    house.clock.advance(200)
    (refused,) = house.ask(other, ("POST", path, body))
    assert (code_of(refused), refused.headers["retry-after"]) == (not_now, "20")
    assert "3 tasks wait, the first of them for 200 s" in refused.text
    assert (house.count(tasks), house.balance("you")) == (3, 1000)


def test_ov_05_a_task_that_starts_makes_room_in_the_queue(house):
    key = house.caller("me")
    first, refused = house.ask(key, NATIVE, NATIVE, CADENZA_QUEUE_LIMIT="1")
    assert refused.status_code == 503
    house.store.write(lambda books: books.tasks.move(first.json()["id"], TaskState.RUNNING))
    (room,) = house.ask(key, NATIVE)
    assert room.status_code == 201


def test_ov_05_a_queue_is_filled_exactly_to_its_limit(house):
    key = house.caller("me", credits=10_000)
    answers = house.ask_at_once(key, *[NATIVE] * 64, CADENZA_QUEUE_LIMIT="40")
    assert sorted(answer.status_code for answer in answers) == [201] * 40 + [503] * 24
    assert house.count(tasks) == 40


@contextlib.contextmanager
def counts():
    """Collect the statements that count tasks or look for kept replies meanwhile."""
    said = []

    def listen(_connection, _cursor, text, *_rest):
        if "count(" in text or "idempotency" in text:
            said.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def test_ov_05_limits_that_are_off_ask_the_database_nothing(house):
    key = house.caller("me")
    with counts() as said:
        house.ask(key, NATIVE, CADENZA_QUEUE_LIMIT="0")
    assert said == []
    with counts() as said:
        house.ask(key, NATIVE, CADENZA_QUEUE_LIMIT="10", CADENZA_TASKS_PER_ACCOUNT="10")
    assert len(said) == 2


def test_ov_05_a_queue_with_room_is_not_counted_for_every_task(house):
    key = house.caller("me")
    with counts() as said:
        answers = house.ask_at_once(key, *[NATIVE] * 30, CADENZA_QUEUE_LIMIT="1000")
    assert {answer.status_code for answer in answers} == {201}
    assert len(said) == 1


def test_ov_05_a_full_queue_is_not_counted_for_every_refusal_and_room_is_seen_soon(house):
    key = house.caller("me")

    async def storm(send):
        first = await send(*NATIVE)
        with counts() as said:
            refused = [await send(*NATIVE) for _ in range(20)]
        house.store.write(lambda books: books.tasks.move(first.json()["id"], TaskState.RUNNING))
        house.clock.advance(0.1)
        return len(said), {answer.status_code for answer in refused}, (await send(*NATIVE)).status_code

    assert house.drive(key, storm, CADENZA_QUEUE_LIMIT="1") == (1, {503}, 201)
