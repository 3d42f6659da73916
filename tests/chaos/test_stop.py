"""CR-11: a stop under load. Nobody new is let in, those who listen are told, and nothing is lost."""

from __future__ import annotations

import signal
import threading
import time

import httpx
import pytest

from cadenza.testing.service import eventually

STOPPED_WITHIN_S = 30.0


class Load(threading.Thread):
    """Sends tasks as fast as they are accepted, until nobody accepts them."""

    def __init__(self, client):
        super().__init__()
        self.acknowledged = []
        self._client = client

    def run(self):
        while True:
            try:
                answer = self._client.post("/v1/tasks", json={"prompt": "slow 60 s", "takes": 1})
            except httpx.HTTPError:
                return
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["id"])


class Reader(threading.Thread):
    """Listens to the events of a task and keeps their names; ``has_ended_well`` tells a whole answer."""

    def __init__(self, url, key, task_id):
        super().__init__()
        self.heard = []
        self.has_ended_well = False
        self._where = f"{url}/v1/tasks/{task_id}/events"
        self._headers = {"authorization": f"Bearer {key}"}

    def run(self):
        try:
            with httpx.stream("GET", self._where, headers=self._headers, timeout=60) as events:
                for line in events.iter_lines():
                    if line.startswith("event: "):
                        self.heard.append(line.removeprefix("event: "))
            self.has_ended_well = True
        except httpx.HTTPError:
            pass


def stop_under_load(house, key, running, *victims):
    """Ask these processes to stop while tasks pour in and readers listen; return what was acknowledged."""
    readers = [Reader(house.url, key, running) for _ in range(3)]
    with httpx.Client(base_url=house.url, headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        load = Load(client)
        for thread in (load, *readers):
            thread.start()
        eventually(lambda: all("text_ready" in reader.heard for reader in readers))
        eventually(lambda: len(load.acknowledged) > 20)
        began_s = time.monotonic()
        for victim in victims:
            victim.signal(signal.SIGTERM)
        assert [victim.wait(STOPPED_WITHIN_S) for victim in victims] == [0] * len(victims)
        assert time.monotonic() - began_s < STOPPED_WITHIN_S
        for thread in (load, *readers):
            thread.join()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{house.url}/healthz", timeout=5)
    assert [(reader.heard[-1], reader.has_ended_well) for reader in readers] == [("closing", True)] * 3
    return load.acknowledged


def assert_goes_on(house, running, acknowledged):
    """See that nothing is lost, and that another worker takes up what was stopped."""
    stopped = house.task(running)
    assert (stopped.state, stopped.losses) == ("text_ready", 0)
    house.assert_no_harm([running, *acknowledged])
    house.worker.start()
    eventually(lambda: house.task(running).attempt == stopped.attempt + 1)


@pytest.mark.timeout(600)
def test_cr_11_a_stop_under_load_tells_who_listens_requeues_what_runs_and_loses_nothing(house, tried):
    key, running = house.new_key(10**6), house.accept("slow 60 s")
    house.api.start()
    house.worker.start()
    house.wait_for_api()
    acknowledged = stop_under_load(house, key, running, house.api, house.worker)
    assert_goes_on(house, running, acknowledged)
    tried(len(acknowledged))


@pytest.mark.timeout(600)
def test_cr_11_the_server_as_a_whole_stops_under_load_and_loses_nothing(sqlite_house, tried):
    house = sqlite_house
    key, running = house.new_key(10**6), house.accept("slow 60 s")
    house.server.start()
    house.wait_for_api()
    acknowledged = stop_under_load(house, key, running, house.server)
    assert_goes_on(house, running, acknowledged)
    tried(len(acknowledged))
