"""What the supervisor does for processes that end again and again."""

from __future__ import annotations

import threading

import pytest

from cadenza.cli import supervisor
from cadenza.cli.supervisor import Charge, Supervisor
from cadenza.testing.service import eventually

ENDINGS = 8


@pytest.fixture
def charge(tmp_path, monkeypatch):
    """Make a charge that notes each of its starts and ends at once, eight times."""
    monkeypatch.setattr(supervisor, "_REST_S", 0.001)
    monkeypatch.setattr(supervisor, "_LOOK_S", 0.01)
    monkeypatch.setattr(supervisor.signal, "signal", lambda *_: None)
    notes = tmp_path / "starts"
    code = f"file = open({str(notes)!r}, 'a+'); file.write('x'); file.flush(); file.seek(0)\n"
    code += f"import time; len(file.read()) > {ENDINGS} and time.sleep(60)"
    return lambda **settings: (Charge("worker", code, {}, **settings), notes)


def test_cr_10_a_worker_that_is_killed_again_and_again_is_started_again_and_again(charge, tried):
    worker, notes = charge()
    said = []
    keeper = Supervisor([worker], said.append)
    keeper.start()

    def stop():
        eventually(lambda: notes.exists() and len(notes.read_text()) > ENDINGS)
        keeper._stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert keeper.watch() == 0
    stopper.join()
    assert said == ["The worker ended unexpectedly; starting it again."] * ENDINGS
    tried(ENDINGS)


def test_without_something_vital_the_server_ends(charge):
    api, notes = charge(is_vital=True)
    said = []
    keeper = Supervisor([api], said.append)
    keeper.start()
    assert keeper.watch() == 1
    assert said[-1] == "The worker ended 5 times within seconds; giving up."
    assert len(notes.read_text()) == 6
