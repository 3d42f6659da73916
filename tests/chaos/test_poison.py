"""CR-10: a task under which everything dies. It is given up with a reason; the others go on."""

from __future__ import annotations

import signal

import pytest

from cadenza.testing.service import eventually

ATTEMPTS = 3
GIVEN_UP = f"The task was tried {ATTEMPTS} times and every worker ended without an answer."


def start_worker(house):
    house.worker.start(CADENZA_MAX_ATTEMPTS=str(ATTEMPTS))


def assert_given_up(house, client, poison, other):
    """Let the worker go on; see that one task is given up and refunded, and the other one done and paid."""
    eventually(lambda: house.task(other).state == "complete", limit_s=120)
    eventually(lambda: house.task(poison).state == "failed")
    house.worker.kill()
    house.api.start()
    house.wait_for_api()
    told = client.get(f"/v1/tasks/{poison}").json()
    assert (told["status"], told["error"]["kind"]) == ("failed", "worker_lost")
    assert told["error"]["reason"] == GIVEN_UP
    assert client.get("/v1/account").json()["credits"] == 100 - told["credits"]
    assert house.task(poison).losses == ATTEMPTS
    assert house.entries(poison) == ["hold", "release"]
    house.assert_no_harm([poison, other])


@pytest.mark.timeout(600)
def test_cr_10_a_task_that_kills_its_worker_is_given_up_after_three_and_refunded(house, tried):
    with house.caller(credits=100) as client:
        poison, other = house.accept("deadly to its worker"), house.accept()
        for _ in range(ATTEMPTS):
            start_worker(house)
            assert house.worker.wait() == -signal.SIGKILL
        start_worker(house)
        assert_given_up(house, client, poison, other)
    tried(ATTEMPTS)


@pytest.mark.timeout(600)
def test_cr_10_a_task_that_kills_its_render_child_is_given_up_by_the_same_worker(sqlite_house, tried):
    with sqlite_house.caller(credits=100) as client:
        poison, other = sqlite_house.accept("deadly"), sqlite_house.accept()
        start_worker(sqlite_house)
        assert_given_up(sqlite_house, client, poison, other)
    tried(ATTEMPTS)
