"""Faults on purpose. ``--scale`` says how often each is tried: 1 in `make test`, more in `make chaos`."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
import time
from collections import Counter

import httpx
import pytest
import sqlalchemy as sa

from cadenza.domain.credits import EntryKind
from cadenza.domain.ids import new_seed, new_task_id
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, Dialect, Operation
from cadenza.settings import from_environment
from cadenza.testing.service import command, free_port
from cadenza.testing.victims import Nursery, Victim
from cadenza.wiring.backroom import backroom
from cadenza.wiring.desk import Desk

SERVE = "from cadenza.wiring.serving import serve_api; serve_api('127.0.0.1', {port})"
SERVER = "import sys; from cadenza.cli import main; sys.argv[1:] = ['serve', '--port', '{port}']; main()"
WORK = "from cadenza.wiring.serving import work; work()"
PRICE = 6


def pytest_addoption(parser):
    parser.addoption(
        "--scale", type=int, default=1, help="how often each fault is tried, times the short run"
    )


@pytest.fixture
def scale(request):
    return request.config.getoption("--scale", default=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Harm:
    """What must never be. ``charged_wrongly``: twice, for nothing, or neither captured nor given back."""

    acknowledged_lost: int = 0
    charged_wrongly: int = 0
    partial_files: int = 0
    corrupt_databases: int = 0


class House:
    """An installation whose processes are killed one by one; its tasks are made by a fast engine."""

    def __init__(self, nursery, database_url, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url
        self.folder = folder
        self._settings = {
            "CADENZA_DATA": str(folder),
            "CADENZA_ENGINE": "debug",
            "CADENZA_PUBLIC_URL": self.url,
            "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8",
            "CADENZA_WORKER_DEAD_S": "3",
            "CADENZA_MAX_ATTEMPTS": "1000",
        }
        is_sqlite = database_url.startswith("sqlite")
        if not is_sqlite:
            self._settings["CADENZA_DATABASE_URL"] = database_url.replace("+psycopg", "")
        self.environment = environment = {"PATH": "/usr/bin:/bin", **self._settings}
        self.api = Victim(nursery, SERVE.format(port=self.port), environment)
        self.worker = Victim(nursery, WORK, environment)
        self.other_worker = Victim(nursery, WORK, environment)
        self.server = Victim(nursery, SERVER.format(port=self.port), environment)
        self.room = backroom(from_environment(self._settings))
        schema = "" if is_sqlite else "dbos."
        self.all_jobs = f"SELECT workflow_uuid FROM {schema}workflow_status"  # noqa: S608 - two fixed texts

    def command(self, *words):
        """Run a command on this installation."""
        return command(*words, environment=self._settings)

    def new_key(self, credits):
        return Desk(self.room).create_key("chaos", credits=credits).key

    def caller(self, credits=10**6):
        """Return a client with a new key; the caller closes it."""
        headers = {"authorization": f"Bearer {self.new_key(credits)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=5)

    def accept(self, prompt="rain", *, takes=1, callback_url=None):
        """Write a task as the API does when it accepts one, and return its id."""
        account = self.room.store.read(lambda books: books.accounts.by_name("chaos"))
        if account is None:
            self.new_key(10**6)
            return self.accept(prompt, takes=takes, callback_url=callback_url)
        request = GenerationRequest(
            wish=Described(prompt=prompt), tier="v5", take_count=takes, seed=new_seed()
        )
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=Operation.GENERATE,
            request=request,
            wire_model="v5",
            wire_body={},
            callback_url=callback_url,
        )
        task_id = new_task_id()

        def write(books):
            turn = books.tasks.next_turn(account.id)
            books.ledger.append(account.id, EntryKind.HOLD, PRICE, task_id=task_id, note="test")
            row = dict(credits=PRICE, engine="debug", parent_take_id=None, turn=turn)
            books.tasks.add(task_id, account.id, accepted, **row)
            books.jobs.render(task_id, turn=turn)

        self.room.store.write(write)
        return task_id

    def cancel(self, task_id):
        """Cancel a task as its owner does."""
        account = self.room.store.read(lambda books: books.accounts.by_name("chaos"))
        self.room.store.write(lambda books: self.room.life.cancel(books, task_id, account_id=account.id))

    def age_deliveries(self):
        """Make all that is under way so old that whoever began it must be gone."""
        with self.room.database.begin() as connection:
            connection.exec_driver_sql("UPDATE callback_attempts SET started_at_ms = started_at_ms - 60000")

    def wait_for_api(self, limit_s=60.0):
        ends_s = time.monotonic() + limit_s
        while time.monotonic() < ends_s:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            time.sleep(0.02)
        pytest.fail("the API did not come back")

    def rows(self, statement, **values):
        with self.room.database.connect() as connection:
            return connection.execute(sa.text(statement), values).all()

    def task(self, task_id):
        """Return state, attempt, losses, failure_reason of one task."""
        query = "SELECT state, attempt, losses, failure_reason FROM tasks WHERE id = :id"
        return self.rows(query, id=task_id)[0]

    def are_complete(self):
        """Answer whether there is no task that has not been completed."""
        return self.rows("SELECT count(*) FROM tasks WHERE state <> 'complete'") == [(0,)]

    def is_job_done(self, task_id):
        """Answer whether the job engine knows that a task needs no more work."""
        done = f"{self.all_jobs} WHERE status = 'SUCCESS' AND workflow_uuid = :id"
        return bool(self.rows(done, id=f"{task_id}-render"))

    def entries(self, task_id):
        """Return the kinds of a task's ledger entries, oldest first."""
        return [
            kind
            for (kind,) in self.rows("SELECT kind FROM ledger WHERE task_id = :id ORDER BY seq", id=task_id)
        ]

    def assert_no_harm(self, acknowledged=()):
        """Assert, while nobody works, that nothing was lost, charged wrongly or torn here."""
        assert self._harm(acknowledged) == Harm()

    def _harm(self, acknowledged):
        tasks = {row.id: row.state for row in self.rows("SELECT id, state FROM tasks")}
        entries = self.rows("SELECT task_id, kind FROM ledger WHERE task_id IS NOT NULL")
        jobs = {row.workflow_uuid for row in self.rows(self.all_jobs)}
        holds = Counter(row.task_id for row in entries if row.kind == "hold")
        settled = Counter(row.task_id for row in entries if row.kind != "hold")
        has_ended = {one: state in {"complete", "failed", "cancelled"} for one, state in tasks.items()}
        lost = set(acknowledged) - tasks.keys()
        lost |= {one for one in tasks if f"{one}-render" not in jobs}
        wrong = {one for one in tasks if (holds[one], settled[one]) != (1, int(has_ended[one]))}
        wrong |= holds.keys() - tasks.keys()
        return Harm(
            acknowledged_lost=len(lost),
            charged_wrongly=len(wrong),
            partial_files=self._partial_files(),
            corrupt_databases=self._corrupt_databases(),
        )

    def _corrupt_databases(self):
        if self.room.database.dialect.name != "sqlite":
            return 0  # PostgreSQL would have said so: all rows were read
        return int(self.rows("PRAGMA integrity_check") != [("ok",)])

    def _partial_files(self):
        """Count the files whose name is not the digest of their content, and those that are missing."""
        whole = {
            path.name
            for path in (self.folder / "media").glob("??/*")
            if hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        }
        named = {path.name for path in (self.folder / "media").glob("??/*")}
        referred = {digest for (digest,) in self.rows("SELECT sha256 FROM artefacts")}
        return len((named | referred) - whole)

    def close(self):
        for victim in (self.server, self.api, self.worker, self.other_worker):
            victim.kill()
        self.room.close()


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    log = tmp_path_factory.mktemp("nursery") / "standard-error.txt"
    with Nursery("cadenza.wiring.serving", "cadenza.wiring.service", log=log) as nursery:
        yield nursery


@pytest.fixture
def build_house(nursery, tmp_path):
    """Build an installation on a database that has its tables, in a folder of the test or another one."""
    with contextlib.ExitStack() as built:

        def build(url, folder=tmp_path):
            return built.enter_context(contextlib.closing(House(nursery, url, folder)))

        yield build


@pytest.fixture
def house(build_house, database_url):
    return build_house(database_url)


@pytest.fixture
def sqlite_house(build_house, sqlite_template, tmp_path):
    """A house on SQLite alone, where the database makes no difference."""
    shutil.copy(sqlite_template, tmp_path / "cadenza.sqlite")
    return build_house(f"sqlite:///{tmp_path / 'cadenza.sqlite'}")
