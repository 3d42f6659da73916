"""Faults on purpose. ``--scale`` says how often each is tried: 1 in `make test`, more in `make chaos`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
import sqlalchemy as sa

from cadenza.testing.service import command, free_port

SERVE = "from cadenza.wiring.serving import serve_api; serve_api('127.0.0.1', {port})"
WORK = "from cadenza.wiring.serving import work; work()"


def pytest_addoption(parser):
    parser.addoption(
        "--scale", type=int, default=1, help="how often each fault is tried, times the short run"
    )


@pytest.fixture
def scale(request):
    return request.config.getoption("--scale", default=1)


class Victim:
    """A process of ours that is killed without warning and started again."""

    def __init__(self, code, environment):
        self._code, self._environment = code, environment
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._code],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def signal(self, number):
        os.killpg(self._process.pid, number)

    def kill(self):
        """End the process and all it started at once, as a power cut of its machine would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class House:
    """An installation whose API and worker can be killed one by one."""

    def __init__(self, database_url, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {
            "CADENZA_DATA": str(folder),
            "CADENZA_ENGINE": "debug",
            "CADENZA_PUBLIC_URL": self.url,
            "CADENZA_WORKER_DEAD_S": "3",
            "CADENZA_MAX_ATTEMPTS": "1000",
        }
        if database_url.startswith("postgresql"):
            self._settings["CADENZA_DATABASE_URL"] = database_url.replace("+psycopg", "")
        environment = {"PATH": "/usr/bin:/bin", **self._settings}
        self.api = Victim(SERVE.format(port=self.port), environment)
        self.worker = Victim(WORK, environment)
        self.other_worker = Victim(WORK, environment)
        self._database = sa.create_engine(database_url) if "postgresql" in database_url else None
        self._folder = folder
        schema = "dbos." if self._database is not None else ""
        self.all_jobs = f"SELECT workflow_uuid FROM {schema}workflow_status"  # noqa: S608 - two fixed texts

    def new_key(self, credits):
        made = command("key", "create", "chaos", "--credits", str(credits), environment=self._settings)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def wait_for_api(self, limit_s=60.0):
        ends_s = time.monotonic() + limit_s
        while time.monotonic() < ends_s:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        pytest.fail("the API did not come back")

    def rows(self, statement):
        if self._database is None:
            self._database = sa.create_engine(f"sqlite:///{self._folder / 'cadenza.sqlite'}")
        with self._database.connect() as connection:
            return connection.execute(sa.text(statement)).all()

    def close(self):
        for victim in (self.api, self.worker, self.other_worker):
            if victim._process is not None:
                victim.kill()
        if self._database is not None:
            self._database.dispose()


@pytest.fixture
def house(database_url, tmp_path):
    house = House(database_url, tmp_path / "data")
    yield house
    house.close()
