"""A backup of a server at work, and a server on what was restored from it."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import threading

import httpx
import pytest

from cadenza.settings import Settings
from cadenza.testing.service import Service, command, eventually
from cadenza.wiring import archive

FAST = {
    "CADENZA_ENGINE": "debug",
    "CADENZA_LOG_LEVEL": "info",
}


def tasks_of(client):
    found, cursor = {}, ""
    while True:
        page = client.get("/v1/tasks", params={"limit": 100, "cursor": cursor}).json()
        found |= {task["id"]: task for task in page["data"]}
        cursor = page["next_cursor"]
        if not cursor:
            return found


def ordering(client, acknowledged, stop):
    while not stop.is_set() and len(acknowledged) < 200:
        answer = client.post("/v1/tasks", json={"prompt": "while it is copied", "takes": 1})
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])


def test_CR_13_a_backup_under_load_restores_every_acknowledged_task(tmp_path):
    file = tmp_path / "copy.tar"
    with Service(data=tmp_path / "first", environment=FAST) as service:
        key = service.new_key("caller", credits=1_000_000)
        client = httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30)
        done = client.post("/v1/tasks", json={"prompt": "before", "takes": 1}).json()["id"]
        eventually(lambda: client.get(f"/v1/tasks/{done}").json()["status"] == "complete")
        url = client.get(f"/v1/tasks/{done}").json()["takes"][0]["audio_url"]
        sound = client.get(url).content
        acknowledged, stop = [], threading.Event()
        busy = threading.Thread(target=ordering, args=(client, acknowledged, stop))
        busy.start()
        eventually(lambda: len(acknowledged) >= 20)
        older = [done, *acknowledged]
        copied = service.command("backup", str(file), "--json")
        stop.set()
        busy.join()
        assert copied.returncode == 0, copied.stderr
        assert json.loads(copied.stdout)["files"] >= 5
        assert file.stat().st_mode & 0o077 == 0
        client.close()
    restored = command("restore", str(file), "--data", str(tmp_path / "second"), environment=FAST)
    assert restored.returncode == 0, restored.stderr
    database = sqlite3.connect(tmp_path / "second" / "cadenza.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    with Service(data=tmp_path / "second", environment=FAST) as service:
        client = httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30)
        assert set(older) <= set(tasks_of(client))
        path = httpx.URL(url).path
        assert client.get(path).content == sound
        eventually(lambda: client.get(f"/v1/tasks/{acknowledged[0]}").json()["status"] == "complete")
        client.close()


@pytest.fixture
def made(tmp_path):
    """The archive of an installation without tasks."""
    data = tmp_path / "data"
    assert command("key", "create", "me", environment={"CADENZA_DATA": str(data)}).returncode == 0
    file = tmp_path / "copy.tar"
    done = command("backup", str(file), "--data", str(data), environment={})
    assert done.returncode == 0, done.stderr
    return file


def test_a_restore_does_not_write_over_anything(made, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("keep")
    done = command("restore", str(made), "--data", str(tmp_path / "full"), environment={})
    assert (done.returncode, "not empty" in done.stderr) == (2, True)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    again = command("backup", str(made), "--data", str(tmp_path / "data"), environment={})
    assert (again.returncode, "already" in again.stderr) == (2, True)


def test_a_cut_archive_leaves_nothing(made, tmp_path):
    made.write_bytes(made.read_bytes()[:100_000])
    done = command("restore", str(made), "--data", str(tmp_path / "new"), environment={})
    assert (done.returncode, "whole archive" in done.stderr or "damaged" in done.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar", "data"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../evil", tarfile.REGTYPE),
        ("/etc/evil", tarfile.REGTYPE),
        ("media/ab/../../evil", tarfile.REGTYPE),
        ("pepper", tarfile.SYMTYPE),
        ("media", tarfile.SYMTYPE),
        ("other", tarfile.REGTYPE),
    ],
)
def test_ST_01_an_archive_with_foreign_names_is_refused(tmp_path, name, kind):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, "/etc", 4 if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(archive.Unavailable, match="does not write"):
        archive.restore(tmp_path / "evil.tar", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.tar"]


def test_a_damaged_media_file_is_found(tmp_path, made):
    with tarfile.open(made, "a") as tar:
        member = tarfile.TarInfo(f"media/ab/ab{'0' * 62}")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(archive.Unavailable, match="damaged"):
        archive.restore(made, tmp_path / "new")


def test_postgresql_is_pointed_to_its_own_tools(tmp_path):
    settings = Settings(data=tmp_path, database_url="postgresql://u:p@h/n")
    with pytest.raises(archive.Conflict, match="pg_dump"):
        archive.backup(settings, tmp_path / "copy.tar")
