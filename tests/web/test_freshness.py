"""OV-07: whoever polls is told shortly that nothing has changed, on every read of every dialect."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.task import PINNED_UNTIL, TaskState
from cadenza.tasks.records import TakeResult, TakeText

# How each dialect reads a task; ID stands for it.
READING = {
    "crun": "/api/v1/client/job/TaskInfo?task_id=ID",
    "sunoapi": "/api/v1/generate/record-info?taskId=ID",
    "apiin feed": "/api/v1/audio/music/feed?task_id=ID",
    "apiin": "/api/v1/tasks/ID",
    "native": "/v1/tasks/ID",
}
OTHER_READS = [
    "/api/v1/client/account/balance",
    "/api/v1/generate/credit",
    "/api/v1/chat/credit",
    "/v1/account",
    "/v1/tasks",
    "/v1/tasks/ID/callbacks",
]


@pytest.fixture
def task_id(sqlite_house):
    sqlite_house.caller("me")
    (made,) = sqlite_house.ask(sqlite_house.second_key("me"), ("POST", "/v1/tasks", {"prompt": "rain"}))
    return made.json()["id"]


@pytest.fixture
def key(sqlite_house, task_id):
    return sqlite_house.second_key("me")


def knowing(tag):
    return {"If-None-Match": tag}


@contextlib.contextmanager
def selects():
    said = []

    def listen(_connection, _cursor, text, *_rest):
        if "SELECT" in text and "keys" not in text and "accounts" not in text:
            said.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def test_ov_07_what_the_caller_has_is_not_sent_again(sqlite_house, task_id, key):
    async def ask_twice(send):
        for path in (path.replace("ID", task_id) for path in (*READING.values(), *OTHER_READS)):
            first = await send("GET", path)
            tag = first.headers["etag"]
            for told in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
                answer = await send("GET", path, None, knowing(told))
                assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), path
                assert "content-type" not in answer.headers
            for told in ('"other"', "", "W/"):
                answer = await send("GET", path, None, knowing(told))
                assert (answer.status_code, answer.content) == (200, first.content), path

    sqlite_house.drive(key, ask_twice)


def test_ov_07_answers_are_kept_by_nobody_else_and_asked_for_again(sqlite_house, task_id, key):
    paths = [path.replace("ID", task_id) for path in (*READING.values(), *OTHER_READS)]
    for answer in sqlite_house.ask(key, *[("GET", path) for path in paths]):
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Authorization, X-Api-Key"


def changes(house, task_id):
    """Change the task in every way there is, and yield the name of each."""
    later = PINNED_UNTIL
    made = []

    def step(work):
        house.store.write(work)

    step(lambda books: made.append(books.tasks.begin_attempt(task_id, worker_id="w")))
    (attempt,) = made
    text = TakeText(take_id="take_1", take_index=0, title="", style="", prompt="", lyrics="", model_name="V5")
    result = TakeResult(
        take_id="take_1", duration_s=1.0, joined_at_s=None, seed=1, bpm=None, key=None, loudness_lufs=-14.0,
        lines=(), artefacts=(Artefact(kind=ArtefactKind.AUDIO_MP3, sha256="0" * 64, size_bytes=1),),
    )  # fmt: skip
    for name, work in {
        "running": lambda books: books.tasks.move(task_id, TaskState.RUNNING, attempt=attempt),
        "progress": lambda books: books.tasks.note_progress(attempt, "mix", 0.3),
        "text": lambda books: books.tasks.move(task_id, TaskState.TEXT_READY, attempt=attempt),
        "a take": lambda books: books.tasks.add_take(attempt, text),
        "its files": lambda books: books.tasks.finish_take(attempt, result, expires_at=house.clock.now()),
        "first": lambda books: books.tasks.move(task_id, TaskState.FIRST_READY, attempt=attempt),
        "complete": lambda books: books.tasks.move(task_id, TaskState.COMPLETE, attempt=attempt),
        "honoured": lambda books: books.tasks.note_honoured(attempt, {}),
        "pinned": lambda books: books.retention.keep_files(task_id, until=later),
        "deleted": lambda books: books.retention.delete_files(task_id),
    }.items():
        step(work)
        yield name


def test_ov_07_every_change_of_a_task_is_seen_in_every_dialect(sqlite_house, task_id, key):
    paths = [path.replace("ID", task_id) for path in READING.values()]

    async def watch(send):
        tags = {path: (await send("GET", path)).headers["etag"] for path in paths}
        for name in changes(sqlite_house, task_id):
            for path in paths:
                answer = await send("GET", path, None, knowing(tags[path]))
                assert answer.status_code == 200, (name, path)
                tags[path] = answer.headers["etag"]
                again = await send("GET", path, None, knowing(tags[path]))
                assert again.status_code == 304, (name, path)

    sqlite_house.drive(key, watch)


def test_ov_07_files_that_expire_are_seen_to_be_gone(sqlite_house, task_id, key):
    for name in changes(sqlite_house, task_id):
        if name == "complete":
            break
    path = f"/v1/tasks/{task_id}"
    (before,) = sqlite_house.ask(key, ("GET", path))
    sqlite_house.store.write(lambda books: books.retention.expire_files(limit=10))
    (after,) = sqlite_house.ask(key, ("GET", path, None, knowing(before.headers["etag"])))
    assert (before.json()["files_deleted"], after.json()["files_deleted"]) == (False, True)


def test_ov_07_a_place_in_the_queue_that_moves_is_seen(sqlite_house, task_id, key):
    (mine,) = sqlite_house.ask(key, ("POST", "/v1/tasks", {"prompt": "sun"}))
    path = f"/v1/tasks/{mine.json()['id']}"
    (before,) = sqlite_house.ask(key, ("GET", path))
    sqlite_house.store.write(lambda books: books.tasks.move(task_id, TaskState.RUNNING))
    (after,) = sqlite_house.ask(key, ("GET", path, None, knowing(before.headers["etag"])))
    places = [answer.json()["progress"]["queue_place"] for answer in (before, after)]
    assert (after.status_code, places) == (200, [2, 1])


def test_ov_07_a_poll_that_finds_nothing_new_reads_one_row(sqlite_house, task_id, key):
    sqlite_house.store.write(lambda books: books.tasks.move(task_id, TaskState.RUNNING))
    path = f"/v1/tasks/{task_id}"

    async def poll(send):
        tag = (await send("GET", path)).headers["etag"]
        with selects() as said:
            answers = [await send("GET", path, None, knowing(tag)) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {304}
        return said

    said = sqlite_house.drive(key, poll)
    assert len(said) == 20
    assert not [text for text in said if "request" in text.replace("request_id", "")]


def test_ov_07_a_tag_opens_nothing_to_others(sqlite_house, task_id, key):
    other = sqlite_house.caller("you")
    for path in (path.replace("ID", task_id) for path in READING.values()):
        (mine,) = sqlite_house.ask(key, ("GET", path))
        (theirs,) = sqlite_house.ask(other, ("GET", path, None, knowing(mine.headers["etag"])))
        assert theirs.json().get("code", theirs.status_code) == 404
        assert "etag" not in theirs.headers
