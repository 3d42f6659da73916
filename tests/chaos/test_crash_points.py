"""Kills at the named points: what was accepted is done and paid once; who asks again gets the first reply."""

from __future__ import annotations

import ast
import signal
from pathlib import Path

import httpx
import pytest
import structlog

from cadenza import crash
from cadenza.settings import SettingsError, from_environment
from cadenza.testing.network import Receiver
from cadenza.testing.service import eventually

SOURCES = Path(crash.__file__).parent
KILLED = -signal.SIGKILL
NATIVE = {"prompt": "rain", "takes": 1}

ACCEPTING = ("after_hold", "after_task_insert", "before_commit", "after_commit")
# In the order in which a task of two takes passes them.
RENDERING = (
    "after_begin",
    "after_source",
    "after_text",
    "before_artefact_rename",
    "after_artefact_rename",
    "after_take",
    "after_capture",
)
DELIVERING = ("before_delivery", "after_delivery_200", "before_delivery_commit")
PICKING_UP = ("after_losses", "after_give_back")
OTHERS = ("after_render", "after_release", "after_end")


def test_every_point_is_passed_in_one_place_and_tried_in_these_tests():
    passed = [
        node.args[0].value
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "crash.here"
    ]
    tried_here = (*ACCEPTING, *RENDERING, *DELIVERING, *PICKING_UP, *OTHERS)
    assert sorted(passed) == sorted(crash.POINTS) == sorted(tried_here)


@pytest.mark.parametrize("where", ["nowhere", "after_hold:0", "after_hold:", "after_hold:-1", "after_hold\n"])
def test_a_point_that_does_not_exist_is_refused(where):
    with pytest.raises(SettingsError, match="CADENZA_CRASH_AT"):
        from_environment({"CADENZA_CRASH_AT": where})


def test_an_armed_process_says_so_and_others_pass_every_point(monkeypatch):
    struck = []
    monkeypatch.setattr(crash.os, "kill", lambda _pid, number: struck.append(number))
    with structlog.testing.capture_logs() as log:
        crash.arm("after_hold:2")
    assert [(one["event"], one["at"], one["log_level"]) for one in log] == [
        ("armed_to_crash", "after_hold:2", "warning")
    ]
    for point in ("after_hold", "after_commit", "after_hold"):
        crash.here(point)
    assert struck == [signal.SIGKILL]
    with structlog.testing.capture_logs() as log:
        crash.arm("")
    for point in crash.POINTS:
        crash.here(point)
    assert (struck, log) == ([signal.SIGKILL], [])


def asked(house, client, key, **settings):
    """Start the API and ask it for a task; return its answer, None where it died over it."""
    house.api.start(**settings)
    house.wait_for_api()
    try:
        return client.post("/v1/tasks", json=NATIVE, headers={"idempotency-key": key})
    except httpx.HTTPError:
        return None
    finally:
        house.api.kill()


@pytest.mark.timeout(600)
def test_id_04_who_was_killed_away_from_the_answer_gets_the_first_task_by_asking_again(house, scale, tried):
    with house.caller() as client:
        for number in range(scale):
            key = f"again-{number}"
            assert asked(house, client, key, CADENZA_CRASH_AT="after_commit") is None
            first = house.rows("SELECT id FROM tasks ORDER BY accepted_at_ms DESC")[0].id
            again = asked(house, client, key)
            assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
            assert again.json()["id"] == first
            assert len(house.rows("SELECT id FROM tasks")) == number + 1
    house.assert_no_harm([first])
    tried(scale)


@pytest.mark.timeout(600)
def test_le_06_a_kill_between_hold_task_and_commit_holds_nothing(house, tried):
    points = ACCEPTING[:3]
    with house.caller() as client:
        for point in points:
            assert asked(house, client, "once", CADENZA_CRASH_AT=point) is None
            assert house.rows("SELECT kind FROM ledger WHERE task_id IS NOT NULL") == []
        kept = asked(house, client, "once")
        assert "idempotent-replayed" not in kept.headers
    house.assert_no_harm([kept.json()["id"]])
    assert house.entries(kept.json()["id"]) == ["hold"]
    tried(len(points))


def kill_at(house, point, **settings):
    """Let the worker work until it has killed itself at a point."""
    house.worker.start(CADENZA_CRASH_AT=point, **settings)
    assert house.worker.wait() == KILLED


@pytest.mark.timeout(3600)
def test_cr_02_a_task_whose_worker_is_killed_at_every_stage_is_done_and_paid_once(house, scale, tried):
    rounds = max(1, scale // 5)  # each takes as long as forty kills of the API
    for _ in range(rounds):
        task_id = house.accept(takes=2)
        for killed, point in enumerate(RENDERING, start=1):
            kill_at(house, point)
            assert house.task(task_id).attempt == killed
        kill_at(house, "after_end")
        done = house.task(task_id)
        # One attempt more for each kill, and none for the job that was left when the task had ended.
        assert (done.state, done.attempt) == ("complete", len(RENDERING) + 1)
        house.worker.start()
        eventually(lambda task_id=task_id: house.is_job_done(task_id))
        house.worker.kill()
        assert house.task(task_id).attempt == len(RENDERING) + 1
        assert house.entries(task_id) == ["hold", "capture"]
        ready = house.rows("SELECT take_index FROM takes WHERE is_ready AND task_id = :id", id=task_id)
        assert sorted(row.take_index for row in ready) == [0, 1]
    house.assert_no_harm()
    tried(rounds * (len(RENDERING) + 1))


@pytest.mark.timeout(600)
def test_cr_02_a_render_child_that_is_killed_counts_like_its_worker(sqlite_house):
    task_id = sqlite_house.accept()
    sqlite_house.worker.start(CADENZA_CRASH_AT="after_render", CADENZA_MAX_ATTEMPTS="1")
    eventually(lambda: sqlite_house.task(task_id).state == "failed")
    sqlite_house.worker.kill()
    assert sqlite_house.task(task_id).losses == 1
    assert sqlite_house.entries(task_id) == ["hold", "release"]
    sqlite_house.assert_no_harm()


@pytest.mark.timeout(600)
def test_cr_02_who_picks_up_after_a_killed_worker_may_be_killed_too(house, tried):
    task_id = house.accept()
    kill_at(house, "after_begin")
    for point in PICKING_UP:
        kill_at(house, point)
    house.worker.start()
    eventually(house.are_complete)
    house.worker.kill()
    done = house.task(task_id)
    assert (done.attempt, done.losses) == (2, 1)
    house.assert_no_harm([task_id])
    tried(len(PICKING_UP))


@pytest.mark.timeout(600)
def test_le_06_a_kill_between_the_end_of_a_task_and_its_refund_gives_everything_back_once(house):
    task_id = house.accept("deadly")
    kill_at(house, "after_release", CADENZA_MAX_ATTEMPTS="1")
    assert house.entries(task_id) == ["hold"]
    house.worker.start(CADENZA_MAX_ATTEMPTS="1")
    eventually(lambda: house.task(task_id).state == "failed")
    house.worker.kill()
    assert house.entries(task_id) == ["hold", "release"]
    house.assert_no_harm()


@pytest.mark.timeout(600)
def test_wh_05_a_delivery_whose_worker_is_killed_comes_again_under_the_same_id(house, tried):
    receivers = [Receiver() for _ in DELIVERING]  # a lane for each: none waits behind another
    for receiver, point in zip(receivers, DELIVERING, strict=True):
        with receiver:
            house.cancel(house.accept(callback_url=receiver.url()))
            kill_at(house, point)
            assert len(receiver.requests) == (point != "before_delivery")
            house.age_deliveries()
            house.worker.start()
            eventually(lambda: house.rows("SELECT id FROM callbacks WHERE state <> 'delivered'") == [])
            house.worker.kill()
            ids = [request.headers["webhook-id"] for request in receiver.requests]
            assert len(ids) == (1 if point == "before_delivery" else 2)
            assert len(set(ids)) == 1
    house.assert_no_harm()
    tried(len(DELIVERING))
