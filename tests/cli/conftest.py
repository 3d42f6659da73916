import json
import logging
from dataclasses import dataclass

import pytest

from cadenza import wiring
from cadenza.cli import main
from cadenza.testing.engine import FakeEngine


@dataclass
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _no_handler_outlives_its_stream():
    """Take the job engine's own handler away: it writes to the standard error of the test that made it."""
    yield
    logging.getLogger("dbos").handlers.clear()


@pytest.fixture
def cadenza(monkeypatch, tmp_path, capsys):
    """Runs one command as if typed, with the test engine, and returns its answer."""
    monkeypatch.setattr(wiring, "engine", lambda _name: FakeEngine())
    monkeypatch.setenv("CADENZA_DATA", str(tmp_path / "data"))

    def run(*words):
        status = main([str(word) for word in words])
        told = capsys.readouterr()
        return Answer(status, told.out, told.err)

    return run
