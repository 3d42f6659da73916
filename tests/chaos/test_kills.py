"""CR-01 and CR-02: SIGKILL at random moments. Nothing acknowledged is lost, nothing is charged twice."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import httpx
import numpy as np
import pytest

from cadenza.testing.service import eventually

CREDITS = 10**6
PRICE_OF_ONE_TAKE = 6  # half of what the native default tier costs for two


class Client(threading.Thread):
    """Sends tasks one after another and writes down each acknowledgement."""

    def __init__(self, house, key, stop):
        super().__init__()
        self.acknowledged = []
        self._house, self._key, self._stop_sending = house, key, stop

    def run(self):
        headers = {"authorization": f"Bearer {self._key}"}
        while not self._stop_sending.is_set():
            with contextlib.suppress(httpx.HTTPError):
                body = {"prompt": "rain", "takes": 1}
                answer = httpx.post(f"{self._house.url}/v1/tasks", json=body, headers=headers, timeout=5)
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["id"])
            time.sleep(0.02)


@pytest.mark.timeout(3600)
def test_CR_01_the_api_is_killed_and_no_acknowledged_task_is_lost(house, scale):
    dice = np.random.default_rng(1)
    key = house.new_key(CREDITS)
    stop = threading.Event()
    clients = [Client(house, key, stop) for _ in range(3)]
    house.api.start()
    house.wait_for_api()
    for client in clients:
        client.start()
    for _ in range(3 * scale):
        time.sleep(float(dice.uniform(0.05, 0.6)))
        house.api.kill()
        house.api.start()
        house.wait_for_api()
    stop.set()
    for client in clients:
        client.join()
    acknowledged = {task_id for client in clients for task_id in client.acknowledged}
    assert acknowledged
    stored = {row.id for row in house.rows("SELECT id FROM tasks")}
    assert acknowledged <= stored
    held = house.rows("SELECT task_id, count(*) AS holds FROM ledger WHERE kind = 'hold' GROUP BY task_id")
    assert {row.task_id for row in held} == stored
    assert all(row.holds == 1 for row in held)
    jobs = house.rows(house.all_jobs)
    assert {f"{task_id}-render" for task_id in stored} <= {row.workflow_uuid for row in jobs}
    [(spent,)] = house.rows("SELECT -sum(delta) FROM ledger WHERE kind = 'hold'")
    assert spent == PRICE_OF_ONE_TAKE * len(stored)


@pytest.mark.timeout(3600)
def test_CR_02_workers_are_killed_at_any_moment_and_every_task_ends_once(house, scale):
    dice = np.random.default_rng(2)
    key = house.new_key(CREDITS)
    house.api.start()
    house.wait_for_api()
    headers = {"authorization": f"Bearer {key}"}
    tasks = [
        httpx.post(f"{house.url}/v1/tasks", json={"prompt": "rain", "takes": 1}, headers=headers).json()["id"]
        for _ in range(2 * scale)
    ]
    for _ in range(3 * scale):
        house.worker.start()
        time.sleep(float(dice.uniform(1.0, 4.0)))
        house.worker.kill()
    house.worker.start()

    def all_done():
        [(open_count,)] = house.rows("SELECT count(*) FROM tasks WHERE state <> 'complete'")
        return open_count == 0

    eventually(all_done, limit_s=120 + 20 * scale)
    kinds = house.rows("SELECT task_id, kind FROM ledger WHERE task_id IS NOT NULL")
    for task_id in tasks:
        assert sorted(row.kind for row in kinds if row.task_id == task_id) == ["capture", "hold"]
    ready = house.rows("SELECT task_id FROM takes WHERE is_ready")
    assert sorted(row.task_id for row in ready) == sorted(tasks)


@pytest.mark.timeout(600)
def test_CR_09_a_worker_that_was_frozen_wakes_up_and_changes_nothing(house):
    key = house.new_key(CREDITS)
    house.api.start()
    house.wait_for_api()
    headers = {"authorization": f"Bearer {key}"}
    house.worker.start()
    body = {"title": "Night", "style": "slow 5 s in take 2"}
    task_id = httpx.post(f"{house.url}/v1/tasks", json=body, headers=headers).json()["id"]

    def state():
        return house.rows("SELECT state, attempt FROM tasks")[0]

    eventually(lambda: state().state == "first_ready")
    house.worker.signal(signal.SIGSTOP)
    house.other_worker.start()
    eventually(lambda: state().state == "complete", limit_s=120)
    house.worker.signal(signal.SIGCONT)
    # Awake, it looks at its task, finds that it has lost it, and takes the next one like anybody else.
    again = httpx.post(f"{house.url}/v1/tasks", json={"prompt": "rain", "takes": 1}, headers=headers).json()
    done = f"SELECT state FROM tasks WHERE id = '{again['id']}'"  # noqa: S608 - an id of ours
    eventually(lambda: house.rows(done)[0].state == "complete", limit_s=120)
    kinds = house.rows("SELECT task_id, kind FROM ledger WHERE task_id IS NOT NULL ORDER BY seq")
    assert [row.kind for row in kinds if row.task_id == task_id] == ["hold", "capture"]
    assert len(house.rows("SELECT id FROM takes")) == 3
