"""CR-04 and CR-05: a disk that fails or is full is told in the caller's dialect, and nothing is charged."""

from __future__ import annotations

import base64
import contextlib
import resource

import pytest
import sqlalchemy as sa

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.task import Dialect
from cadenza.stores.schema import ledger, tasks, uploads
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes

# Route, body, what creating answers when all is well, code of "not now".
CREATING = [
    ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"], 200, 455),
    ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"], 200, 455),
    ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"], 200, 503),
    ("/v1/tasks", {"prompt": "rain"}, 201, 503),
]
UNBOUNDED = {"CADENZA_RATE_LIMIT": "100000", "CADENZA_TASKS_PER_ACCOUNT": "100000"}
ROUNDS = 60


class SmallDatabase:
    """SQLite files that may not grow while it is ``full``: what SQLite does where the disk has no room."""

    def __init__(self):
        self._connections, self._limit = [], 2**30

    def prepare(self, connection, _record):
        connection.execute(f"PRAGMA max_page_count = {self._limit}").close()
        self._connections.append(connection)

    @contextlib.contextmanager
    def full(self):
        self._set(1)  # SQLite takes the present size for it
        yield
        self._set(2**30)

    def _set(self, limit):
        self._limit = limit
        for connection in self._connections:
            with contextlib.suppress(Exception):  # closed meanwhile
                connection.execute(f"PRAGMA max_page_count = {limit}").close()


@pytest.fixture
def small_database():
    small = SmallDatabase()
    sa.event.listen(sa.Engine, "connect", small.prepare)
    yield small
    sa.event.remove(sa.Engine, "connect", small.prepare)


@contextlib.contextmanager
def no_file_grows():
    """Let the kernel refuse every write past the first page of any file of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def recording():
    return base64.b64encode(file_bytes(chord((60, 64, 67), 1.0), "wav")).decode()


def in_trouble(house, trouble, rounds):
    """Create tasks in every dialect and upload while there is trouble, and once more after it.

    Return how many tasks and uploads were acknowledged; all others are refused in the dialect's words.
    """
    key = house.caller("me", credits=10**6)
    sound = recording()

    async def work(send):
        acknowledged, refused = 0, set()
        with trouble():
            for _ in range(rounds):
                for path, body, fine, not_now in CREATING:
                    answer = await send("POST", path, body)
                    code = answer.json().get("code", answer.status_code)
                    if code == fine:
                        acknowledged += 1
                    else:
                        assert code == not_now, answer.text
                        assert int(answer.headers["retry-after"]) >= 1
                        refused.add(path)
            told = await send("POST", "/v1/uploads", {"data_base64": sound, "file_name": "during.wav"})
            assert told.status_code in {201, 503}, told.text
        assert refused == {path for path, *_ in CREATING}
        for path, body, fine, _ in CREATING:
            answer = await send("POST", path, body)
            assert answer.json().get("code", answer.status_code) == fine
        later = await send("POST", "/v1/uploads", {"data_base64": sound, "file_name": "after.wav"})
        assert later.status_code == 201
        return acknowledged + len(CREATING), 1 + (told.status_code == 201)

    return house.drive(key, work, **UNBOUNDED)


def assert_whole(house, created, uploaded):
    """Everything acknowledged is there and paid, nothing else is, and SQLite finds its file whole."""
    assert house.count(tasks) == house.count(ledger, ledger.c.kind == "hold") == created
    assert house.count(uploads) == uploaded
    with house.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        held = connection.scalar(sa.select(sa.func.sum(tasks.c.credits)))
    assert house.balance("me") == 10**6 - held


def test_cr_05_a_full_disk_refuses_in_every_dialect_and_charges_nothing_and_all_is_well_with_room_again(
    small_database, sqlite_house, tried
):
    assert_whole(sqlite_house, *in_trouble(sqlite_house, small_database.full, ROUNDS))
    tried(len(CREATING) * ROUNDS + 1)


def test_cr_04_writes_that_fail_are_refused_in_every_dialect_and_charge_nothing_and_all_is_well_after(
    sqlite_house, tried
):
    created, uploaded = in_trouble(sqlite_house, no_file_grows, 3)
    assert (created, uploaded) == (len(CREATING), 1)
    assert_whole(sqlite_house, created, uploaded)
    tried(len(CREATING) * 3 + 1)
