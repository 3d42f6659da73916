"""Render children: one waits for the next order, and none outlives its worker."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cadenza.domain.request import Described, GenerationRequest
from cadenza.testing.service import eventually
from cadenza.worker.order import ChildOrder, receive_order, send_order
from cadenza.worker.process import RenderChildren

# Takes an order as a render child does, and tells its process number as a stage.
CHILD = """
import json, os, socket
from cadenza.worker.order import receive_order
if receive_order(socket.socket(fileno=0)):
    print(json.dumps({"event": "Progressed", "stage": str(os.getpid()), "fraction": 0}))
"""
# A worker that dies as soon as its child waits.
WORKER = """
import os, psutil, signal, sys
from cadenza.worker.process import RenderChildren
RENDER = "from cadenza.wiring.child import render_child; render_child()"
RenderChildren([sys.executable, "-c", RENDER]).prepare()
print(psutil.Process().children()[0].pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def order(*, prompt="rain", nursery=None):
    return ChildOrder(
        engine="debug",
        request=GenerationRequest(
            wish=Described(prompt=prompt), tier="v5", take_count=1, duration_s=1.0, seed=1
        ),
        source_path=None,
        source_title="",
        longest_source_s=1.0,
        take_ids={0: "take"},
        folder=Path("folder"),
        streams_folder=Path("streams"),
        nursery=nursery,
        source_sha256="ab" * 32,
    )


@pytest.fixture
def children():
    kept = RenderChildren([sys.executable, "-c", CHILD])
    yield kept
    kept.close()


def waiting():
    return [child.pid for child in psutil.Process().children() if child.cmdline()[-1:] == [CHILD]]


def who_takes(children, an_order):
    (told,) = children.run(an_order, limit_s=60, should_stop=lambda: False)
    return int(told.stage)


def test_the_child_that_waits_takes_the_next_order_and_no_other(children):
    children.prepare()
    children.prepare()
    (ready,) = waiting()
    assert who_takes(children, order()) == ready
    assert waiting() == []
    assert who_takes(children, order()) != ready


def test_a_child_that_was_killed_while_it_waited_costs_no_task(children):
    children.prepare()
    (ready,) = waiting()
    os.kill(ready, signal.SIGKILL)
    eventually(lambda: psutil.Process(ready).status() == psutil.STATUS_ZOMBIE)
    assert who_takes(children, order()) != ready


def test_none_waits_after_the_close(children):
    children.prepare()
    children.close()
    children.prepare()
    assert waiting() == []


def test_a_child_that_waits_ends_with_a_worker_that_was_killed():
    worker = subprocess.run(
        [sys.executable, "-c", WORKER],
        env={"CADENZA_ENGINE": "debug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(int(worker.stdout)))


@pytest.mark.parametrize("prompt", ["rain", "rain " * 100_000])
def test_an_order_arrives_whole_with_the_door_of_its_nursery(children, prompt):
    door, other = socket.socketpair()
    with door, other:
        assert who_takes(children, order(prompt=prompt, nursery=door.fileno())) > 0
        ours, theirs = socket.socketpair()
        with ours, theirs:
            send_order(order(nursery=door.fileno()), ours)
            taken = receive_order(theirs)
        assert dataclasses.replace(taken, nursery=None) == order()
        with socket.socket(fileno=taken.nursery) as same:
            same.sendall(b"hello")
        assert other.recv(5) == b"hello"


def test_there_is_no_order_where_whoever_could_send_one_has_gone():
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        assert receive_order(theirs) is None
