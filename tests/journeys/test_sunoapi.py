"""Programs written for sunoapi.org and kie.ai, over real HTTP."""

from __future__ import annotations

import base64
import hmac
import json
import re

import pytest
from standardwebhooks import Webhook

from cadenza.testing.network import Receiver, reply
from cadenza.testing.service import eventually, free_port

SIMPLE = {"customMode": False, "instrumental": True, "model": "V4_5", "prompt": "warm lo-fi piano"}
CUSTOM = {
    "customMode": True,
    "instrumental": False,
    "model": "V5",
    "style": "folk",
    "title": "Home",
    "prompt": "[Verse]\nla la la\n[Chorus]\nlo lo lo",
}
TRACK = {
    "id",
    "audioUrl",
    "streamAudioUrl",
    "imageUrl",
    "sourceAudioUrl",
    "sourceImageUrl",
    "prompt",
    "modelName",
    "title",
    "tags",
    "createTime",
    "duration",
}
ORDER = ["PENDING", "TEXT_SUCCESS", "FIRST_SUCCESS", "SUCCESS"]


def record(caller, task_id):
    answer = caller.http.get("/api/v1/generate/record-info", params={"taskId": task_id})
    assert (answer.status_code, answer.json()["code"]) == (200, 200)
    return answer.json()["data"]


def created(caller, path, body):
    answer = caller.http.post(path, json=body)
    assert answer.status_code == 200
    assert answer.json()["code"] == 200, answer.text
    assert answer.json()["msg"] == "success"
    return answer.json()["data"]["taskId"]


def finished(caller, path, body):
    task_id = created(caller, path, body)
    caller.until(task_id, "complete")
    return record(caller, task_id)


def snake(name):
    return re.sub("([A-Z])", lambda letter: "_" + letter[0].lower(), name)


@pytest.fixture(scope="module")
def home(sqlite_caller):
    """The record of one finished custom song."""
    return finished(sqlite_caller, "/api/v1/generate", CUSTOM)


def test_polls_and_callbacks_tell_one_story(caller, receiver):
    before = caller.get("/api/v1/generate/credit")["data"]
    body = {**CUSTOM, "callBackUrl": receiver.url("/hook?user=7")}
    task_id = created(caller, "/api/v1/generate", body)
    seen: list[str] = []

    def look():
        told = record(caller, task_id)
        if told["status"] not in seen[-1:]:
            seen.append(told["status"])
        return told if told["status"] == "SUCCESS" else None

    done = eventually(look)
    assert seen == [status for status in ORDER if status in seen]
    assert json.loads(done["param"]) == body
    assert (done["type"], done["operationType"], done["parentMusicId"]) == ("chirp-crow", "generate", "")
    assert (done["errorCode"], done["errorMessage"]) == (None, None)
    tracks = done["response"]["sunoData"]
    assert len(tracks) == 2
    assert set(tracks[0]) >= TRACK
    assert (tracks[0]["prompt"], tracks[0]["title"], tracks[0]["tags"]) == (CUSTOM["prompt"], "Home", "folk")

    caller.told(task_id)
    assert [one.path for one in receiver.requests] == ["/hook?user=7"] * 3
    callbacks = [json.loads(one.body) for one in receiver.requests]
    assert [one["data"]["callbackType"] for one in callbacks] == ["text", "first", "complete"]
    assert [len(one["data"]["data"]) for one in callbacks] == [0, 1, 2]
    assert (
        {one["data"]["task_id"] for one in callbacks}
        == {one["data"]["taskId"] for one in callbacks}
        == {task_id}
    )
    assert {one["code"] for one in callbacks} == {200}
    assert callbacks[2]["msg"] == "All generated successfully."
    told = [{snake(name): value for name, value in track.items()} for track in tracks]
    assert [
        {snake(name): value for name, value in track.items()} for track in callbacks[2]["data"]["data"]
    ] == told
    assert caller.get("/api/v1/chat/credit")["data"] == before - 12


def test_callbacks_are_signed_for_both_kinds_of_readers(sqlite_caller, receiver):
    # One secret alone, whatever a test before has left: kie's header has room for one signature.
    secret = sqlite_caller.post("/v1/account/webhook-secret/rotate", {"overlap_hours": 0})["webhook_secret"]
    task_id = created(sqlite_caller, "/api/v1/generate", {**SIMPLE, "callBackUrl": receiver.url()})
    sqlite_caller.until(task_id, "complete")
    sqlite_caller.told(task_id)
    assert len(receiver.requests) == 3
    for one in receiver.requests:
        assert one.headers["content-type"] == "application/json"
        Webhook(secret).verify(one.body, dict(one.headers))
        signed = f"{json.loads(one.body)['taskId']}.{one.headers['x-webhook-timestamp']}"
        expected = base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha256")).decode()
        assert one.headers["x-webhook-signature"] == expected
    sequence = [int(one.headers["x-cadenza-sequence"]) for one in receiver.requests]
    assert sequence == sorted(set(sequence))


def test_a_queued_task_is_pending_without_a_response(sqlite_caller, held):
    held()
    task_id = created(sqlite_caller, "/api/v1/generate", SIMPLE)
    told = record(sqlite_caller, task_id)
    assert (told["status"], told["response"]) == ("PENDING", None)
    sqlite_caller.cancel(task_id)
    told = record(sqlite_caller, task_id)
    assert "FAIL" in told["status"]
    assert told["errorMessage"] == "The task was cancelled."


def test_the_first_track_can_be_fetched_while_the_second_is_made(sqlite_caller, held, plain):
    told = record(sqlite_caller, held("in take 2", "first_ready"))
    first, second = told["response"]["sunoData"]
    assert told["status"] == "FIRST_SUCCESS"
    assert plain.get(first["audioUrl"]).status_code == 200
    assert second["audioUrl"] == ""
    assert second["streamAudioUrl"]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"defaultParamFlag": False}, "Home"),
        (
            {
                "defaultParamFlag": True,
                "style": "rock",
                "title": "Away",
                "prompt": "louder",
                "continueAt": "1.5",
                "instrumental": True,
            },
            "Away",
        ),
    ],
    ids=["inherit", "custom"],
)
def test_a_track_is_extended_by_its_id_alone(sqlite_caller, home, body, title):
    source = home["response"]["sunoData"][1]
    done = finished(
        sqlite_caller,
        "/api/v1/generate/extend",
        {"audioId": source["id"], "model": "V5", "callBackUrl": "", **body},
    )
    assert (done["parentMusicId"], done["operationType"]) == (source["id"], "extend")
    for track in done["response"]["sunoData"]:
        assert track["title"] == title
        start_s = float(body.get("continueAt", source["duration"]))
        assert track["joinedAtS"] <= start_s + 0.01
        assert track["duration"] == pytest.approx(start_s + 2, abs=0.2)


def test_an_upload_is_extended(sqlite_caller, song):
    data = {"uploadPath": "audio/mine", "fileName": "My song.wav"}
    uploaded = sqlite_caller.http.post("/api/file-stream-upload", data=data, files={"file": song}).json()
    done = finished(
        sqlite_caller,
        "/api/v1/generate/upload-extend",
        {
            "uploadUrl": uploaded["data"]["downloadUrl"],
            "defaultParamFlag": True,
            "instrumental": True,
            "model": "V4_5PLUS",
            "style": "jazz",
            "title": "On",
            "continueAt": 3,
            "callBackUrl": "https://example.com/callback",
        },
    )
    assert done["operationType"] == "upload_extend"
    assert [track["duration"] for track in done["response"]["sunoData"]] == pytest.approx([5, 5], abs=0.2)


@pytest.mark.parametrize("source", ["missing", "text", "refused"])
def test_a_source_that_cannot_be_used_fails_the_task_and_costs_nothing(caller, receiver, source):
    before = caller.credits
    answer = reply(404) if source == "missing" else reply(body=b"no music at all\n" * 100)
    with Receiver(answer) as host:
        url = f"http://127.0.0.1:{free_port()}/in.wav" if source == "refused" else host.url("/in.wav")
        body = {"uploadUrl": url, "defaultParamFlag": False, "model": "V5", "callBackUrl": receiver.url()}
        task_id = created(caller, "/api/v1/generate/upload-extend", body)
        caller.until(task_id, "failed")
    told = record(caller, task_id)
    assert (told["status"], told["response"]) == ("CREATE_TASK_FAILED", None)
    assert told["errorMessage"]
    assert told["errorCode"] == 451
    assert caller.credits == before
    caller.told(task_id)
    (callback,) = [json.loads(one.body) for one in receiver.requests]
    assert (callback["data"]["callbackType"], callback["data"]["data"]) == ("error", None)
    assert callback["msg"] == told["errorMessage"]


def test_no_callback_host_hurts_a_task(sqlite_caller):
    hosts = ["https://localhost/callback", "placeholder"]
    tasks = [created(sqlite_caller, "/api/v1/generate", {**SIMPLE, "callBackUrl": host}) for host in hosts]
    for task_id in tasks:
        sqlite_caller.until(task_id, "complete")


LENIENT = {
    "unknown fields": {"wait_audio": True, "mv": "x", "nested": {"a": [1]}},
    "empty strings": {"style": "", "title": "", "negativeTags": "", "vocalGender": "", "callBackUrl": ""},
    "a callback without a host": {"callBackUrl": "http://no.such.host.invalid/"},
    "a callback of no kind": {"callBackUrl": "ftp://example.com/x"},
    "null": {"style": None, "personaId": None, "callBackUrl": None},
    **{model: {"model": model} for model in ("V3_5", "V4", "V4_5ALL", "V5", "V5_5", "V6", "V6_MINI")},
}


@pytest.fixture(scope="class")
def busy(sqlite_caller, home):
    """The worker is held, so that what is only accepted costs no rendering."""
    task_id = sqlite_caller.create(prompt="slow 600 s")["id"]
    sqlite_caller.until(task_id, "text_ready")
    yield
    sqlite_caller.cancel(task_id)


@pytest.mark.usefixtures("busy")
class TestAccepting:
    @pytest.mark.parametrize("more", LENIENT.values(), ids=LENIENT)
    def test_what_programs_send_besides_is_accepted(self, sqlite_caller, more):
        task_id = created(sqlite_caller, "/api/v1/generate", {**SIMPLE, **more})
        assert json.loads(record(sqlite_caller, task_id)["param"]) == {**SIMPLE, **more}
        sqlite_caller.cancel(task_id)

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("/api/v1/generate", {}, 400),
            ("/api/v1/generate", [], 400),
            ("/api/v1/generate", {**SIMPLE, "prompt": "x" * 501}, 413),
            ("/api/v1/generate", {**SIMPLE, "prompt": ""}, 400),
            ("/api/v1/generate", {**SIMPLE, "model": "V99"}, 400),
            ("/api/v1/generate", {**CUSTOM, "styleWeight": 1.5}, 400),
            ("/api/v1/generate/extend", {"audioId": "x", "defaultParamFlag": False, "model": "V5"}, 404),
            ("/api/v1/generate/upload-extend", {"defaultParamFlag": False, "model": "V5"}, 400),
            (
                "/api/v1/generate/upload-extend",
                {"uploadUrl": "http://169.254.169.254/", "defaultParamFlag": False, "model": "V5"},
                400,
            ),
        ],
    )
    def test_a_wrong_request_is_told_in_the_body_of_a_200(self, sqlite_caller, path, body, code):
        before = sqlite_caller.credits
        answer = sqlite_caller.http.post(path, json=body)
        assert answer.status_code == 200
        told = answer.json()
        assert (told["code"], told["data"]) == (code, None)
        assert told["msg"]
        assert "169.254" not in answer.text
        assert sqlite_caller.credits == before

    def test_a_place_behind_the_end_is_refused(self, sqlite_caller, home):
        source = home["response"]["sunoData"][0]
        body = {"audioId": source["id"], "model": "V5", "defaultParamFlag": False, "continueAt": 1000}
        told = sqlite_caller.post("/api/v1/generate/extend", body)
        assert (told["code"], told["errors"][0]["field"]) == (400, "continueAt")
        assert told["errors"][0]["limit"] == pytest.approx(source["duration"])

    def test_without_credits_nothing_is_created_however_often_it_is_tried(self, pauper):
        for _ in range(4):
            told = pauper.post("/api/v1/generate", SIMPLE)
            assert (told["code"], told["data"]) == (429, None)
        assert pauper.get("/v1/tasks")["data"] == []
        assert pauper.credits == 0

    @pytest.mark.parametrize("path", ["/api/v1/generate/credit", "/api/v1/chat/credit"])
    def test_credits_are_a_bare_number(self, sqlite_caller, path):
        told = sqlite_caller.get(path)
        assert told == {"code": 200, "msg": "success", "data": sqlite_caller.credits}

    @pytest.mark.parametrize("query", [{}, {"taskId": "nothing"}, {"taskId": ""}, {"taskId": "a\x00b"}])
    def test_an_unknown_task_is_404_in_the_body(self, caller, query):
        answer = caller.http.get("/api/v1/generate/record-info", params=query)
        assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 404, None)


UPLOADED = {"fileName", "filePath", "downloadUrl", "fileSize", "mimeType", "uploadedAt"}


@pytest.mark.parametrize("way", ["raw", "data url", "file", "url", "fileUrl", "stream", "stream, file first"])
def test_a_file_is_kept_and_can_be_fetched(sqlite_caller, song, way, plain):
    label = {"uploadPath": "audio", "fileName": f"{way}.wav"}
    text = base64.b64encode(song).decode()
    with Receiver(reply(body=song)) as host:
        sent = {
            "raw": lambda: sqlite_caller.post("/api/file-base64-upload", {**label, "base64Data": text}),
            "data url": lambda: sqlite_caller.post(
                "/api/file-base64-upload", {**label, "base64Data": f"data:audio/wav;base64,{text}"}
            ),
            "file": lambda: sqlite_caller.post("/api/file-base64-upload", {**label, "file": text}),
            "url": lambda: sqlite_caller.post("/api/file-url-upload", {**label, "url": host.url()}),
            "fileUrl": lambda: sqlite_caller.post("/api/file-url-upload", {**label, "fileUrl": host.url()}),
            "stream": lambda: sqlite_caller.http.post(
                "/api/file-stream-upload", data=label, files={"file": ("a.wav", song)}
            ).json(),
            "stream, file first": lambda: sqlite_caller.http.post(
                "/api/file-stream-upload",
                files=[("file", ("a.wav", song)), *((name, (None, value)) for name, value in label.items())],
            ).json(),
        }[way]()
    assert (sent["success"], sent["code"]) == (True, 200), sent
    data = sent["data"]
    assert set(data) >= UPLOADED
    assert (data["fileName"], data["filePath"]) == (f"{way}.wav", f"audio/{way}.wav")
    assert (data["fileSize"], data["mimeType"]) == (len(song), "audio/wav")
    fetched = plain.get(data["downloadUrl"])
    assert (fetched.content == song, fetched.headers["content-type"]) == (True, "audio/wav")


def test_the_same_name_overwrites(caller, song, plain):
    label = {"uploadPath": "again", "fileName": "same.wav"}
    first = caller.http.post("/api/file-stream-upload", data=label, files={"file": song[:-4000]}).json()[
        "data"
    ]
    second = caller.http.post("/api/file-stream-upload", data=label, files={"file": song}).json()["data"]
    assert second["downloadUrl"] == first["downloadUrl"]
    assert plain.get(first["downloadUrl"]).content == song


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("base64", {"uploadPath": "a", "base64Data": "%%%"}, 400),
        ("base64", {"uploadPath": "a"}, 400),
        ("base64", {"uploadPath": "../..", "base64Data": "AAAA"}, 400),
        ("url", {"uploadPath": "a", "fileUrl": "http://127.0.0.1:1/"}, 400),
        ("url", {"uploadPath": "a", "fileUrl": "file:///etc/passwd"}, 400),
        ("stream", {"uploadPath": "a"}, 400),
    ],
)
def test_a_file_that_cannot_be_kept_is_told_by_the_status(sqlite_caller, route, body, status):
    answer = sqlite_caller.http.post(f"/api/file-{route}-upload", json=body)
    assert answer.status_code == status
    told = answer.json()
    assert (told["success"], told["code"], told["data"]) == (False, status, None)
    assert "passwd" not in answer.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    ],
)
def test_a_broken_form_is_a_fault_of_the_body(sqlite_caller, content_type, body):
    answer = sqlite_caller.http.post(
        "/api/file-stream-upload", content=body, headers={"Content-Type": content_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_words_alone_are_asked_for_and_told_like_music(caller, receiver):
    before = caller.get("/api/v1/generate/credit")["data"]
    body = {"prompt": "a song about a lighthouse keeper", "callBackUrl": receiver.url("/words"), "seed": 5}
    headers = {"Idempotency-Key": f"words-{before}"}
    first, again = (caller.http.post("/api/v1/lyrics", json=body, headers=headers) for _ in range(2))
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    task_id = first.json()["data"]["taskId"]

    def look():
        told = caller.get("/api/v1/lyrics/record-info", taskId=task_id)["data"]
        return told if told["status"] != "PENDING" else None

    done = eventually(look)
    assert (done["status"], done["type"]) == ("SUCCESS", "LYRICS")
    one, two = done["response"]["data"]
    assert one["text"] != two["text"]
    assert "lighthouse keeper" in one["text"]
    assert "[Chorus]" in one["text"]
    caller.told(task_id)
    (callback,) = [json.loads(one.body) for one in receiver.requests]
    assert callback["data"]["callbackType"] == "complete"
    assert callback["data"]["data"] == done["response"]["data"]
    assert caller.get("/api/v1/generate/credit")["data"] == before - 1


def test_words_alone_are_refused_and_not_found_as_music_is(caller, home):
    assert caller.http.post("/api/v1/lyrics", json={}).json()["code"] == 400
    assert caller.http.post("/api/v1/lyrics", json={"prompt": "la " * 201}).json()["code"] == 413
    for task_id in ("nothing", home["taskId"]):
        answer = caller.http.get("/api/v1/lyrics/record-info", params={"taskId": task_id})
        assert answer.json()["code"] == 404
