"""What the URLs in replies lead to: sound, pictures, streams; and what nobody else may see."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from cadenza.testing.service import eventually


@pytest.fixture(scope="module")
def task(sqlite_caller, song):
    """A finished continuation of an upload."""
    upload = sqlite_caller.http.post("/v1/uploads", files={"file": ("in.wav", song)}).json()
    return sqlite_caller.finished(source={"upload_id": upload["id"]}, continue_at_s=2, takes=1)


@pytest.fixture(scope="module")
def take(task):
    return task["takes"][0]


def sound(url, plain):
    answer = plain.get(url)
    assert answer.status_code == 200
    return answer, soundfile.SoundFile(io.BytesIO(answer.content))


@pytest.mark.parametrize(
    ("name", "suffix", "media_type"),
    [
        ("audio_url", ".mp3", "audio/mpeg"),
        ("flac_url", ".flac", "audio/flac"),
        ("new_part_url", ".mp3", "audio/mpeg"),
        ("stream_url", ".mp3", "audio/mpeg"),
    ],
)
def test_sound_is_read_without_a_key_and_as_long_as_told(plain, take, name, suffix, media_type):
    assert take[name].startswith("http://127.0.0.1:")
    assert take[name].endswith(suffix)
    answer, file = sound(take[name], plain)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(answer.content) > 1000
    length_s = 2.0 if name == "new_part_url" else take["duration_s"]
    assert file.frames / file.samplerate == pytest.approx(length_s, abs=0.1)


def test_the_flac_holds_the_source_untouched_before_the_join(plain, take, song):
    _, file = sound(take["flac_url"], plain)
    before, _ = soundfile.read(io.BytesIO(song), dtype="int16")
    joined = file.read(dtype="int16")
    untouched = round((take["joined_at_s"] - 0.1) * file.samplerate)
    assert np.array_equal(joined[:untouched], before[:untouched])


@pytest.mark.parametrize(("name", "side"), [("image_url", 400), ("image_large_url", 1024)])
def test_the_cover_is_a_picture(take, name, side, plain):
    answer = plain.get(take[name])
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("JPEG", (side, side))


def test_head_tells_what_get_would_send(take, plain):
    head, get = plain.head(take["audio_url"]), plain.get(take["audio_url"])
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "accept-ranges", "etag"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, -1), ("bytes=-100", -100, -1), ("bytes=5-5", 5, 5)],
)
def test_ST_06_a_part_is_sent_where_a_part_is_asked_for(take, asked, first, last, plain):
    whole = plain.get(take["audio_url"]).content
    size = len(whole)
    part = plain.get(take["audio_url"], headers={"Range": asked})
    first, last = first % size, last % size
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert part.content == whole[first : last + 1]


def test_ST_06_a_part_beyond_the_end_is_416(take, plain):
    answer = plain.get(take["audio_url"], headers={"Range": "bytes=100000000-"})
    assert answer.status_code == 416
    size = len(plain.get(take["audio_url"]).content)
    assert answer.headers["content-range"].endswith(f"*/{size}")


def test_ST_06_a_range_that_ends_beyond_the_end_is_cut(take, plain):
    whole = plain.get(take["audio_url"]).content
    part = plain.get(take["audio_url"], headers={"Range": "bytes=10-999999999"})
    assert (part.status_code, part.content) == (206, whole[10:])


def test_ST_06_fifty_thousand_ranges_are_no_more_work_than_the_file(take, plain):
    url = take["audio_url"]
    size = len(plain.get(url).content)
    ranges = "bytes=" + ",".join("0-0" for _ in range(50_000))
    answer = plain.get(url, headers={"Range": ranges})
    assert answer.status_code in {200, 206, 400, 416, 431}
    assert len(answer.content) <= size + 1000


def test_ST_06_a_part_of_another_file_is_not_sent(take, plain):
    url = take["audio_url"]
    whole = plain.get(url)
    same = plain.get(url, headers={"Range": "bytes=0-9", "If-Range": whole.headers["etag"]})
    assert (same.status_code, same.content) == (206, whole.content[:10])
    other = plain.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)


def test_a_stream_plays_while_the_take_is_made_and_ends_with_it(sqlite_caller, held, plain):
    task_id = held("in take 2", "first_ready")
    first, second = sqlite_caller.task(task_id)["takes"]
    assert plain.get(first["stream_url"]).content == plain.get(first["audio_url"]).content
    assert plain.head(second["stream_url"]).headers["content-type"] == "audio/mpeg"
    with plain.stream("GET", second["stream_url"], timeout=30) as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        heard = b""
        for chunk in answer.iter_raw():
            if not heard:
                sqlite_caller.cancel(task_id)
            heard += chunk
    assert len(heard) > 1000
    assert heard[:2] in {b"\xff\xfb", b"\xff\xfa", b"ID"}
    assert plain.get(second["stream_url"]).status_code == 404
    streams = sqlite_caller.service.data / "streams"
    eventually(lambda: not list(streams.iterdir()))


def test_a_stream_of_a_waiting_task_is_not_there(sqlite_caller, plain):
    assert plain.get(f"{sqlite_caller.service.url}/stream/nothing.mp3").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/media/nothing.mp3",
        "/media/nothing",
        "/media/%00.mp3",
        "/media/..%2f..%2fcadenza.sqlite",
        "/media/..%252f..%252fcadenza.sqlite",
        "/media/..%5c..%5ccadenza.sqlite",
        "/media/%2e%2e/cadenza.sqlite",
        "/media/%2fetc%2fpasswd.mp3",
        "/media/%c0%ae%c0%ae%c0%afx.mp3",
        "/files/..%2f..%2f/cadenza.sqlite",
        f"/media/{'a' * 300}.mp3",
        f"/stream/{'a' * 300}.mp3",
        "/stream/%00.mp3",
        "/stream/..%2fx.mp3",
        "/files/nothing/in.wav",
        "/files/%00/in.wav",
        f"/files/{'b' * 300}/x",
    ],
)
def test_ST_01_what_is_not_there_is_404(caller, path, plain):
    answer = plain.get(caller.service.url + path)
    assert answer.status_code == 404
    assert str(caller.service.data) not in answer.text


def test_ST_07_a_recording_is_served_as_what_it_is_and_not_as_what_its_sender_says(
    sqlite_caller, song, plain
):
    file = ("page.html", song, "text/html")
    url = sqlite_caller.http.post("/v1/uploads", files={"file": file}).json()["url"]
    assert url.endswith("/page.html")
    answer = plain.get(url)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_ST_07_a_page_under_the_name_of_a_recording_is_not_kept(sqlite_caller):
    file = ("song.mp3", b"<script>alert(1)</script>", "audio/mpeg")
    assert sqlite_caller.http.post("/v1/uploads", files={"file": file}).status_code == 422


@pytest.mark.parametrize("name", ["audio_url", "image_url"])
def test_ST_07_a_file_comes_as_an_attachment_where_that_is_asked_for(take, name, plain):
    answer = plain.get(take[name], params={"download": "1"})
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_ST_07_what_no_player_shows_is_always_an_attachment(take, plain):
    answer = plain.get(take["audio_url"].replace(".mp3", "-peaks.json"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")


FOREIGN = [
    ("GET", "/v1/tasks/{task}", None, 404),
    ("GET", "/v1/tasks/{task}/events", None, 404),
    ("GET", "/v1/tasks/{task}/callbacks", None, 404),
    ("POST", "/v1/tasks/{task}/cancel", None, 404),
    ("GET", "/v1/uploads/{upload}", None, 404),
    ("POST", "/v1/tasks", {"source": {"take_id": "{take}"}}, 422),
    ("POST", "/v1/tasks", {"source": {"task_id": "{task}"}}, 422),
    ("POST", "/v1/tasks", {"source": {"upload_id": "{upload}"}}, 422),
    ("GET", "/api/v1/audio/music/feed?task_id={task}", None, 404),
    ("GET", "/api/v1/tasks/{task}", None, 404),
    ("POST", "/api/v1/audio/music/extend", {"origin_task_id": "{task}", "extend_audio_index": 0}, 400),
    ("GET", "/api/v1/generate/record-info?taskId={task}", None, "404"),
    (
        "POST",
        "/api/v1/generate/extend",
        {"audioId": "{take}", "model": "V5", "defaultParamFlag": False},
        "404",
    ),
    ("GET", "/api/v1/client/job/TaskInfo?task_id={task}", None, "404"),
    (
        "POST",
        "/api/v1/client/job/CreateTask",
        {"model": "suno/music-extend", "input": {"suno_id": "{take}", "prompt": "on"}},
        "422",
    ),
    (
        "POST",
        "/api/v1/client/job/CreateTask",
        {"model": "suno/music-extend", "input": {"task_id": "{task}", "prompt": "on"}},
        "422",
    ),
]


def filled(template, names):
    if isinstance(template, str):
        return template.format(**names)
    if isinstance(template, dict):
        return {name: filled(value, names) for name, value in template.items()}
    return template


@pytest.mark.parametrize(("method", "path", "body", "status"), FOREIGN)
def test_what_belongs_to_others_looks_like_what_never_was(stranger, task, method, path, body, status):
    """A status as text is the code in the body of a 200."""
    mine = {
        "task": task["id"],
        "take": task["takes"][0]["id"],
        "upload": task["request"]["source"]["upload_id"],
    }
    nobodys = {name: text[:-6] + "000000" for name, text in mine.items()}
    answers = []
    for names in (mine, nobodys):
        answer = stranger.http.request(
            method, filled(path, names), json=filled(body, names), headers={"X-Request-Id": "same"}
        )
        told = str(answer.json()["code"]) if isinstance(status, str) else answer.status_code
        assert told == status, answer.text
        answers.append(answer.text)
    assert answers[0] == answers[1]
    assert stranger.credits == 100
