"""The native dialect over real HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from cadenza.testing.network import Receiver, reply


def events(answer: httpx.Response) -> Iterator[tuple[int | None, str, dict]]:
    """Read (number, name, data) of each server-sent event."""
    number, name = None, ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "id":
            number = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            yield number, name, json.loads(value)
            number = None


def test_a_song_is_made_and_paid_once(caller):
    before = caller.credits
    task = caller.finished(prompt="warm piano", seed=7)
    assert [take["index"] for take in task["takes"]] == [0, 1]
    assert all(take["status"] == "ready" and take["audio_url"].endswith(".mp3") for take in task["takes"])
    assert len({take["id"] for take in task["takes"]}) == 2
    assert task["progress"] == {"stage": "complete", "fraction": 1.0, "queue_place": None, "left_s": None}
    assert caller.credits == before - task["credits"] == before - 12


def test_a_created_task_is_located_and_tells_its_queue_place(sqlite_caller, held):
    held()
    answer = sqlite_caller.http.post("/v1/tasks", json={"prompt": "next"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/tasks/{answer.json()['id']}"
    task = sqlite_caller.get(answer.headers["location"])
    assert (task["status"], task["progress"]["queue_place"]) == ("queued", 1)
    sqlite_caller.cancel(task["id"])


def test_the_estimate_is_the_price(sqlite_caller):
    body = {"prompt": "x", "takes": 4, "model": "v4.5"}
    estimate = sqlite_caller.post("/v1/estimate", body)
    task = sqlite_caller.create(**body)
    assert estimate == {"credits": task["credits"]} == {"credits": 20}
    sqlite_caller.cancel(task["id"])


def test_a_waiting_task_can_be_cancelled_and_its_hold_comes_back(caller):
    running = caller.create(prompt="slow 600 s")
    caller.until(running["id"], "text_ready")
    before = caller.credits
    waiting = caller.create(prompt="never made")
    assert caller.credits == before - waiting["credits"]
    cancelled = caller.http.post(f"/v1/tasks/{waiting['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert caller.credits == before
    again = caller.http.post(f"/v1/tasks/{waiting['id']}/cancel")
    assert again.status_code == 409
    assert caller.credits == before
    caller.cancel(running["id"])


def test_a_running_task_can_be_cancelled_and_makes_room_for_the_next(caller):
    before = caller.credits
    running = caller.create(prompt="slow 600 s")
    caller.until(running["id"], "text_ready")
    cancelled = caller.http.post(f"/v1/tasks/{running['id']}/cancel").json()
    assert cancelled["error"] == {"kind": "cancelled", "reason": "The task was cancelled."}
    assert caller.credits == before
    task = caller.finished(prompt="the next one", takes=1)
    assert caller.credits == before - task["credits"]
    assert caller.task(running["id"])["status"] == "cancelled"


def test_pages_hold_every_task_once_while_new_ones_arrive(caller):
    running = caller.create(prompt="slow 600 s")
    caller.until(running["id"], "text_ready")
    mine = [caller.create(prompt=f"number {number}")["id"] for number in range(25)]
    seen: list[str] = []
    cursor = ""
    newcomers = []
    while cursor is not None:
        page = caller.get("/v1/tasks", limit=10, cursor=cursor)
        assert len(page["data"]) <= 10
        seen += [task["id"] for task in page["data"]]
        cursor = page["next_cursor"]
        newcomers.append(caller.create(prompt="meanwhile")["id"])
    assert len(seen) == len(set(seen))
    assert seen[:26] == [*reversed(mine), running["id"]]
    assert not set(newcomers) & set(seen)
    for task_id in (*mine, *newcomers):
        caller.cancel(task_id)
    queued = caller.get("/v1/tasks", state="queued")
    assert queued["data"] == []
    caller.cancel(running["id"])


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "cursor=%00", "cursor=!", "state=done"])
def test_a_wrong_page_is_told_by_its_field(sqlite_caller, query):
    answer = sqlite_caller.http.get(f"/v1/tasks?{query}")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [query.partition("=")[0]]


def test_events_tell_the_whole_story_and_go_on_where_they_were_left(caller):
    task_id = caller.create(prompt="a story")["id"]
    with caller.http.stream("GET", f"/v1/tasks/{task_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        story = [event for event in events(answer) if event[0] is not None]
    assert [number for number, _, _ in story] == list(range(1, len(story) + 1))
    stages = [name for _, name, _ in story if name != "progress"]
    assert stages == ["running", "text_ready", "first_ready", "complete"]
    assert story[-1][2]["status"] == "complete"
    for after in (1, len(story) - 1):
        with caller.http.stream(
            "GET", f"/v1/tasks/{task_id}/events", headers={"Last-Event-ID": str(after)}
        ) as answer:
            rest = list(events(answer))
        assert [event[:2] for event in rest] == [event[:2] for event in story[after:]]


def test_events_that_were_all_heard_are_not_asked_for_again(sqlite_caller):
    task = sqlite_caller.finished(prompt="x", takes=1)
    path = f"/v1/tasks/{task['id']}/events"
    with sqlite_caller.http.stream("GET", path) as answer:
        last = max(number for number, _, _ in events(answer) if number)
    answer = sqlite_caller.http.get(path, headers={"Last-Event-ID": str(last)})
    assert answer.status_code == 204  # tells an EventSource to stop


def test_a_watched_task_that_is_cancelled_ends_its_events(sqlite_caller, held):
    task_id = held()
    with sqlite_caller.http.stream("GET", f"/v1/tasks/{task_id}/events") as answer:
        names = []
        for _, name, _ in events(answer):
            names.append(name)
            if name == "text_ready":
                sqlite_caller.cancel(task_id)
    assert names[-1] == "cancelled"


@pytest.mark.parametrize("way", ["multipart", "url", "base64", "data url"])
def test_an_upload_can_be_continued(sqlite_caller, receiver, song, way, plain):
    if way == "multipart":
        answer = sqlite_caller.http.post("/v1/uploads", files={"file": ("in.wav", song)})
    elif way == "url":
        with Receiver(reply(body=song)) as host:
            answer = sqlite_caller.http.post("/v1/uploads", json={"url": host.url("/in.wav")})
    else:
        text = base64.b64encode(song).decode()
        text = f"data:audio/wav;base64,{text}" if way == "data url" else text
        answer = sqlite_caller.http.post("/v1/uploads", json={"data_base64": text, "file_name": "in.wav"})
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    assert (upload["file_name"], upload["mime_type"], upload["size_bytes"]) == (
        "in.wav",
        "audio/wav",
        len(song),
    )
    assert sqlite_caller.get(f"/v1/uploads/{upload['id']}") == upload
    assert plain.get(upload["url"]).content == song
    source = {"upload_id": upload["id"]}
    task = sqlite_caller.finished(source=source, continue_at_s=3, duration_s=6, takes=1)
    assert task["takes"][0]["joined_at_s"] == 3
    assert task["takes"][0]["duration_s"] == pytest.approx(9, abs=0.1)


def test_a_take_can_be_continued_and_hands_down_what_it_is(caller):
    first = caller.finished(title="Home", style="folk", lyrics="[Verse]\nla la", takes=1)
    second = caller.finished(source={"task_id": first["id"], "take_index": 0}, continue_at_s=1.5, takes=1)
    (before,), (after,) = first["takes"], second["takes"]
    assert second["parent_take_id"] == before["id"]
    assert (after["title"], after["style"], after["lyrics"]) == ("Home", "folk", "[Verse]\nla la")
    assert before["new_part_url"] is None
    assert after["new_part_url"].endswith("-new.mp3")


def test_the_callback_log_tells_what_was_sent(caller, receiver):
    task = caller.finished(prompt="told", callback_url=receiver.url("/hook?a=b"))
    log = caller.told(task["id"])
    assert [one["stage"] for one in log] == ["text", "first", "complete"]
    assert [one["last_status"] for one in log] == [200, 200, 200]
    bodies = [json.loads(one.body) for one in receiver.requests]
    assert [body["type"] for body in bodies] == ["task.text", "task.first", "task.complete"]
    assert {one.path for one in receiver.requests} == {"/hook?a=b"}
    assert bodies[-1]["task"] == caller.task(task["id"])
