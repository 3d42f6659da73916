"""What is left of a task when the process that worked on it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
import sqlalchemy as sa

from cadenza.testing.service import Service, eventually

SLOW_SECOND_TAKE = {
    "customMode": True,
    "instrumental": True,
    "model": "V4_5",
    "title": "A long night",
    "style": "slow 4 s in take 2",
}


def environment_for(database_url):
    environment = {"CADENZA_ENGINE": "debug", "CADENZA_WORKER_DEAD_S": "3"}
    if database_url.startswith("postgresql"):
        environment["CADENZA_DATABASE_URL"] = database_url.replace("+psycopg", "")
    return environment


@pytest.fixture
def service(database_url, tmp_path):
    with Service(data=tmp_path / "data", environment=environment_for(database_url), workers=2) as running:
        yield running


@pytest.fixture
def rows(service):
    """Ask the service's own database."""
    url = service.environment.get("CADENZA_DATABASE_URL", "").replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url or f"sqlite:///{service.data / 'cadenza.sqlite'}")
    yield lambda statement, **values: _fetch(engine, statement, values)
    engine.dispose()


def _fetch(engine, statement, values):
    with engine.connect() as connection:
        return connection.execute(sa.text(statement), values).all()


@pytest.mark.timeout(240)
def test_a_worker_of_its_own_serves_a_server_that_has_none(database_url, tmp_path):
    environment = environment_for(database_url)
    with Service(data=tmp_path / "data", environment=environment, workers=0) as service:
        key = service.new_key("alice", credits=100)
        worker = subprocess.Popen(
            [sys.executable, "-m", "cadenza", "work", "--data", str(service.data)],
            env={"PATH": "/usr/bin:/bin", **environment, "CADENZA_PUBLIC_URL": service.url},
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(base_url=service.url, headers={"x-api-key": key}) as client:
                task = client.post("/v1/tasks", json={"prompt": "rain"}).json()
                where = f"/v1/tasks/{task['id']}"
                eventually(lambda: client.get(where).json()["status"] == "complete")
        finally:
            worker.send_signal(signal.SIGINT)
            assert worker.wait(60) == 0


@pytest.mark.timeout(240)
def test_a_killed_workers_task_is_finished_by_another_and_charged_once(service, rows):
    key = service.new_key("alice", credits=100)
    with httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {key}"}) as client:
        task_id = client.post("/api/v1/generate", json=SLOW_SECOND_TAKE).json()["data"]["taskId"]

        def native():
            return client.get(f"/v1/tasks/{task_id}").json()

        first = eventually(lambda: (seen := native())["status"] == "first_ready" and seen)
        [(pid,)] = rows(
            "SELECT w.pid FROM tasks t JOIN workers w ON w.id = t.worker_id WHERE t.id = :id", id=task_id
        )
        os.kill(pid, signal.SIGKILL)
        done = eventually(lambda: (seen := native())["status"] == "complete" and seen, limit_s=120)

        assert done["takes"][0] == first["takes"][0]
        assert [take["id"] for take in done["takes"]] == [take["id"] for take in first["takes"]]
        assert rows("SELECT attempt FROM tasks WHERE id = :id", id=task_id) == [(2,)]
        kinds = rows("SELECT kind FROM ledger WHERE task_id = :id ORDER BY seq", id=task_id)
        assert kinds == [("hold",), ("capture",)]
        assert client.get("/api/v1/generate/credit").json()["data"] == 100 - done["credits"]
        for take in done["takes"]:
            assert client.get(take["audio_url"]).headers["content-type"] == "audio/mpeg"
