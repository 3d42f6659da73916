"""One key, one task: ID-01 to ID-09 of the catalogue, on both databases and in every dialect."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.task import Dialect, TaskState
from cadenza.intake.once import KEPT_FOR
from cadenza.stores.schema import ledger, replies, tasks
from cadenza.tasks.records import TakeResult, TakeText

NATIVE = {"prompt": "rain on a tin roof"}
OTHER = {"prompt": "snow on a tin roof"}
ACCEPTED = {200, 201, "queued", "pending"}
LATE_S = KEPT_FOR.total_seconds()

# Route, body, code of a refusal; SOURCE and TAKE stand for a finished task of the caller and its take.
CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"], 422),
    "crun extend": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["extend simple"], 422),
    "sunoapi": ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"], 400),
    "sunoapi extend": (
        "/api/v1/generate/extend",
        {"audioId": "TAKE", "defaultParamFlag": False, "model": "V5"},
        400,
    ),
    "sunoapi upload": (
        "/api/v1/generate/upload-extend",
        REQUESTS[Dialect.SUNOAPI]["upload-extend inherit"],
        400,
    ),
    "sunoapi lyrics": ("/api/v1/lyrics", {"prompt": "the sea"}, 400),
    "apiin": ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"], 400),
    "apiin extend": (
        "/api/v1/audio/music/extend",
        {"origin_task_id": "SOURCE", "extend_audio_index": 0, "custom_mode": False},
        400,
    ),
    "native": ("/v1/tasks", NATIVE, 422),
    "native lyrics": ("/v1/lyrics", {"prompt": "the sea"}, 422),
    "native extend": ("/v1/tasks", {"source": {"take_id": "TAKE"}}, 422),
}
creating = pytest.mark.parametrize("route", CREATING)


def keyed(path, body, key="one"):
    return "POST", path, body, {"Idempotency-Key": key}


def code_of(answer):
    told = answer.json()
    return told.get("code") or told.get("status") or answer.status_code


def finished_task(house, key):
    """Return the id of a complete task and of its first take."""
    (made,) = house.ask(key, ("POST", "/v1/tasks", {"prompt": "x", "takes": 1}))
    task_id = made.json()["id"]
    flac = Artefact(kind=ArtefactKind.AUDIO_FLAC, sha256="b" * 64, size_bytes=1)
    text = TakeText(
        take_id="take-1", take_index=0, title="t", style="s", prompt="p", lyrics="", model_name="m"
    )
    result = TakeResult(
        take_id="take-1", duration_s=60.0, joined_at_s=None, seed=7, bpm=80.0, key="A minor",
        loudness_lufs=-14.0, lines=(), artefacts=(flac,),
    )  # fmt: skip

    def work(books):
        attempt = books.tasks.begin_attempt(task_id, worker_id="w")
        for state in (TaskState.RUNNING, TaskState.TEXT_READY):
            assert books.tasks.move(task_id, state, attempt=attempt)
        books.tasks.add_take(attempt, text)
        books.tasks.finish_take(attempt, result, expires_at=house.clock.now() + dt.timedelta(days=14))
        assert books.tasks.move(task_id, TaskState.COMPLETE, attempt=attempt)

    house.store.write(work)
    return task_id, "take-1"


def test_ID_01_sixty_four_same_requests_at_once_are_one_task(house):
    key = house.caller("me")
    answers = house.ask_at_once(key, *[keyed("/v1/tasks", NATIVE)] * 64)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert house.count(tasks) == 1
    assert house.count(ledger, ledger.c.kind == "hold") == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 63


def test_ID_01_two_processes_at_once_make_one_task(house):
    key = house.caller("me")
    same = [keyed("/v1/tasks", NATIVE)] * 8
    found = []
    second = threading.Thread(target=lambda: found.extend(house.ask_at_once(key, *same)))
    second.start()
    found.extend(house.ask_at_once(key, *same))
    second.join()
    assert len(found) == 16
    assert len({answer.content for answer in found}) == 1
    assert house.count(tasks) == 1


@creating
def test_ID_02_the_same_request_gets_the_first_reply_again_and_another_is_refused(house, route):
    path, body, refusal = CREATING[route]
    key = house.caller("me")
    text = json.dumps(body)
    if "SOURCE" in text or "TAKE" in text:
        source, take = finished_task(house, key)
        body = json.loads(text.replace("SOURCE", source).replace("TAKE", take))
    turned = dict(reversed(body.items()))
    other = {**body, "callback_url": "https://example.com/other", "callBackUrl": "https://example.com/other"}
    before = house.count(tasks), house.balance("me")
    first, same, order, changed, free = house.ask(
        key,
        keyed(path, body),
        keyed(path, body),
        keyed(path, turned),
        keyed(path, other),
        ("POST", path, body),
    )
    assert code_of(first) in ACCEPTED, first.text
    assert same.content == order.content == first.content
    assert same.status_code == order.status_code == first.status_code
    assert first.headers.get("location") == same.headers.get("location")
    assert code_of(changed) == refusal
    assert "Idempotency-Key" in changed.text
    assert free.content != first.content
    assert house.count(tasks) == before[0] + 2
    assert (before[1] - house.balance("me")) % 2 == 0


def test_ID_02_a_key_of_one_route_is_not_a_key_of_another(house):
    key = house.caller("me")
    crun, native = house.ask(key, keyed(*CREATING["crun"][:2]), keyed("/v1/tasks", NATIVE))
    assert (crun.json()["code"], native.status_code) == (200, 422)
    assert native.json()["type"] == "urn:cadenza:problem:idempotency-key-reused"


def test_ID_03_the_same_key_of_another_account_is_another_key(house):
    mine, theirs = house.caller("me"), house.caller("you")
    (first,) = house.ask(mine, keyed("/v1/tasks", NATIVE))
    same, other = house.ask(theirs, keyed("/v1/tasks", NATIVE), keyed("/v1/tasks", NATIVE))
    assert same.json()["id"] != first.json()["id"]
    assert other.content == same.content
    assert house.count(tasks) == 2


def test_ID_04_a_caller_who_lost_the_reply_gets_it_from_the_next_process(house):
    key = house.caller("me")
    (lost,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    (again,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    assert (again.status_code, again.content) == (lost.status_code, lost.content)
    assert house.count(tasks) == 1


@pytest.mark.parametrize("dialect", ["crun", "sunoapi", "apiin", "native"])
def test_ID_05_a_request_that_was_wrong_may_use_its_key_again(house, dialect):
    path, body, refusal = CREATING[dialect]
    key = house.caller("me")
    wrong, right = house.ask(key, keyed(path, {}), keyed(path, body))
    assert code_of(wrong) == refusal
    assert code_of(right) in ACCEPTED
    assert house.count(tasks) == 1


def test_ID_06_a_refusal_for_want_of_credits_is_not_kept(house):
    key = house.caller("me", credits=1)
    (poor,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    assert (poor.status_code, house.count(replies), house.count(tasks)) == (402, 0, 0)
    house.grant("me", 500)
    (rich,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    assert rich.status_code == 201


@pytest.mark.parametrize(
    "text", [b"", b"x" * 256, b"a\x01b", b"a\tb", b"a\x7fb", "\N{MUSICAL NOTE}".encode(), b"a\x1b[31mb"],
    ids=["empty", "256", "control", "tab", "delete", "emoji", "escape"],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["crun", "sunoapi", "apiin", "native"])
def test_ID_07_a_key_that_is_none_is_refused(sqlite_house, dialect, text):
    path, body, refusal = CREATING[dialect]
    key = sqlite_house.caller("me")
    (answer,) = sqlite_house.ask(key, ("POST", path, body, [(b"Idempotency-Key", text)]))
    assert code_of(answer) == refusal
    told = answer.json()
    (fault,) = told.get("faults") or told.get("errors") or told["error"]["errors"]
    assert fault["field"] == "Idempotency-Key"
    assert not text or text.decode() not in answer.text
    assert sqlite_house.count(tasks) == 0


@pytest.mark.parametrize("text", ["x" * 255, "'; DROP TABLE tasks; --", "%s %(name)s :key ?", "a b"])
def test_ID_07_any_printable_text_is_a_key(house, text):
    key = house.caller("me")
    first, again = house.ask(key, keyed("/v1/tasks", NATIVE, text), keyed("/v1/tasks", NATIVE, text))
    assert (first.status_code, again.content) == (201, first.content)


def test_ID_07_two_keys_in_one_request_are_refused(sqlite_house):
    key = sqlite_house.caller("me")
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    (answer,) = sqlite_house.ask(key, ("POST", "/v1/tasks", NATIVE, twice))
    assert answer.status_code == 422


def test_ID_08_a_key_is_free_again_after_a_day(house):
    key = house.caller("me")
    (first,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    house.clock.advance(LATE_S - 1)
    (again,) = house.ask(key, keyed("/v1/tasks", NATIVE))
    assert again.content == first.content
    house.clock.advance(2)
    (new,) = house.ask(key, keyed("/v1/tasks", OTHER))
    assert new.status_code == 201
    assert new.json()["id"] != first.json()["id"]
    assert house.count(replies) == 1


def test_ID_08_old_keys_are_removed_in_small_batches(house):
    key = house.caller("me", credits=10_000)
    house.ask(key, *[keyed("/v1/tasks", NATIVE, f"old {number}") for number in range(45)])
    house.clock.advance(LATE_S + 1)
    left = []
    for number in range(3):
        house.ask(key, keyed("/v1/tasks", NATIVE, f"new {number}"))
        left.append(house.count(replies))
    assert left == [26, 7, 3]


def test_ID_09_without_a_key_the_same_request_twice_is_two_tasks(house):
    key = house.caller("me")
    first, second = house.ask(key, ("POST", "/v1/tasks", NATIVE), ("POST", "/v1/tasks", NATIVE))
    assert first.json()["id"] != second.json()["id"]
    assert (house.count(tasks), house.count(replies)) == (2, 0)
