"""GET /v1/uploads/{id}/portrait: heard in a process of its own, once for each content."""

from __future__ import annotations

import base64
import sys

import pytest

from cadenza.testing.audio import chord, clicks
from cadenza.testing.files import file_bytes
from cadenza.wiring import service

BROKEN = (sys.executable, "-c", "raise SystemExit(3)")
SILENT = (sys.executable, "-c", """print('{"reason": "The recording is silent."}')""")
ASLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


def left(house, key, signal):
    body = {"data_base64": base64.b64encode(file_bytes(signal, "wav")).decode(), "file_name": "in.wav"}
    (answer,) = house.ask(key, ("POST", "/v1/uploads", body))
    return answer.json()["id"]


def path_of(upload_id):
    return f"/v1/uploads/{upload_id}/portrait"


@pytest.fixture
def key(sqlite_house):
    return sqlite_house.caller("me")


def test_the_portrait_of_an_upload_is_heard_once(sqlite_house, key, monkeypatch, tmp_path):
    upload_id = left(sqlite_house, key, clicks(120, 9.0))
    (answer,) = sqlite_house.ask(key, ("GET", path_of(upload_id)))
    told = answer.json()
    assert (answer.status_code, told["object"], told["upload_id"]) == (200, "portrait", upload_id)
    assert told["tempo"]["bpm"] == pytest.approx(120, abs=0.5)
    assert told["peaks"]["length"] == 450
    monkeypatch.setattr(service, "_HEARING_COMMAND", BROKEN)
    again, same = sqlite_house.ask(
        key,
        ("GET", path_of(upload_id)),
        ("GET", path_of(upload_id), None, {"if-none-match": answer.headers["etag"]}),
    )
    assert (again.json(), same.status_code) == (told, 304)
    other_id = left(sqlite_house, sqlite_house.caller("you"), clicks(120, 9.0))
    (foreign,) = sqlite_house.ask(key, ("GET", path_of(other_id)))
    assert foreign.status_code == 404
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_has_no_portrait_is_refused_with_the_reason(sqlite_house, key, monkeypatch):
    upload_id = left(sqlite_house, key, chord((60,), 1.0))
    monkeypatch.setattr(service, "_HEARING_COMMAND", SILENT)
    (answer,) = sqlite_house.ask(key, ("GET", path_of(upload_id)))
    assert answer.status_code == 422
    assert "silent" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("_HEARING_COMMAND", BROKEN, 500), ("_HEARING_COMMAND", ASLEEP, 503)],
    ids=["that ends early", "that does not end"],
)
def test_a_child_is_told_apart_from_an_answer(sqlite_house, key, monkeypatch, tmp_path, name, value, status):
    upload_id = left(sqlite_house, key, chord((60,), 1.0))
    monkeypatch.setattr(service, name, value)
    monkeypatch.setattr(service, "_HEARING_LIMIT_S", 0.3)
    (answer,) = sqlite_house.ask(key, ("GET", path_of(upload_id)))
    assert answer.status_code == status
    assert not list((tmp_path / "scratch").iterdir())
    assert not (tmp_path / "portraits").exists()


def test_an_upload_whose_time_is_over_or_that_was_deleted_has_no_portrait(sqlite_house, key, tmp_path):
    upload_id = left(sqlite_house, key, chord((60,), 1.0))
    sqlite_house.clock.advance(4 * 86_400)
    unknown, gone = sqlite_house.ask(key, ("GET", path_of("up_none")), ("GET", path_of(upload_id)))
    assert (unknown.status_code, gone.status_code) == (404, 410)


def test_deleting_an_upload_forgets_what_was_heard(sqlite_house, key, tmp_path):
    upload_id = left(sqlite_house, key, chord((60,), 1.0))
    (media,) = (tmp_path / "media").glob("??/*")
    kept = tmp_path / "portraits" / f"{media.name}-1.json"
    kept.parent.mkdir()
    kept.write_text('{"object": "portrait"}')
    engines, other = kept.with_name(f"{media.name}-1-5.npz"), kept.with_name("another-1-5.npz")
    engines.touch()
    other.touch()
    told, _, gone = sqlite_house.ask(
        key, ("GET", path_of(upload_id)), ("DELETE", f"/v1/uploads/{upload_id}"), ("GET", path_of(upload_id))
    )
    assert told.json() == {"upload_id": upload_id, "object": "portrait"}
    assert gone.status_code in {404, 410}
    assert list(kept.parent.iterdir()) == [other]
