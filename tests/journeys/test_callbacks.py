"""Callbacks as receivers and their owners see them, over HTTP and the command line."""

from __future__ import annotations

import json
import re

import pytest
from standardwebhooks.webhooks import Webhook

from cadenza.notify.signing import new_secret
from cadenza.testing.network import Receiver, reply
from cadenza.testing.service import eventually

ORDERS = {
    "crun": (
        "/api/v1/client/job/CreateTask",
        "callback_url",
        {"model": "suno/music-generate", "input": {"mode": "simple", "model": "v5", "prompt": "rain"}},
    ),
    "sunoapi": (
        "/api/v1/generate",
        "callBackUrl",
        {"customMode": False, "instrumental": True, "model": "V4_5", "prompt": "rain"},
    ),
    "apiin": (
        "/api/v1/audio/music",
        "callback_url",
        {"model": "suno-v4-5", "gpt_description_prompt": "rain"},
    ),
    "native": ("/v1/tasks", "callback_url", {"prompt": "rain"}),
}


def task_of(answer):
    told = answer.json()
    inner = told.get("data") or told
    return inner.get("task_id") or inner.get("taskId") or inner["id"]


def snake(name):
    return re.sub(r"([A-Z])", lambda letter: "_" + letter.group(1).lower(), name)


def read_back(caller, dialect, task_id):
    """Return what the dialect's read route says, in the shape of its callback's object."""
    match dialect:
        case "crun":
            return caller.get("/api/v1/client/job/TaskInfo", task_id=task_id)["data"]
        case "sunoapi":
            data = caller.get("/api/v1/generate/record-info", taskId=task_id)["data"]
            return [
                {snake(name): value for name, value in one.items()} for one in data["response"]["sunoData"]
            ]
        case "apiin":
            return caller.get("/api/v1/audio/music/feed", task_id=task_id)["data"]
        case _:
            return caller.task(task_id)


def told_object(dialect, body):
    return {"crun": lambda: body, "sunoapi": lambda: body["data"]["data"], "apiin": lambda: body["data"]}.get(
        dialect, lambda: body["task"]
    )()


@pytest.mark.parametrize("dialect", ORDERS)
def test_wh_09_the_last_callback_is_what_the_read_route_says(caller, receiver, dialect):
    path, url_field, order = ORDERS[dialect]
    answer = caller.http.post(path, json={**order, url_field: receiver.url()})
    task_id = task_of(answer)
    caller.until(task_id, "complete")
    caller.told(task_id)
    last = max(receiver.requests, key=lambda one: int(one.headers["x-cadenza-sequence"]))
    told, read = told_object(dialect, json.loads(last.body)), read_back(caller, dialect, task_id)
    if dialect == "sunoapi":  # its callbacks are in snake_case, one member in camelCase
        told, read = ([{snake(name): one[name] for name in one} for one in tracks] for tracks in (told, read))
    assert told == read
    assert receiver.requests


def callbacks_of(caller, task_id):
    return caller.get(f"/v1/tasks/{task_id}/callbacks")["data"]


def all_in(caller, task_id, state):
    """Return the task's log when every callback is in the state."""
    log = callbacks_of(caller, task_id)
    return log if all(one["state"] == state for one in log) else None


def test_wh_11_a_failed_delivery_is_seen_and_delivered_again_by_its_owner_only(caller, stranger):
    with Receiver(reply(410, b"what nobody keeps"), reply(200)) as receiver:
        task_id = caller.finished(prompt="rain", callback_url=receiver.url("/end"))["id"]
        log = eventually(lambda: all_in(caller, task_id, "disabled"))
        assert [len(one["log"]) for one in log] == [1] + [0] * (len(log) - 1)
        assert (log[0]["log"][0]["status"], log[0]["log"][0]["reason"]) == (410, None)
        assert "nobody keeps" not in json.dumps(log)
        assert len(receiver.requests) == 1

        again = f"/v1/callbacks/{log[-1]['id']}/redeliver"
        assert stranger.http.post(again).status_code == 404
        answer = caller.http.post(again)
        assert (answer.status_code, answer.json()["state"]) == (202, "redelivering")
        eventually(lambda: callbacks_of(caller, task_id)[-1]["state"] == "delivered")
        assert receiver.requests[-1].headers["webhook-id"] == log[-1]["id"]

        done = caller.service.command("callbacks", "list", "--task", task_id, "--failed", "--json")
        listed = json.loads(done.stdout)["callbacks"]
        assert {one["id"] for one in listed} == {one["id"] for one in log[:-1]}
        assert (
            caller.service.command("callbacks", "redeliver", *[one["id"] for one in listed]).returncode == 0
        )
        eventually(lambda: all_in(caller, task_id, "delivered"))
    assert caller.http.post("/v1/callbacks/msg_none/redeliver").status_code == 404


def test_wh_02_a_rotated_secret_signs_beside_the_old_one_and_then_alone(caller, receiver):
    old = caller.get("/v1/account")["webhook_secret"]
    told = caller.post("/v1/account/webhook-secret/rotate", {})
    new = told["webhook_secret"]
    assert caller.get("/v1/account")["webhook_secret"] == new != old
    assert caller.post("/v1/callbacks/test", {"url": receiver.url()})["delivered"] is True
    assert caller.http.post("/v1/account/webhook-secret/rotate", json={"overlap_hours": 0}).status_code == 200
    newest = caller.get("/v1/account")["webhook_secret"]
    assert caller.post("/v1/callbacks/test", {"url": receiver.url()})["status"] == 200
    first, second = receiver.requests
    for secret in (old, new):
        assert Webhook(secret).verify(first.body, dict(first.headers))["type"] == "task.test"
    assert Webhook(newest).verify(second.body, dict(second.headers))
    assert len(second.headers["webhook-signature"].split(" ")) == 1
    assert caller.http.post("/v1/account/webhook-secret/rotate").status_code == 200  # no body at all


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/callbacks/test", {}, "url"),
        ("/v1/callbacks/test", {"url": "ftp://example.com/"}, "url"),
        ("/v1/account/webhook-secret/rotate", {"overlap_hours": -1}, "overlap_hours"),
        ("/v1/account/webhook-secret/rotate", {"overlap_hours": 169}, "overlap_hours"),
    ],
)
def test_wh_11_odd_wishes_about_callbacks_are_refused_with_their_field(sqlite_caller, path, body, field):
    answer = sqlite_caller.http.post(path, json=body)
    assert answer.status_code == 422
    assert field in answer.text
    assert new_secret()[:6] not in answer.text
