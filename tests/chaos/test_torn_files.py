"""CR-07 and CR-06: a file is served whole or not at all; what was acknowledged survives a loss of power."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest

from cadenza.audio import files
from cadenza.domain.artefact import ArtefactKind
from cadenza.publish.store import MediaStore
from cadenza.testing.service import eventually
from cadenza.wiring.backroom import sweeper

FILES_OF_A_TAKE = 4
LOSSES = 20
LEFTOVERS = ("media/arriving/*", "media/??/*", "scratch/*", "streams/*")


class Listener(threading.Thread):
    """Asks for all files of all takes again and again, and keeps every body that it is given."""

    def __init__(self, house):
        super().__init__()
        self.heard = set()
        self._house, self._over = house, threading.Event()

    def run(self):
        with httpx.Client(base_url=self._house.url) as client:
            while not self._over.wait(0.02):
                for (take_id,) in self._house.rows("SELECT id FROM takes"):
                    for suffix in (".mp3", ".flac"):
                        answer = client.get(f"/media/{take_id}{suffix}")
                        assert answer.status_code in {200, 404}
                        if answer.status_code == 200:
                            self.heard.add(hashlib.sha256(answer.content).hexdigest())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()


@pytest.mark.timeout(3600)
def test_cr_07_a_kill_before_or_after_a_file_has_its_name_never_serves_a_part_of_it(
    sqlite_house, scale, tried
):
    house = sqlite_house
    places = [
        f"{when}_artefact_rename:{passage}"
        for when in ("before", "after")
        for passage in (range(1, FILES_OF_A_TAKE + 1) if scale > 1 else (2,))
    ]
    house.api.start()
    house.wait_for_api()
    with Listener(house) as listener:
        for place in places:
            house.accept()
            house.worker.start(CADENZA_CRASH_AT=place)
            assert house.worker.wait() == -signal.SIGKILL
        house.worker.start()
        eventually(house.are_complete, limit_s=60 + 10 * len(places))
        house.worker.kill()
        whole = {row.sha256 for row in house.rows("SELECT sha256 FROM artefacts WHERE kind LIKE 'audio%'")}
        eventually(lambda: listener.heard >= whole)
    assert listener.heard <= whole
    house.assert_no_harm()
    tried(len(places))


@pytest.mark.timeout(600)
def test_cr_07_what_a_killed_task_has_left_is_swept(sqlite_house, tried):
    house = sqlite_house
    places = ("before_artefact_rename:2", "after_artefact_rename:2")
    for place in places:
        task_id = house.accept()
        house.worker.start(CADENZA_CRASH_AT=place)
        assert house.worker.wait() == -signal.SIGKILL
        house.cancel(task_id)
    arriving, *others = [list(house.folder.glob(one)) for one in LEFTOVERS]
    assert len(arriving) == 1
    assert all(others)
    for path in (one for some in (arriving, *others) for one in some):
        os.utime(path, (0, 0))
    sweeper(house.room).sweep()
    assert not any(any(house.folder.glob(one)) for one in LEFTOVERS)
    house.assert_no_harm()
    tried(len(places))


class Disk:
    """What a disk holds for certain: bytes of each file and names of each folder when it was synced last.

    ``after_power_loss`` builds a folder with just that: all that was written, renamed or made since is gone.
    """

    def __init__(self, monkeypatch):
        self._contents = {}
        self._names = {}
        self._sync = os.fsync
        monkeypatch.setattr(files.os, "fsync", self._fsync)

    def _fsync(self, descriptor):
        self._sync(descriptor)
        status, path = os.fstat(descriptor), Path(f"/proc/self/fd/{descriptor}")
        if stat.S_ISDIR(status.st_mode):
            self._names[status.st_ino] = {one.name: one.lstat().st_ino for one in path.iterdir()}
        else:
            self._contents[status.st_ino] = path.read_bytes()

    def after_power_loss(self, folder, target):
        target.mkdir()
        self._restore(folder.stat().st_ino, target)
        return target

    def _restore(self, folder, target):
        for name, inode in self._names.get(folder, {}).items():
            if inode in self._contents:
                (target / name).write_bytes(self._contents[inode])
            elif inode in self._names:
                (target / name).mkdir()
                self._restore(inode, target / name)


def surviving(disk, root, target, digests):
    """Return which files a store has whole after the power was lost now."""
    shutil.rmtree(target, ignore_errors=True)
    store = MediaStore(disk.after_power_loss(root, target))
    whole = set()
    for digest in digests & {name for folder in store.folders() for name in folder}:
        with store.open(digest) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                whole.add(digest)
    return whole


def put_many(media, count, folder):
    """Yield the digest of each of many small files, once the store has acknowledged it."""
    dice = np.random.default_rng(6)
    for number in range(count):
        path = folder / f"finished-{number}"
        path.write_bytes(dice.bytes(int(dice.integers(1, 5000))))
        yield media.put(path, ArtefactKind.AUDIO_FLAC).sha256


def test_cr_06_every_acknowledged_file_survives_the_loss_of_all_that_was_not_synced(
    tmp_path, monkeypatch, scale, tried
):
    disk = Disk(monkeypatch)
    root = tmp_path / "media"
    acknowledged = set()
    for number, digest in enumerate(put_many(MediaStore(root), LOSSES * scale, tmp_path)):
        acknowledged.add(digest)
        if number % scale == 0:  # each look reads all there is
            assert surviving(disk, root, tmp_path / "after", acknowledged) == acknowledged
    assert surviving(disk, root, tmp_path / "after", acknowledged) == acknowledged
    tried(LOSSES * scale)


@pytest.mark.parametrize("forgotten", ["sync_file", "sync_folder"])
def test_cr_06_the_simulated_disk_loses_what_a_careless_store_forgets_to_sync(
    tmp_path, monkeypatch, forgotten
):
    disk = Disk(monkeypatch)
    monkeypatch.setattr(f"cadenza.publish.store.{forgotten}", lambda _path: None)
    root = tmp_path / "media"
    acknowledged = set(put_many(MediaStore(root), 3, tmp_path))
    assert surviving(disk, root, tmp_path / "after", acknowledged) == set()
