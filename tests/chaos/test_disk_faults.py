"""CR-04 and CR-05 on the real thing: a flush that fails at its n-th call, and a small disk that fills up."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest

from cadenza.testing.service import eventually

UNFINISHED = "SELECT count(*) FROM tasks WHERE finished_at_ms IS NULL"
# Grants credits one by one as the API commits its writes, and says what was acknowledged.
WRITER = """
import sys
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Unavailable
from cadenza.settings import current_settings
from cadenza.stores.store import GroupCommit
from cadenza.wiring.backroom import backroom
room = backroom(current_settings())
batcher = GroupCommit(room.store)
for number in range(20):
    append = lambda books: books.ledger.append("acc_w", EntryKind.GRANT, 1, task_id=None, note=f"n{number}")
    try:
        batcher.submit(append).result(60)
        print(f"n{number}", flush=True)
    except Unavailable:
        print("refused", flush=True)
"""
# So often the writer flushes.
MOST_FLUSHES = 22
TRACED = ("strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fsync,fdatasync")


def can(*command):
    """Answer whether this machine has a program and lets us use it."""
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


def whole(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def acknowledged_under_fault(data, fault):
    """Run the writer with a fault in its calls of the kernel; return what it said, line by line."""
    told = subprocess.run(
        [
            *TRACED,
            *("-e", f"inject=fsync,fdatasync:{fault}"),
            *(sys.executable, "-c", WRITER),
        ],
        env={"PATH": "/usr/bin:/bin", "CADENZA_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return told.stdout.split()


@pytest.mark.timeout(7200)
@pytest.mark.skipif(not can(*TRACED, "true"), reason="strace, which makes a flush fail, does not run here")
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_cr_04_a_flush_that_fails_is_not_acknowledged_and_the_next_writes_go_on(
    sqlite_template, tmp_path, error, scale, tried
):
    data = tmp_path / "data"
    data.mkdir()
    file = data / "cadenza.sqlite"
    faults = [3] if scale == 1 else range(1, min(2 * scale, MOST_FLUSHES) + 1)
    refused = 0
    for at in faults:
        for end in ("", "-wal", "-shm"):
            (data / f"cadenza.sqlite{end}").unlink(missing_ok=True)
        file.write_bytes(sqlite_template.read_bytes())
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "INSERT INTO accounts (id, name, webhook_secret, created_at_ms) VALUES ('acc_w', 'w', 's', 0)"
            )
            connection.commit()
        said = acknowledged_under_fault(data, f"error={error}:when={at}")
        assert len(said) == 20
        refused += said.count("refused")
        with contextlib.closing(sqlite3.connect(file)) as connection:
            stored = {note for (note,) in connection.execute("SELECT note FROM ledger")}
            assert set(said) - {"refused"} <= stored
        assert whole(file)
    assert refused
    tried(len(faults))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not can("mount", "-t", "tmpfs", "-o", "size=20m", "cadenza-test", str(folder)):
        pytest.skip("a small disk cannot be mounted here: that takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def no_room_on(folder):
    """Fill a disk to its last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@pytest.mark.timeout(600)
def test_cr_05_a_disk_without_room_refuses_and_charges_nothing_and_the_house_recovers_by_itself(
    build_house, sqlite_template, small_disk, tried
):
    file = small_disk / "cadenza.sqlite"
    file.write_bytes(sqlite_template.read_bytes())
    house = build_house(f"sqlite:///{file}", small_disk)
    acknowledged, refused = [], []
    with house.caller() as http:

        def create():
            answer = http.post("/v1/tasks", json={"prompt": "rain " * 90, "takes": 1}, timeout=60)
            if answer.status_code == 201:
                acknowledged.append(answer.json()["id"])
            else:
                refused.append((answer.status_code, answer.headers["retry-after"]))
            return answer.status_code

        house.api.start()
        house.worker.start()
        house.wait_for_api()
        assert create() == 201
        with no_room_on(small_disk):
            eventually(lambda: create() == 503)
            assert http.get(f"/v1/tasks/{acknowledged[0]}").status_code == 200  # reading needs no room
        eventually(lambda: create() == 201)
        eventually(lambda: house.task(acknowledged[-1]).state == "complete", limit_s=120)
    eventually(lambda: house.rows(UNFINISHED) == [(0,)], limit_s=120)
    assert set(refused) == {(503, "5")}
    house.assert_no_harm(acknowledged)
    assert whole(file)
    tried(len(refused))
