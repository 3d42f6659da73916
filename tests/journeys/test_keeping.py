"""What owners may say about how long their files are kept."""

from __future__ import annotations

import os

import pytest

from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes


def aged(service):
    """Make all stored files older than those that somebody may be about to refer to."""
    for path in (service.data / "media").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def stored(service):
    return {path.name for path in (service.data / "media").glob("??/*")}


@pytest.fixture
def take_of():
    return lambda task: task["takes"][0]


def test_ST_05_a_deleted_task_keeps_its_record_and_answers_410(caller, plain, take_of):
    before = stored(caller.service)
    # The title is in the files, so that no other test's task has the same ones.
    task = caller.finished(title="The one to delete", style="folk", takes=1)
    take = take_of(task)
    assert (task["pinned"], task["files_deleted"]) == (False, False)
    assert task["expires_at"] > task["finished_at"]
    mine = stored(caller.service) - before
    aged(caller.service)
    answer = caller.http.delete(f"/v1/tasks/{task['id']}")
    assert answer.status_code == 200
    assert answer.json()["files_deleted"] is True
    assert caller.task(task["id"])["status"] == "complete"
    assert mine
    assert not mine & stored(caller.service)
    for name in ("audio_url", "flac_url", "image_url", "stream_url"):
        assert plain.get(take[name]).status_code == 410
    extend = caller.http.post("/v1/tasks", json={"source": {"take_id": take["id"]}})
    assert extend.status_code in {410, 422}
    assert "deleted" in extend.text
    assert caller.http.post(f"/v1/tasks/{task['id']}/pin", json={"pinned": True}).status_code == 410


def test_ST_05_a_download_that_is_under_way_ends_whole(sqlite_caller, plain):
    song = file_bytes(chord((60, 64, 67), 80.0), "wav")
    url = sqlite_caller.upload(song, name="long.wav")
    upload_id = url.split("/")[-2]
    aged(sqlite_caller.service)
    with plain.stream("GET", url) as answer:
        pieces = answer.iter_raw(4096)
        heard = next(pieces)
        assert sqlite_caller.http.delete(f"/v1/uploads/{upload_id}").json()["deleted"] is True
        heard += b"".join(pieces)
    assert heard == song
    assert plain.get(url).status_code == 410


def test_ST_05_an_extend_that_waits_is_refused_with_the_reason(sqlite_caller, held, song):
    upload_id = sqlite_caller.upload(song, name="brief.wav").split("/")[-2]
    balance = sqlite_caller.credits
    blocker = held()
    waiting = sqlite_caller.create(source={"upload_id": upload_id}, continue_at_s=2, takes=1)
    aged(sqlite_caller.service)
    assert sqlite_caller.http.delete(f"/v1/uploads/{upload_id}").status_code == 200
    refused = sqlite_caller.http.post("/v1/tasks", json={"source": {"upload_id": upload_id}})
    assert refused.status_code in {410, 422}
    sqlite_caller.cancel(blocker)
    failed = sqlite_caller.until(waiting["id"], "failed")
    assert failed["error"]["kind"] == "source_unusable"
    assert "deleted by its owner" in failed["error"]["reason"]
    assert sqlite_caller.credits == balance


def test_a_pin_is_shown_and_taken_back(caller):
    task = caller.finished(prompt="one to keep", takes=1)
    pin = f"/v1/tasks/{task['id']}/pin"
    pinned = caller.post(pin, {"pinned": True})
    assert (pinned["pinned"], pinned["expires_at"]) == (True, None)
    assert caller.task(task["id"])["pinned"] is True
    usual = caller.post(pin, {"pinned": False})
    assert (usual["pinned"], usual["expires_at"][:16]) == (False, task["expires_at"][:16])


@pytest.mark.parametrize("body", [{}, {"pinned": "yes"}, {"pinned": None}, []])
def test_a_pin_that_says_nothing_is_refused(sqlite_caller, body):
    answer = sqlite_caller.http.post("/v1/tasks/nothing/pin", json=body)
    assert answer.status_code == 422


def test_a_task_that_has_not_ended_is_neither_deleted_nor_pinned(sqlite_caller, held):
    task_id = held()
    assert sqlite_caller.http.delete(f"/v1/tasks/{task_id}").status_code == 409
    assert sqlite_caller.http.post(f"/v1/tasks/{task_id}/pin", json={"pinned": True}).status_code == 409


def test_what_belongs_to_others_is_neither_deleted_nor_pinned(sqlite_caller, stranger, song):
    task = sqlite_caller.finished(prompt="mine", takes=1)
    upload_id = sqlite_caller.upload(song, name="mine.wav").split("/")[-2]
    answers = [
        stranger.http.delete(f"/v1/tasks/{task['id']}"),
        stranger.http.post(f"/v1/tasks/{task['id']}/pin", json={"pinned": True}),
        stranger.http.delete(f"/v1/uploads/{upload_id}"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert sqlite_caller.task(task["id"])["files_deleted"] is False


def test_the_sweep_is_run_by_hand_beside_the_server(sqlite_caller):
    done = sqlite_caller.service.command("sweep", "--json")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.strip("{}\n").replace('"', "").replace(" ", "").split(",")) >= {"expired:0"}
