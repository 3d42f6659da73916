"""Programs written for apiin.one, over real HTTP."""

from __future__ import annotations

import json

import pytest

from cadenza.testing.service import eventually

INSPIRED = {"model": "suno-v4-5", "gpt_description_prompt": "a calm evening", "make_instrumental": True}
CUSTOM = {"model": "chirp-v5", "prompt": "[Verse]\nla la", "style": "folk", "title": "Home", "tags": "metal"}


def created(caller, path, body):
    answer = caller.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "pending"
    return answer.json()["task_id"]


def feed(caller, task_id):
    told = caller.get("/api/v1/audio/music/feed", task_id=task_id)
    assert (told["code"], told["message"]) == (200, "success")
    return told["data"]


def status(caller, task_id):
    return caller.http.get(f"/api/v1/tasks/{task_id}").json()


def finished(caller, path, body):
    task_id = created(caller, path, body)
    caller.until(task_id, "complete")
    return feed(caller, task_id)


@pytest.fixture(scope="module")
def home(sqlite_caller):
    return finished(sqlite_caller, "/api/v1/audio/music", CUSTOM)


def test_a_song_is_made_and_told_as_it_goes(caller, receiver, plain):
    before = caller.credits
    body = {**INSPIRED, "callback_url": receiver.url()}
    answer = caller.http.post("/api/v1/audio/music", json=body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"task_id", "status", "model", "created_at"}
    task_id = answer.json()["task_id"]
    done = eventually(lambda: told if (told := feed(caller, task_id))["type"] == "SUCCESS" else None)
    assert done["request_body"] == body
    assert len(done["response_data"]) == 2
    for song in done["response_data"]:
        assert (song["status"], song["model_name"]) == ("complete", "suno-v4-5")
        assert song["duration"] > 1
        assert plain.head(song["audio_url"]).status_code == plain.head(song["image_url"]).status_code == 200
    flat = status(caller, task_id)
    assert (flat["status"], flat["progress"], flat["data"]["status"]) == ("completed", 100, "completed")
    assert caller.credits == before - 10
    caller.told(task_id)
    callbacks = [json.loads(one.body) for one in receiver.requests]
    assert [one["data"]["type"] for one in callbacks] == ["TEXT_SUCCESS", "FIRST_SUCCESS", "SUCCESS"]
    assert callbacks[2]["data"]["response_data"] == done["response_data"]


def test_a_custom_song_has_its_words(home):
    assert [song["title"] for song in home["response_data"]] == ["Home", "Home"]
    assert {song["lyric"] for song in home["response_data"]} == {CUSTOM["prompt"]}
    assert {song["tags"] for song in home["response_data"]} == {"folk"}


@pytest.mark.parametrize(
    ("where", "state", "kind", "songs"),
    [("", "text_ready", "TEXT_SUCCESS", ["streaming"] * 2),
     ("in take 2", "first_ready", "FIRST_SUCCESS", ["complete", "streaming"])],
)  # fmt: skip
def test_the_feed_tells_each_stage(sqlite_caller, held, where, state, kind, songs):
    task_id = held(where, state)
    told = feed(sqlite_caller, task_id)
    assert told["type"] == kind
    assert [song["status"] for song in told["response_data"]] == songs
    assert status(sqlite_caller, task_id)["status"] == "processing"
    extend = {"origin_task_id": task_id, "extend_audio_index": 1}
    answer = sqlite_caller.http.post("/api/v1/audio/music/extend", json=extend)
    assert answer.status_code == 400
    assert "not completed yet" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "title", "length_s"),
    [
        ({}, "Home", 4),
        (
            {
                "custom_mode": True,
                "prompt": "calmer now",
                "style": "ambient",
                "title": "Away",
                "tags": "slow",
                "extensionStartTime": 1.5,
            },
            "Away",
            3.5,
        ),
    ],
    ids=["inherit", "custom"],
)
def test_a_track_is_extended(sqlite_caller, home, body, title, length_s):
    origin = {"origin_task_id": home["task_id"], "extend_audio_index": 1}
    done = finished(sqlite_caller, "/api/v1/audio/music/extend", {**origin, **body})
    for song in done["response_data"]:
        assert (song["title"], song["model_name"]) == (title, "chirp-v5")
        assert song["duration"] == pytest.approx(length_s, abs=0.2)


@pytest.mark.parametrize(
    ("change", "status_code"),
    [
        ({"origin_task_id": "nothing"}, 400),
        ({"origin_task_id": ""}, 400),
        ({"extend_audio_index": 2}, 400),
        ({"extend_audio_index": None}, 400),
        ({"custom_mode": True}, 400),
        ({"extensionStartTime": 0}, 400),
        ({"extensionStartTime": 999}, 400),
    ],
)
def test_a_wrong_extension_is_400(sqlite_caller, home, change, status_code):
    before = sqlite_caller.credits
    body = {"origin_task_id": home["task_id"], "extend_audio_index": 0, **change}
    answer = sqlite_caller.http.post("/api/v1/audio/music/extend", json=body)
    assert answer.status_code == status_code, answer.text
    assert answer.json()["error"]["message"]
    assert sqlite_caller.credits == before


def test_a_task_of_somebody_else_cannot_be_extended(stranger, home):
    before = stranger.credits
    body = {"origin_task_id": home["task_id"], "extend_audio_index": 0}
    assert stranger.http.post("/api/v1/audio/music/extend", json=body).status_code == 400
    assert stranger.credits == before


def test_without_credits_the_status_is_402(pauper):
    answer = pauper.http.post("/api/v1/audio/music", json=INSPIRED)
    assert (answer.status_code, answer.json()["error"]["type"]) == (402, "insufficient_credits")


@pytest.mark.parametrize("path", ["audio/music/feed", "audio/music/feed?task_id=x", "tasks/x", "tasks/%00"])
def test_an_unknown_task_is_a_real_404(caller, path):
    answer = caller.http.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]
