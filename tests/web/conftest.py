"""The application in this process, on a fresh SQLite file, with the settings that a test names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from cadenza import wiring
from cadenza.domain.clock import SystemClock
from cadenza.intake.keys import make_key
from cadenza.tasks.ports import Account
from cadenza.wiring.service import Backroom, api_app, backroom, pepper

MakeApp = Callable[..., Starlette]


@pytest.fixture
def data(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an empty database; settings point to it."""
    (tmp_path / "cadenza.sqlite").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("CADENZA_DATA", str(tmp_path))
    monkeypatch.setenv("CADENZA_ENGINE", "debug")
    monkeypatch.setenv("CADENZA_LOG_LEVEL", "error")
    return tmp_path


@pytest.fixture
def room(data: Path) -> Iterator[Backroom]:
    """What stands behind the application."""
    opened = backroom(wiring.current_settings())
    yield opened
    opened.close()


@pytest.fixture
def key(room: Backroom) -> str:
    """A key of an account without credits."""
    account = Account(id="acc_test", name="test", webhook_secret="whsec_" + "A" * 32)
    record, key = make_key(
        pepper(room.settings), account_id=account.id, name="test", now=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    )
    room.store.write(lambda books: (books.accounts.add(account), books.accounts.add_key(record)))
    return key


@pytest.fixture
def app(data: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """Make the application with further settings."""

    def make(**settings: str) -> Starlette:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return api_app()

    return make


@pytest.fixture
def now() -> dt.datetime:
    return SystemClock().now()
