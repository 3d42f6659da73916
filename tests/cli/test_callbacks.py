"""What operators see of callbacks, and the receiver that developers start."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import threading

import pytest

from cadenza.cli.listener import Listener
from cadenza.domain.clock import SystemClock
from cadenza.notify.signing import new_secret, standard_headers
from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.testing.network import Receiver, reply
from cadenza.testing.service import command


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a command on an installation with an account "ann"; return status, JSON, and standard error."""
    data = str(tmp_path_factory.mktemp("callbacks"))

    def run(*words, allow=""):
        done = command(*words, environment={"CADENZA_DATA": data, "CADENZA_OUTBOUND_ALLOW": allow})
        return done.returncode, json.loads(done.stdout or "null"), done.stderr

    assert run("key", "create", "ann", "--json")[0] == 0
    return run


def test_wh_02_a_secret_is_rotated_with_a_day_of_overlap(run):
    status, told, _ = run("key", "rotate-webhook-secret", "ann", "--json")
    until = dt.datetime.fromisoformat(told["previous_valid_until"])
    assert (status, told["name"], told["webhook_secret"][:6]) == (0, "ann", "whsec_")
    left = until - SystemClock().now()
    assert dt.timedelta(hours=23) < left <= dt.timedelta(hours=24)


@pytest.mark.parametrize(("answer", "ends_with"), [(204, 0), (500, 1)])
def test_wh_11_a_test_event_reports_what_came_back(run, answer, ends_with):
    with Receiver(reply(answer, b"")) as receiver:
        status, told, _ = run(
            "callbacks", "test", "--account", "ann", receiver.url(), "--json", allow="127.0.0.2"
        )
    assert (status, told["status"], told["delivered"]) == (ends_with, answer, answer < 300)
    assert json.loads(receiver.requests[0].body)["type"] == "task.test"


def test_ss_07_a_test_event_goes_through_the_door_that_keeps_private_addresses(run):
    with Receiver() as receiver:
        status, _, said = run("callbacks", "test", "--account", "ann", receiver.url())
    assert status == 1
    assert "unreachable" in said
    assert receiver.connections == 0


def test_an_empty_log_an_unknown_callback_and_an_unknown_account(run):
    assert run("callbacks", "list", "--failed", "--json")[1] == {"callbacks": []}
    assert run("callbacks", "redeliver", "msg_none")[::2] == (2, "cadenza: No such callback.\n")
    assert run("key", "rotate-webhook-secret", "bob")[::2] == (2, "cadenza: No such account.\n")


# --- cadenza listen


@pytest.fixture
def hear():
    """Post to a listener; return the status it answered and the line it printed."""
    door = Outbound(AllowList.parse("127.0.0.1"))

    def hear(listener_secret, body, signed_by, **changed):
        said = []
        with Listener(0, listener_secret, say=said.append) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            headers = standard_headers("msg_1", body, SystemClock().now(), [signed_by]) | changed
            answer = door.post(f"http://127.0.0.1:{server.server_port}/", body, headers)
            thread.join(10)
        return answer.status, *said

    return hear


BODIES = {
    "native": b'{"type":"task.first","task_id":"t1","sequence":2}',
    "sunoapi": b'{"code":200,"taskId":"t1","data":{"callbackType":"first","task_id":"t1","data":[]}}',
    "apiin": b'{"callbackType":"first","task_id":"t1","data":{}}',
    "crun": b'{"task_id":"t1","status":"first"}',
}


@pytest.mark.parametrize("dialect", BODIES)
def test_listen_prints_stage_task_and_verdict(dialect, hear):
    mine = new_secret()
    status, line = hear(mine, BODIES[dialect], mine)
    stage = "task.first" if dialect == "native" else "first"
    assert (status, line) == (204, f"{stage}  t1  verified")


def test_listen_says_why_a_callback_is_not_genuine(hear):
    mine, body = new_secret(), BODIES["native"]
    assert hear(mine, body, new_secret())[1].endswith("NOT verified: no signature fits this secret and body")
    assert hear(mine, body, mine, **{"webhook-timestamp": "1"})[1].endswith(
        "more than 5 minutes off this clock"
    )
    assert hear(mine, body, mine, **{"webhook-timestamp": "soon"})[1].endswith("not a time in Unix seconds")
    status, line = hear(mine, body, mine, **{"webhook-signature": ""})
    assert (status, line) == (401, "task.first  t1  NOT verified: no webhook-signature header")


def test_listen_without_a_secret_checks_nothing_and_bodies_cannot_command_the_terminal(hear):
    body = b'{"type":"\\u001b[2J","task_id":7}'
    assert hear("", body, new_secret()) == (204, "?[2J  no task  not checked (no --secret)")
    assert hear("", b"[]", new_secret())[1].startswith("no stage  no task")
    assert hear("", b"{", new_secret())[1].startswith("not JSON")


def test_listen_refuses_what_is_no_secret(cadenza):
    assert cadenza("listen", "--secret", "whsec_short", "--port", "0").status == 2


def test_listen_ends_with_ctrl_c():
    running = subprocess.Popen(
        [sys.executable, "-m", "cadenza", "listen", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout.readline().startswith("Listening on http://127.0.0.1:")
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=30)
    finally:
        running.kill()
    assert out.endswith("Stopped.\n")
    assert running.returncode == 0
