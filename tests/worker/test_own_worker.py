"""Workers that are started by themselves."""

from __future__ import annotations

import signal
import subprocess
import sys

import httpx
import pytest

from cadenza.testing.service import Service, eventually


@pytest.mark.timeout(240)
def test_a_worker_of_its_own_serves_a_server_that_has_none(database_url, tmp_path):
    environment = {"CADENZA_ENGINE": "debug"}
    if database_url.startswith("postgresql"):
        environment["CADENZA_DATABASE_URL"] = database_url.replace("+psycopg", "")
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
