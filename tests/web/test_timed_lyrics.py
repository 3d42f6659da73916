"""Word times from the worker's result to the three routes that tell them."""

from __future__ import annotations

import datetime as dt

import orjson
import pytest
import sqlalchemy as sa

from cadenza.domain.task import LyricLine, LyricWord, TaskState
from cadenza.stores.schema import takes
from cadenza.tasks.records import TakeResult, TakeText
from cadenza.web.outline import _heights

LINE = LyricLine(
    text="Hold me",
    start_s=2.0,
    end_s=3.0,
    words=(LyricWord(text="Hold", start_s=2.0, end_s=2.5), LyricWord(text="me", start_s=2.5, end_s=3.0)),
)
PATH = "/api/v1/generate/get-timestamped-lyrics"


@pytest.fixture
def sung(house):
    key = house.caller("me")
    (made,) = house.ask(key, ("POST", "/v1/tasks", {"prompt": "x", "takes": 1}))
    task_id = made.json()["id"]
    text = TakeText(
        take_id="take_1", take_index=0, title="t", style="s", prompt="p", lyrics="Hold me", model_name="m"
    )
    result = TakeResult(
        take_id="take_1", duration_s=60.0, joined_at_s=None, seed=7, bpm=80.0, key="A minor",
        loudness_lufs=-14.0, lines=(LINE,), artefacts=(),
    )  # fmt: skip

    def work(books):
        attempt = books.tasks.begin_attempt(task_id, worker_id="w")
        for state in (TaskState.RUNNING, TaskState.TEXT_READY):
            books.tasks.move(task_id, state, attempt=attempt)
        books.tasks.add_take(attempt, text)
        books.tasks.finish_take(attempt, result, expires_at=house.clock.now() + dt.timedelta(days=1))
        books.tasks.move(task_id, TaskState.COMPLETE, attempt=attempt)

    house.store.write(work)
    return key, task_id


def test_each_route_tells_the_words_as_they_were_sung(house, sung):
    key, task_id = sung
    before = house.balance("me")
    told, file, aligned = house.ask(
        key,
        ("GET", f"/v1/tasks/{task_id}/takes/0/lyrics"),
        ("GET", f"/v1/tasks/{task_id}/takes/0/lyrics.lrc"),
        ("POST", PATH, {"taskId": task_id, "audioId": "take_1"}),
    )
    assert told.json()["lines"] == [
        {"text": "Hold me", "start_s": 2.0, "end_s": 3.0, "words": [
            {"text": "Hold", "start_s": 2.0, "end_s": 2.5}, {"text": "me", "start_s": 2.5, "end_s": 3.0}]}
    ]  # fmt: skip
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert "[00:02.00]Hold me\n" in file.text
    data = aligned.json()["data"]
    assert [(word["word"], word["startS"]) for word in data["alignedWords"]] == [("Hold", 2.0), ("me", 2.5)]
    assert data["waveformData"] == []  # this take has no files
    assert house.balance("me") == before


def test_a_take_from_before_words_had_times_has_lines_alone(house, sung):
    key, task_id = sung
    with house.engine.begin() as connection:
        connection.execute(sa.update(takes).values(words=None))
    told, aligned = house.ask(
        key, ("GET", f"/v1/tasks/{task_id}/takes/0/lyrics"), ("POST", PATH, {"taskId": task_id})
    )
    assert told.json()["lines"][0]["words"] == []
    assert [word["word"] for word in aligned.json()["data"]["alignedWords"]] == ["Hold me"]


def test_a_take_that_is_not_there_is_refused_in_each_dialects_way(house, sung):
    key, task_id = sung
    native, other, unready = house.ask(
        key,
        ("GET", f"/v1/tasks/{task_id}/takes/1/lyrics"),
        ("POST", PATH, {"taskId": "nothing_1"}),
        ("POST", PATH, {"taskId": task_id, "musicIndex": 1}),
    )
    assert (native.status_code, native.json()["status"]) == (404, 404)
    assert orjson.loads(other.content)["code"] == 404
    assert (unready.status_code, unready.json()["code"]) == (200, 400)


def test_the_outline_is_as_high_as_the_sound_and_has_no_more_than_600_values():
    assert _heights([]) == []
    assert _heights([-128, 10, 0, 127, -64, 64]) == [1.0, 1.0, 0.504]
    many = _heights([-1, 2] * 5000 + [-127, 3])
    assert len(many) == 600
    assert (many[0], many[-1]) == (0.016, 1.0)
