"""Programs written for crun.ai, over real HTTP."""

from __future__ import annotations

import json

import httpx
import pytest
from standardwebhooks import Webhook

from cadenza.testing.network import Receiver, reply
from cadenza.testing.service import eventually

SIMPLE = {
    "model": "suno/music-generate",
    "input": {"mode": "simple", "model": "v5", "prompt": "a calm evening"},
}
CUSTOM = {
    "model": "suno/music-generate",
    "input": {
        "mode": "custom",
        "model": "v4",
        "title": "Home",
        "tags": "folk",
        "lyrics": "[Verse]\nla la",
        "vocal_gender": "f",
        "style_weight": 0.65,
    },
}


@pytest.fixture(scope="module")
def http(sqlite_caller):
    """A client that sends its key as crun's programs do."""
    with httpx.Client(base_url=sqlite_caller.service.url, headers={"x-api-key": sqlite_caller.key}) as client:
        yield client


def info(http, task_id):
    answer = http.get("/api/v1/client/job/TaskInfo", params={"task_id": task_id})
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 200, "success")
    return answer.json()["data"]


def created(http, body):
    answer = http.post("/api/v1/client/job/CreateTask", json=body)
    assert (answer.status_code, answer.json()["code"]) == (200, 200), answer.text
    return answer.json()["data"]["task_id"]


def ended(http, task_id, status):
    def look():
        told = info(http, task_id)
        assert told["status"] in {"pending", "running", status}, told
        return told if told["status"] == status else None

    return eventually(look)


def balance(http):
    told = http.get("/api/v1/client/account/balance").json()
    assert (told["code"], type(told["data"]["balance"])) == (200, int)
    return told["data"]["balance"]


@pytest.mark.parametrize(
    ("database", "body"),
    [
        ("sqlite", SIMPLE),
        ("sqlite", CUSTOM),
        pytest.param("postgres", CUSTOM, marks=pytest.mark.postgres),
    ],
)
def test_a_song_is_made(request, database, body, plain):
    http = request.getfixturevalue(f"{database}_caller").http
    before = balance(http)
    estimate = http.post("/api/v1/client/job/estimate-credits", json=body).json()["data"]
    task_id = created(http, body)
    assert balance(http) == before - estimate["credits"]
    done = ended(http, task_id, "success")
    assert done["param"] == {**body, "callback_url": None}
    assert done["credits"] == estimate["credits"] == 10
    assert done["complete_at"] - done["create_at"] == done["duration_s"]
    result = done["result"]
    assert (result["code"], result["message"]) == (200, "success")
    assert len(result["media_urls"]) == 2
    assert result["media_urls"] == [one["suno_audio_url"] for one in result["suno_data"]]
    for one in result["suno_data"]:
        assert {one["title"], one["suno_id"]}
        for url in (one["suno_audio_url"], one["suno_image_url"], one["suno_image_large_url"]):
            assert plain.head(url).status_code == 200
    assert balance(http) == before - 10


def test_pending_and_running_tasks_have_no_result_yet(http, held):
    running = info(http, held())
    waiting = created(http, SIMPLE)
    for told, status in ((running, "running"), (info(http, waiting), "pending")):
        assert told["status"] == status
        assert (told["result"], told["duration_s"], told["complete_at"]) == (None, None, None)
    http.post(f"/v1/tasks/{waiting}/cancel")
    cancelled = info(http, waiting)
    assert (cancelled["status"], cancelled["credits"]) == ("failed", 0)


@pytest.mark.parametrize("host", ["own upload", "other host"])
def test_a_recording_is_continued(sqlite_caller, http, song, host):
    with Receiver(reply(body=song)) as other:
        url = sqlite_caller.upload(song) if host == "own upload" else other.url("/a%20song.wav?signed=1")
        body = {
            "model": "suno/music-extend-upload",
            "input": {"audio_url": url, "mode": "simple", "model": "v5", "prompt": "go on", "continue_at": 3},
        }
        done = ended(http, created(http, body), "success")
    for one in done["result"]["suno_data"]:
        assert one["duration"] == pytest.approx(5, abs=0.2)
        assert one["joined_at_s"] == pytest.approx(3, abs=0.1)
    if host == "other host":
        assert [one.path for one in other.requests] == ["/a%20song.wav?signed=1"]


def test_a_finished_track_is_continued_by_its_id(http):
    first = ended(http, created(http, SIMPLE), "success")["result"]["suno_data"][1]
    body = {
        "model": "suno/music-extend",
        "input": {"suno_id": first["suno_id"], "mode": "custom", "model": "v5", "title": "On", "tags": "rock",
                  "lyrics": "la", "continue_at": 1},
    }  # fmt: skip
    done = ended(http, created(http, body), "success")
    assert [one["title"] for one in done["result"]["suno_data"]] == ["On", "On"]


@pytest.mark.parametrize("source", ["missing", "text", "private"])
def test_a_source_that_cannot_be_used_is_told_and_paid_back(sqlite_caller, http, receiver, source):
    before = balance(http)
    answer = reply(404) if source == "missing" else reply(body=b"words, words\n" * 200)
    with Receiver(answer) as host:
        url = "http://10.11.12.13/a.wav" if source == "private" else host.url("/in.mp3")
        body = {
            "model": "suno/music-extend-upload",
            "callback_url": receiver.url("/crun"),
            "input": {"audio_url": url, "mode": "simple", "model": "v5", "prompt": "go on"},
        }
        told = http.post("/api/v1/client/job/CreateTask", json=body).json()
        if source == "private":
            assert (told["code"], told["errors"][0]["field"]) == (422, "input.audio_url")
            assert balance(http) == before
            return
        task_id = told["data"]["task_id"]
        done = ended(http, task_id, "failed")
    assert done["credits"] == 0
    assert isinstance(done["result"]["code"], int)
    assert len(done["result"]["message"]) > 20
    assert balance(http) == before
    sqlite_caller.told(task_id)
    (callback,) = receiver.requests
    assert json.loads(callback.body) == done


def test_the_callback_is_the_bare_data_object_signed(sqlite_caller, http, receiver):
    task_id = created(http, {**SIMPLE, "callback_url": receiver.url("/crun")})
    done = ended(http, task_id, "success")
    sqlite_caller.told(task_id)
    (callback,) = receiver.requests
    assert json.loads(callback.body) == done
    Webhook(sqlite_caller.get("/v1/account")["webhook_secret"]).verify(callback.body, dict(callback.headers))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "suno/nothing"}, "model"),
        ({"input": None}, "input"),
        ({"input": {"mode": "simple"}}, "input.prompt"),
        ({"input": {"mode": "custom", "title": "a", "tags": "b"}}, "input.lyrics"),
        (
            {"input": {"mode": "custom", "model": "v4", "title": "a", "tags": "b" * 201, "lyrics": "c"}},
            "input.tags",
        ),
        ({"input": {"mode": "simple", "prompt": 5}}, "input.prompt"),
    ],
)
def test_a_wrong_request_is_422_with_its_field(http, change, field):
    answer = http.post("/api/v1/client/job/CreateTask", json={**SIMPLE, **change})
    told = answer.json()
    assert (answer.status_code, told["code"], told["data"]) == (200, 422, None)
    assert field in [one["field"] for one in told["errors"]]
    assert field in told["message"]


@pytest.mark.parametrize("query", ["", "?task_id=", "?task_id=nothing", "?task_id=%00"])
def test_an_unknown_task_is_404_in_the_body(caller, query):
    answer = caller.http.get(f"/api/v1/client/job/TaskInfo{query}")
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 404, None)


@pytest.mark.parametrize(
    "model", ["v3.5", "v4", "v4_5", "v4.5plus", "v5", "v5.5", "suno-v5", "chirp-v4-5", "V5"]
)
def test_every_spelling_of_a_version_is_understood(http, model):
    body = {**SIMPLE, "input": {**SIMPLE["input"], "model": model}}
    told = http.post("/api/v1/client/job/estimate-credits", json=body).json()
    assert told["data"] == {"credits": 10, "estimated": False}


def test_without_credits_the_code_is_402(pauper):
    told = pauper.post("/api/v1/client/job/CreateTask", SIMPLE)
    assert (told["code"], told["data"]) == (402, None)
    assert pauper.get("/v1/tasks")["data"] == []
