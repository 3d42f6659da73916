"""A running service on each database, and callers who know nothing but its URL and their key."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from cadenza.settings import from_environment
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes
from cadenza.testing.network import Receiver
from cadenza.testing.service import Service, eventually, free_port
from cadenza.wiring.backroom import backroom
from cadenza.wiring.desk import Desk

FAST = {"CADENZA_ENGINE": "debug", "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8", "CADENZA_LOG_LEVEL": "info"}


@dataclass(slots=True)
class Caller:
    """A program with one key. ``http`` sends it as a Bearer token; ``native`` reads the truth beside."""

    service: Service
    key: str
    ports: Sequence[int]
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=self.service.url,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=30,
            transport=_InTurn(self.ports),
        )

    @property
    def credits(self) -> int:
        return self.http.get("/v1/account").json()["credits"]

    def post(self, path: str, body: object) -> Any:
        return self.http.post(path, json=body).json()

    def get(self, path: str, **query: str | int) -> Any:
        return self.http.get(path, params=query).json()

    def task(self, task_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, task_id: str, *states: str) -> dict[str, Any]:
        """Read the task until it is in one of the states."""

        def look() -> dict[str, Any] | None:
            task = self.task(task_id)
            assert task["status"] in states or task["finished_at"] is None, task
            return task if task["status"] in states else None

        return eventually(look)

    def create(self, **body: object) -> dict[str, Any]:
        """Create a task of the native dialect."""
        answer = self.http.post("/v1/tasks", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def finished(self, **body: object) -> dict[str, Any]:
        """Create a task of the native dialect and read it until it is complete."""
        return self.until(self.create(**body)["id"], "complete")

    def cancel(self, task_id: str) -> None:
        """End a task, whether or not it has ended."""
        self.http.post(f"/v1/tasks/{task_id}/cancel")

    def told(self, task_id: str) -> list[dict[str, Any]]:
        """Read the task's callback log until every callback was tried."""

        def look() -> list[dict[str, Any]] | None:
            log = self.get(f"/v1/tasks/{task_id}/callbacks")["data"]
            return log if all(one["attempts"] for one in log) else None

        return eventually(look)

    def upload(self, content: bytes, name: str = "in.wav") -> str:
        """Leave a file and return its public URL."""
        return self.http.post("/v1/uploads", files={"file": (name, content)}).json()["url"]


@pytest.fixture(scope="session")
def sqlite_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(data=tmp_path_factory.mktemp("journeys"), environment=FAST) as service:
        yield service
        assert service.stop() == 0
        assert "Stopped. Nothing accepted was lost; the next start goes on." in service.told


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Callable[[], str]:
    """Make an empty PostgreSQL database and return its URL as the setting takes it."""
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")

    def make() -> str:
        name = f"journeys_{os.urandom(6).hex()}"
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    return make


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--many", action="store_true", help="journeys on PostgreSQL: two servers, three workers, in turn"
    )


@pytest.fixture(scope="session")
def postgres_services(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str], pytestconfig: pytest.Config
) -> Iterator[list[Service]]:
    """One server on PostgreSQL; with ``--many`` two on one folder, as behind one address."""
    data, port = tmp_path_factory.mktemp("journeys-pg"), free_port()
    environment = {**FAST, "CADENZA_DATABASE_URL": new_database()}
    workers = [2, 1] if pytestconfig.getoption("--many", default=False) else [1]
    if len(workers) > 1:
        environment["CADENZA_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    ports = [port, *(free_port() for _ in workers[1:])]
    with contextlib.ExitStack() as running:
        services = [
            running.enter_context(Service(data=data, environment=environment, workers=count, port=at))
            for count, at in zip(workers, ports, strict=True)
        ]
        yield services
        for service in services:
            assert service.stop() == 0
            assert "Stopped. Nothing accepted was lost; the next start goes on." in service.told


@pytest.fixture(scope="session")
def postgres_service(postgres_services: list[Service]) -> Service:
    return postgres_services[0]


class _InTurn(httpx.BaseTransport):
    """Sends each request to the next of several servers."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._way = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return self._way.handle_request(request)

    def close(self) -> None:
        self._way.close()


def _caller(service: Service, name: str, credits: int, *beside: Service) -> Iterator[Caller]:
    settings = from_environment({**service.environment, "CADENZA_DATA": str(service.data)})
    room = backroom(settings)
    key = Desk(room).create_key(name, credits=credits).key
    room.close()
    caller = Caller(service, key, [one.port for one in (service, *beside)])
    yield caller
    caller.http.close()


@pytest.fixture(scope="session")
def sqlite_caller(sqlite_service: Service) -> Iterator[Caller]:
    yield from _caller(sqlite_service, "caller", 100_000)


@pytest.fixture(scope="session")
def postgres_caller(postgres_services: list[Service]) -> Iterator[Caller]:
    first, *others = postgres_services
    yield from _caller(first, "caller", 100_000, *others)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def caller(request: pytest.FixtureRequest) -> Caller:
    """A caller with credits to spare; every test that uses it runs on both databases."""
    return request.getfixturevalue(f"{request.param}_caller")


@pytest.fixture(autouse=True)
def _nothing_is_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Cancel what a test that failed half way has left: the next ones share the service."""
    used = {"caller", "sqlite_caller", "postgres_caller"} & set(request.fixturenames)
    callers = [request.getfixturevalue(name) for name in sorted(used)]
    yield
    if request.node.stash.get(_FAILED, False):
        for one in callers:
            _cancel_unfinished(one)


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Note on the test that it failed, for the fixture above."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[_FAILED] = True
    return report


def _cancel_unfinished(caller: Caller) -> None:
    for state in ("queued", "running", "text_ready", "first_ready"):
        for task in caller.get("/v1/tasks", state=state, limit=100)["data"]:
            caller.http.post(f"/v1/tasks/{task['id']}/cancel")


@pytest.fixture(scope="session")
def stranger(sqlite_service: Service) -> Iterator[Caller]:
    """Somebody else on the SQLite service."""
    yield from _caller(sqlite_service, "stranger", 100)


@pytest.fixture(scope="session")
def pauper(sqlite_service: Service) -> Iterator[Caller]:
    """Somebody without credits on the SQLite service."""
    yield from _caller(sqlite_service, "pauper", 0)


@pytest.fixture(scope="session")
def plain() -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of callbacks that answers 200 to all of them."""
    with Receiver() as listening:
        yield listening


@pytest.fixture(scope="session")
def song() -> bytes:
    """A recording of four seconds, as a WAV file."""
    return file_bytes(chord((60, 64, 67), 4.0), "wav")


@pytest.fixture
def held(sqlite_caller: Caller) -> Iterator[Callable[[str], str]]:
    """Give the id of a task that the worker is at, held where it was asked to be; cancelled at the end."""
    made = []

    def hold(where: str = "", state: str = "text_ready", **body: object) -> str:
        made.append(sqlite_caller.create(prompt=f"slow 600 s {where}", **body)["id"])
        sqlite_caller.until(made[-1], state)
        return made[-1]

    yield hold
    for task_id in made:
        sqlite_caller.cancel(task_id)
