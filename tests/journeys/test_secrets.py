"""AU-10: what must not be told is not told: not in the log, not in the metrics, not in an answer's error."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cadenza.testing.service import Service, eventually, free_port

CANARY = "canary7Hq2"
KEY_LIKE = "cad_0123456789abcdef_" + CANARY + "0" * 46
NOBODY = f"127.0.0.1:{free_port()}"
URL_TOKEN = f"http://{NOBODY}/hook?token={CANARY}-callback"
USERINFO = f"http://user:{CANARY}-password@{NOBODY}/in.wav"


def refusals(client):
    """Send a secret everywhere one can be; yield what is answered."""
    yield client.get("/v1/account", headers={"Authorization": f"Bearer {KEY_LIKE}"})
    yield client.get("/v1/account", headers={"x-api-key": f"{CANARY}-header"})
    yield client.get("/v1/tasks", params={"key": f"{CANARY}-query", "limit": f"{CANARY}-limit"})
    yield client.get(f"/v1/tasks/{CANARY}-path", params={"api_key": KEY_LIKE})
    yield client.post("/v1/tasks", json={"prompt": "x", "seed": f"{CANARY}-body"})
    yield client.post("/v1/tasks", json={"prompt": "x", "model": f"{CANARY}-model"})
    yield client.post("/v1/tasks", content=f'{{"key": "{CANARY}-cut'.encode())
    yield client.post("/v1/tasks", json={"source": {"url": USERINFO}})
    yield client.post("/v1/tasks", json={"prompt": "x", "callback_url": f"ftp://{CANARY}/"})
    yield client.post("/v1/uploads", json={"url": USERINFO})
    yield client.post("/api/v1/generate", json={"apiKey": KEY_LIKE, "customMode": f"{CANARY}"})


@pytest.fixture(scope="module")
def told_and_kept(tmp_path_factory):
    """Plant secrets everywhere in a service at work; return what it told, and what it kept."""
    data = tmp_path_factory.mktemp("secrets") / "data"
    environment = {
        "CADENZA_ENGINE": "debug",
        "CADENZA_LOG_LEVEL": "debug",
        "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8",
        "CADENZA_PEPPER": f"{CANARY}-pepper",
    }
    with Service(data=data, environment=environment) as service:
        key = service.new_key("caller", credits=1000)
        with httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30) as client:
            answers = list(refusals(client))
            secret = client.get("/v1/account").json()["webhook_secret"]
            body = {"lyrics": f"[Verse]\n{CANARY} lyrics", "style": "folk", "callback_url": URL_TOKEN}
            made = client.post("/v1/tasks", json={**body, "title": "t", "takes": 1})
            ids = [made.json()["id"]]
            source = {"url": f"http://{NOBODY}/{CANARY}-source.wav"}
            ids.append(client.post("/v1/tasks", json={"source": source, "takes": 1}).json()["id"])
            deadly = {**body, "style": "deadly", "title": "t", "takes": 1}
            ids.append(client.post("/v1/tasks", json=deadly).json()["id"])
            for task_id in ids:
                eventually(lambda task_id=task_id: client.get(f"/v1/tasks/{task_id}").json()["finished_at"])
            errors = [client.get(f"/v1/tasks/{task_id}").json()["error"] for task_id in ids]
            eventually(lambda: client.get(f"/v1/tasks/{ids[0]}/callbacks").json()["data"][-1]["attempts"])
            metrics = client.get("/metrics").text
            _break_the_database(data)
            answers += [client.post("/v1/tasks", json={**body, "title": "t"}), client.get("/v1/account")]
    assert all(answer.status_code >= 400 or answer.json().get("code", 200) >= 400 for answer in answers)
    return Told(
        key=key,
        secret=secret,
        log=service.told,
        metrics=metrics,
        errors=[*(answer.text for answer in answers), json.dumps(errors)],
        task_ids=ids,
        request_id=made.headers["x-request-id"],
        data=data,
    )


def _break_the_database(data):
    """Take a table away, so that whatever comes next meets an error that nobody planned for."""
    with contextlib.closing(sqlite3.connect(data / "cadenza.sqlite")) as connection:
        connection.execute("ALTER TABLE accounts RENAME TO lost_accounts")
        connection.execute("ALTER TABLE ledger RENAME TO lost_ledger")
        connection.commit()


@dataclass(frozen=True, kw_only=True)
class Told:
    key: str
    secret: str
    log: str
    metrics: str
    errors: list[str]
    task_ids: list[str]
    request_id: str
    data: Path


@pytest.mark.parametrize("place", ["log", "metrics", "errors"])
def test_au_10_no_planted_secret_is_in_the_log_the_metrics_or_an_error(place, told_and_kept):
    text = json.dumps(getattr(told_and_kept, place))
    assert text
    for secret in (CANARY, told_and_kept.key, told_and_kept.secret):
        assert secret not in text


def test_au_10_the_log_tells_of_tasks_and_requests_by_their_ids(told_and_kept):
    lines = [json.loads(line) for line in told_and_kept.log.splitlines() if line.startswith("{")]
    assert {line["event"] for line in lines} >= {"worker_started", "task_rendered", "callback_attempted"}
    assert set(told_and_kept.task_ids) <= {line.get("task_id") for line in lines}
    (rendered,) = [
        line
        for line in lines
        if line["event"] == "task_rendered" and line["task_id"] == told_and_kept.task_ids[0]
    ]
    assert rendered["request_id"] == told_and_kept.request_id
    plain = [line for line in told_and_kept.log.splitlines() if not line.startswith(("{", "cadenza: "))]
    assert plain == []


def test_au_10_the_database_keeps_no_key_no_pepper_and_no_password(told_and_kept):
    with contextlib.closing(sqlite3.connect(told_and_kept.data / "cadenza.sqlite")) as connection:
        dump = "\n".join(connection.iterdump())
    for secret in (told_and_kept.key, f"{CANARY}-pepper", f"{CANARY}-password", f"{CANARY}-header"):
        assert secret not in dump
        assert secret.encode().hex() not in dump.lower()
    assert f"{CANARY} lyrics" in dump  # the one place where they belong


def test_au_10_a_crash_leaves_no_file_behind_that_holds_a_secret(told_and_kept):
    """Lyrics lie in the database and in the files of takes, and nowhere else in the data folder."""
    kept = {"cadenza.sqlite", "cadenza.sqlite-wal", "cadenza.sqlite-shm"}
    for path in told_and_kept.data.rglob("*"):
        if path.is_file() and path.name not in kept and "media" not in path.parts:
            assert CANARY.encode() not in path.read_bytes(), path.name
