"""The application in this process, on a fresh SQLite file, with the settings that a test names."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from cadenza import wiring
from cadenza.domain.clock import SystemClock
from cadenza.domain.credits import EntryKind
from cadenza.domain.links import Links
from cadenza.domain.scopes import Scope
from cadenza.intake.keys import Pepper, make_key
from cadenza.stores import database, jobs
from cadenza.stores.store import SqlStore
from cadenza.tasks.records import Account
from cadenza.testing.clock import FrozenClock
from cadenza.testing.service import Service
from cadenza.wiring import backroom
from cadenza.wiring.backroom import Backroom, pepper
from cadenza.wiring.service import api_app

MakeApp = Callable[..., Starlette]

# Routes for everybody. A media, stream or file URL is a capability: whoever was given it may fetch it.
PUBLIC = {
    "/", "/healthz", "/readyz", "/metrics", "/openapi/{name}", "/docs", "/pages/{name}",
    "/media/{name}", "/stream/{name}", "/files/{upload_id}/{name}",
}  # fmt: skip


@pytest.fixture
def closed_routes() -> Callable[[Starlette], list[tuple[str, str]]]:
    """Return (method, path) of every route that asks callers for a key, from the router itself."""

    def closed(app: Starlette) -> list[tuple[str, str]]:
        routes = [route for route in app.routes if not (isinstance(route, Mount) and route.name == "admin")]
        assert all(isinstance(route, Route) for route in routes), "nothing else is mounted"
        return [
            (method, route.path)
            for route in routes
            if route.path not in PUBLIC
            for method in sorted(route.methods - {"HEAD"})
        ]

    return closed


@pytest.fixture
def admin_routes() -> Callable[[Starlette], list[tuple[str, str]]]:
    """Return (method, path) of every route for operators."""

    def admin(app: Starlette) -> list[tuple[str, str]]:
        (mount,) = [route for route in app.routes if isinstance(route, Mount)]
        return [
            (method, mount.path + route.path)
            for route in mount.app.routes
            for method in sorted(route.methods - {"HEAD"})
        ]

    return admin


@pytest.fixture
def statements() -> Callable[[], contextlib.AbstractContextManager[list[str]]]:
    """Collect the SQL that any engine runs inside a ``with``."""

    @contextlib.contextmanager
    def collect() -> Iterator[list[str]]:
        said: list[str] = []

        def listen(_connection, _cursor, text, *_rest):
            said.append(text)

        sa.event.listen(sa.Engine, "before_cursor_execute", listen)
        try:
            yield said
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listen)

    return collect


def told_code(answer: httpx.Response) -> int:
    """Return the code of an answer in its dialect's words: that of the body, or the HTTP status."""
    if not answer.headers.get("content-type", "json").partition(";")[0].endswith("json"):
        return answer.status_code
    told = answer.json()
    return told["code"] if isinstance(told.get("code"), int) else answer.status_code


@pytest.fixture
def code_of() -> Callable[[httpx.Response], int]:
    return told_code


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
    opened = backroom.backroom(wiring.current_settings())
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


@dataclass(slots=True)
class House:
    """The application on one database with a clock that stands still, and callers with keys.

    ``ask`` sends (method, path, JSON or bytes, headers) one after another to one process, ``ask_at_once``
    all together; each call is a process of its own, started on the same database.
    """

    engine: sa.Engine
    store: SqlStore
    clock: FrozenClock
    app: MakeApp
    pepper: Pepper

    def caller(self, name: str, *, credits: int = 1000, **terms) -> str:
        """Return the key of a new account; ``terms`` are those of ``make_key``."""
        account = Account(id=f"acc_{name}", name=name, webhook_secret="whsec_" + "A" * 32)
        record, key = make_key(self.pepper, account_id=account.id, name=name, now=self.clock.now(), **terms)

        def work(books):
            books.accounts.add(account)
            books.accounts.add_key(record)

        self.store.write(work)
        if credits:
            self.grant(name, credits)
        return key

    def second_key(self, name: str, **terms) -> str:
        """Return a further key of the account of this name."""
        now = self.clock.now()
        record, key = make_key(self.pepper, account_id=f"acc_{name}", name=name, now=now, **terms)
        self.store.write(lambda books: books.accounts.add_key(record))
        return key

    def grant(self, name: str, credits: int) -> None:
        """Give credits to the account of this name."""
        self.store.write(
            lambda books: books.ledger.append(
                f"acc_{name}", EntryKind.GRANT, credits, task_id=None, note="a start"
            )
        )

    def operator(self) -> str:
        """Return a key that may do what operators do, and nothing that callers do."""
        return self.caller("operator", credits=0, scopes=frozenset({Scope.ADMIN}))

    def ask(self, key: str, *requests, **settings: str) -> list[httpx.Response]:
        async def one_by_one(send):
            return [await send(*request) for request in requests]

        return self.drive(key, one_by_one, **settings)

    def ask_at_once(self, key: str, *requests, **settings: str) -> list[httpx.Response]:
        async def together(send):
            return await asyncio.gather(*(send(*request) for request in requests))

        return self.drive(key, together, **settings)

    def drive(self, key: str, work, *, address: str = "127.0.0.1", **settings: str):
        """Run ``work(send)`` against a process with these settings, with the key in each request."""
        app = self.app(**settings)

        async def whole():
            base = {
                "transport": httpx.ASGITransport(app=app, client=(address, 50_000)),
                "base_url": "http://cadenza.test",
                "headers": {"x-api-key": key} if key else {},
            }
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(**base) as client,
            ):

                async def send(method, path, body=None, headers=None):
                    content = {"content": body} if isinstance(body, bytes) else {"json": body}
                    return await client.request(method, path, headers=headers, **content)

                return await work(send)

        return asyncio.run(whole())

    def count(self, table: sa.Table, *conditions) -> int:
        """Return how many rows of a table fulfil the conditions."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions))

    def balance(self, name: str) -> int:
        """Return the credits of the account of this name."""
        return self.store.read(lambda books: books.ledger.balance(f"acc_{name}"))


def _house(store: SqlStore, app: MakeApp, monkeypatch: pytest.MonkeyPatch, clock: FrozenClock) -> House:
    monkeypatch.setattr(backroom, "SystemClock", lambda: clock)
    return House(store._engine, store, clock, app, pepper(wiring.current_settings()))


@pytest.fixture
def sqlite_house(
    data: Path, clock: FrozenClock, app_anywhere: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """The application on SQLite alone, where the database makes no difference."""
    engine = database.open_engine(f"sqlite:///{data / 'cadenza.sqlite'}")
    client = jobs.open_client(engine)
    store = SqlStore(engine, clock=clock, links=Links("http://cadenza.test"), client=client)
    yield _house(store, app_anywhere, monkeypatch, clock)
    client.destroy()
    engine.dispose()


@pytest.fixture
def house(
    database_url: str,
    store: SqlStore,
    clock: FrozenClock,
    app_anywhere: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """The application on either database; every test that uses it runs on both."""
    if not database_url.startswith("sqlite"):
        _, _, rest = database_url.partition("://")
        monkeypatch.setenv("CADENZA_DATABASE_URL", f"postgresql://{rest}")
    return _house(store, app_anywhere, monkeypatch, clock)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The server itself in processes of its own, for what only bytes on a socket can show."""
    environment = {
        "CADENZA_ENGINE": "debug",
        "CADENZA_BODY_DEADLINE_S": "2",
        "CADENZA_UPLOAD_LIMIT_BYTES": "20000000",
    }
    with Service(data=tmp_path_factory.mktemp("served"), environment=environment, workers=0) as service:
        yield service


@pytest.fixture(scope="session")
def served_key(served: Service) -> str:
    """A key for it."""
    return served.new_key("me", credits=1000)


@pytest.fixture
def app_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """Make the application on the database that the environment names."""
    base = {"CADENZA_DATA": str(tmp_path), "CADENZA_ENGINE": "debug", "CADENZA_LOG_LEVEL": "error"}
    for name, value in base.items():
        monkeypatch.setenv(name, value)

    def make(**settings: str) -> Starlette:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return api_app()

    return make
