"""SIGKILL and SIGSTOP at random moments: nothing acknowledged is lost, nothing is charged twice."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import httpx
import numpy as np
import pytest

from cadenza.testing.service import eventually

# Fewest in `make test`; with the scale of `make chaos` more than 500 on the two databases together.
API_KILLS = 6
WORKER_KILLS = 2


class Client(threading.Thread):
    """Sends tasks one after another and writes down each acknowledgement."""

    def __init__(self, http, stop):
        super().__init__()
        self.acknowledged = []
        self._http, self._stop_sending = http, stop

    def run(self):
        while not self._stop_sending.is_set():
            with contextlib.suppress(httpx.HTTPError):
                answer = self._http.post("/v1/tasks", json={"prompt": "rain", "takes": 1})
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["id"])
            time.sleep(0.02)


@contextlib.contextmanager
def clients(house, count):
    """Have so many send tasks meanwhile, and give what they were told when they have ended."""
    stop = threading.Event()
    acknowledged = []
    with house.caller() as http:
        senders = [Client(http, stop) for _ in range(count)]
        for sender in senders:
            sender.start()
        try:
            yield acknowledged
        finally:
            stop.set()
            for sender in senders:
                sender.join()
                acknowledged += sender.acknowledged


@pytest.mark.timeout(3600)
def test_cr_01_the_api_is_killed_and_no_acknowledged_task_is_lost(house, scale, tried):
    dice = np.random.default_rng(1)
    kills = API_KILLS * scale
    house.api.start()
    house.wait_for_api()
    with clients(house, 3) as acknowledged:
        for _ in range(kills):
            time.sleep(float(dice.uniform(0.05, 0.3)))
            house.api.kill()
            house.api.start()
            house.wait_for_api()
    house.api.kill()
    assert acknowledged
    house.assert_no_harm(acknowledged)
    tried(kills)


@pytest.mark.timeout(3600)
def test_cr_02_workers_are_killed_at_any_moment_and_every_task_ends_once(house, scale, tried):
    dice = np.random.default_rng(2)
    kills = WORKER_KILLS * scale
    tasks = [house.accept() for _ in range(kills)]
    for _ in range(kills):
        house.worker.start()
        time.sleep(float(dice.uniform(0.5, 3.0)))
        house.worker.kill()
    house.worker.start()
    eventually(house.are_complete, limit_s=120 + 20 * scale)
    house.worker.kill()
    ready = [row.task_id for row in house.rows("SELECT task_id FROM takes WHERE is_ready")]
    assert sorted(ready) == sorted(tasks)
    house.assert_no_harm(tasks)
    tried(kills)


@pytest.mark.timeout(600)
def test_cr_02_a_take_that_was_ready_is_the_same_when_another_worker_goes_on(house):
    house.api.start()
    house.worker.start()
    house.wait_for_api()
    with house.caller() as http:
        body = {"title": "A long night", "style": "slow 4 s in take 2"}
        where = f"/v1/tasks/{http.post('/v1/tasks', json=body).json()['id']}"

        def at(status):
            return eventually(lambda: (seen := http.get(where).json())["status"] == status and seen)

        first = at("first_ready")
        house.other_worker.start()
        house.worker.kill()
        done = at("complete")
        assert done["takes"][0] == first["takes"][0]
        assert [take["id"] for take in done["takes"]] == [take["id"] for take in first["takes"]]
        for take in done["takes"]:
            assert http.get(take["audio_url"]).headers["content-type"] == "audio/mpeg"
    house.other_worker.kill()
    house.assert_no_harm([done["id"]])


@pytest.mark.timeout(600)
def test_cr_09_a_worker_that_was_frozen_wakes_up_and_changes_nothing(house):
    house.worker.start()
    task_id = house.accept("slow 5 s in take 2", takes=2)
    eventually(lambda: house.task(task_id).state == "first_ready")
    house.worker.signal(signal.SIGSTOP)
    house.other_worker.start()
    eventually(house.are_complete, limit_s=120)
    house.worker.signal(signal.SIGCONT)
    # Awake, it looks at its task, finds that it has lost it, and takes the next one like anybody else.
    house.other_worker.kill()
    again = house.accept()
    eventually(house.are_complete, limit_s=120)
    house.worker.kill()
    assert house.task(task_id).attempt == 2
    assert len(house.rows("SELECT id FROM takes")) == 3
    house.assert_no_harm([task_id, again])
