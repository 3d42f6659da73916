"""ME-06, ME-07, ME-10: what is too long, too short or no recording, and places outside it, by dialect."""

from __future__ import annotations

import json

import pytest

from cadenza.testing import hostile
from cadenza.testing.audio import silence, sine
from cadenza.testing.files import file_bytes
from cadenza.testing.network import Receiver, reply

# What JSON does not have, and what no float holds, stands for itself in the body.
OUTSIDE = ["-1", "0", "{duration_s}", "{beyond_s}", "100000", "1e400", "Infinity", "NaN"]
CUSTOM = {
    "defaultParamFlag": True, "model": "V5", "style": "jazz", "title": "on", "prompt": "x",
    "instrumental": True,
}  # fmt: skip
# name → path, body with {url}, {upload}, {take}, {task} and {take_url}, the place's field, the refusal's code
WAYS = {
    "native upload": ("/v1/tasks", {"source": {"upload_id": "{upload}"}}, "continue_at_s", 422),
    "native url of ours": ("/v1/tasks", {"source": {"url": "{url}"}}, "continue_at_s", 422),
    "native take": ("/v1/tasks", {"source": {"take_id": "{take}"}}, "continue_at_s", 422),
    "native url of a take": ("/v1/tasks", {"source": {"url": "{take_url}"}}, "continue_at_s", 422),
    "sunoapi url of ours": (
        "/api/v1/generate/upload-extend", {**CUSTOM, "uploadUrl": "{url}"}, "continueAt", 400
    ),
    "sunoapi take": ("/api/v1/generate/extend", {**CUSTOM, "audioId": "{take}"}, "continueAt", 400),
    "crun url of ours": (
        "/api/v1/client/job/CreateTask",
        {"model": "suno/music-extend-upload", "input": {
            "audio_url": "{url}", "mode": "custom", "title": "on", "tags": "jazz", "instrumental": True,
            "model": "v5", "continue_at": "PLACE"}},
        None,
        422,
    ),
    "apiin take": (
        "/api/v1/audio/music/extend",
        {"origin_task_id": "{task}", "extend_audio_index": 0, "custom_mode": False, "prompt": "x"},
        "extensionStartTime",
        400,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def upload(sqlite_caller, song):
    return sqlite_caller.http.post("/v1/uploads", files={"file": ("in.wav", song)}).json()


@pytest.fixture(scope="module")
def finished(sqlite_caller):
    return sqlite_caller.finished(prompt="x", takes=1)


def test_the_reply_to_an_upload_tells_how_long_it_is(upload, sqlite_caller):
    assert upload["duration_s"] == 4.0
    assert sqlite_caller.get(f"/v1/uploads/{upload['id']}")["duration_s"] == 4.0


@pytest.mark.parametrize("way", WAYS)
def test_ME_10_a_place_outside_the_recording_is_refused_at_once_and_costs_nothing(
    way, sqlite_caller, upload, finished, tried
):
    path, template, field, refused = WAYS[way]
    take = finished["takes"][0]
    duration_s = take["duration_s"] if "take" in way else upload["duration_s"]
    names = {
        "{url}": upload["url"], "{upload}": upload["id"], "{take}": take["id"],
        "{take_url}": take["audio_url"], "{task}": finished["id"],
    }  # fmt: skip
    text = json.dumps(template if field is None else {**template, field: "PLACE"})
    for name, value in names.items():
        text = text.replace(name, value)
    before = sqlite_caller.credits
    for place in OUTSIDE:
        number = place.format(duration_s=duration_s, beyond_s=duration_s + 0.5)
        answer = sqlite_caller.http.post(
            path, content=text.replace('"PLACE"', number), headers={"Content-Type": "application/json"}
        )
        code = answer.json().get("code", answer.status_code)
        assert code == refused, (number, answer.text)
    assert sqlite_caller.credits == before
    tried(len(OUTSIDE))


def test_ME_10_a_recording_of_eight_minutes_and_a_second_is_refused_where_it_arrives(sqlite_caller):
    long = file_bytes(silence(481, sample_rate=8000, channels=1), "flac")
    native = sqlite_caller.http.post("/v1/uploads", files={"file": ("long.flac", long)})
    assert (native.status_code, native.json()["faults"][0]["field"]) == (422, "file")
    assert "481.0 s; the limit is 480 s" in native.json()["detail"]
    host = sqlite_caller.http.post(
        "/api/file-stream-upload", data={"uploadPath": "a"}, files={"file": ("long.flac", long)}
    )
    assert (host.status_code, host.json()["code"], host.json()["data"]) == (400, 400, None)


def test_ME_10_a_recording_longer_than_its_model_takes_is_refused_at_once(sqlite_caller):
    minute = file_bytes(silence(61, sample_rate=8000, channels=1), "flac")
    upload = sqlite_caller.http.post("/v1/uploads", files={"file": ("minute.flac", minute)}).json()
    body = {"source": {"upload_id": upload["id"]}, "model": "v4.5all"}
    answer = sqlite_caller.http.post("/v1/tasks", json=body)
    assert answer.status_code == 422
    assert "lasts 61.00 s; the limit of this model is 60 s" in answer.json()["detail"]


def test_ME_10_a_recording_of_no_length_is_refused_where_it_arrives(sqlite_caller):
    answer = sqlite_caller.http.post(
        "/v1/uploads", files={"file": ("none.wav", hostile.wav(data_bytes=0, body=0))}
    )
    assert answer.status_code == 422
    assert "no sound" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["playlist: hls", "bomb: flac that hides its length", "label: web page"])
def test_ME_10_what_is_hostile_behind_a_foreign_url_fails_the_task_and_costs_nothing(name, sqlite_caller):
    before = sqlite_caller.credits
    with Receiver(reply(body=hostile.hostile_set()[name])) as host:
        task = sqlite_caller.create(source={"url": host.url("/song.mp3")}, takes=1)
        ended = sqlite_caller.until(task["id"], "failed")
    assert ended["error"]["kind"] == "source_unusable", ended
    assert not ended["takes"]
    assert sqlite_caller.credits == before


@pytest.mark.parametrize("name", hostile.wrong_labels())
def test_ME_06_what_is_no_recording_is_refused_where_it_arrives(name, sqlite_caller):
    content = hostile.wrong_labels()[name]
    file = ("song.mp3", content, "audio/mpeg")
    native = sqlite_caller.http.post("/v1/uploads", files={"file": file})
    host = sqlite_caller.http.post("/api/file-stream-upload", data={"uploadPath": "a"}, files={"file": file})
    assert (native.status_code, host.status_code, host.json()["code"]) == (422, 400, 400)
    assert native.json()["faults"][0]["field"] == "file"


def test_ME_07_what_hangs_on_a_recording_is_in_none_of_our_files(sqlite_caller, plain):
    song = file_bytes(sine(440, 3.0), "mp3")
    mark = b"<script>planted()</script>"
    for polyglot in (hostile.id3_tag(len(mark), mark) + song, song + b"PK\x03\x04" + mark):
        answer = sqlite_caller.http.post("/v1/uploads", files={"file": ("song.mp3", polyglot)})
        assert answer.status_code == 201, answer.text
        take = sqlite_caller.finished(source={"upload_id": answer.json()["id"]}, takes=1)["takes"][0]
        for name in ("audio_url", "flac_url", "new_part_url", "image_url"):
            assert mark not in plain.get(take[name]).content
