"""Packs appear whole or not at all, made of nothing but the files that are pinned."""

import contextlib
import errno
import fcntl
import os
import select
import signal
import subprocess
import sys

import pytest

from cadenza.domain.errors import Damaged, Unavailable
from cadenza.packs import install as installing
from cadenza.packs.install import ATTRIBUTION
from cadenza.packs.shelf import Shelf
from cadenza.testing.packages import ARCHIVES, FILES, tarball, toy


@pytest.mark.parametrize("kind", ["pypi", "npm", "deb"])
def test_a_pack_is_fetched_with_the_users_own_tool(kind, bench, served, fetches):
    installed = bench.install(toy(kind))
    assert installed.file("weights.bin").read_bytes() == FILES["toy/weights.bin"]
    assert "Do as you like" in installed.file("LICENSE").read_text()
    assert "Made in a test." in installed.file(ATTRIBUTION).read_text()
    if kind != "pypi":
        (command,) = fetches()
        assert "toy" in command
        assert "1.0" in command
    assert not bench.left_behind()
    assert not list((bench.shelf.folder / ".fetched").iterdir())


def test_a_named_file_replaces_the_fetch(bench, served, fetches, tmp_path):
    named = tmp_path / "mine.tgz"
    named.write_bytes(ARCHIVES["npm"][1])
    bench.install(toy("npm"), named)
    assert fetches() == []


def test_a_folder_of_files_is_searched_for_one_that_has_the_right_contents(bench, served, fetches, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.tgz").write_bytes(tarball({"toy/weights.bin": b"other"}))
    (folder / "b.tgz").write_bytes(tarball({**FILES, "repacked": b""}))
    installed = bench.install(toy("npm"), folder)
    assert fetches() == []
    assert sorted(installed.files) == [ATTRIBUTION, "LICENSE", "weights.bin"]


def test_an_offered_file_that_holds_something_else_is_not_used(bench, served, fetches, tmp_path):
    named = tmp_path / "mine.tgz"
    named.write_bytes(tarball({name: b"x" * len(data) for name, data in FILES.items()}))
    installed = bench.install(toy("npm"), named)
    assert len(fetches()) == 1
    assert installed.file("weights.bin").read_bytes() == FILES["toy/weights.bin"]


def test_everything_of_an_archive_is_taken_only_from_the_very_archive(bench, served, tmp_path):
    other = tmp_path / "other.tgz"
    other.write_bytes(tarball({"toy/evil.py": b""}))
    installed = bench.install(toy("npm", everything="site"), other)
    assert "site/toy/weights.bin" in installed.files
    assert "site/toy/evil.py" not in installed.files


@pytest.mark.parametrize("kind", ["npm", "deb"])
def test_sc_04_a_package_of_another_digest_is_refused_and_nothing_is_installed(kind, bench, served):
    with pytest.raises(Unavailable, match="SHA-256"):
        bench.install(toy(kind, archive=b"another"))
    assert bench.shelf.installed("toy") is None
    assert not bench.left_behind()


def test_a_tool_that_is_missing_is_named_with_the_way_around_it(bench, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"npm, which is not on this machine.*--from FILE"):
        bench.install(toy("npm"))


def test_what_a_tool_says_when_it_fails_is_told(bench, served, tmp_path):
    (tmp_path / "tools/npm").write_text("#!/bin/sh\necho no network here >&2\nexit 7\n")
    with pytest.raises(Unavailable, match=r"toy 1\.0 could not be fetched: no network here"):
        bench.install(toy("npm"))
    assert not bench.left_behind()


def test_a_tool_that_never_ends_is_ended_with_all_that_it_started(bench, served, tmp_path):
    (tmp_path / "tools/npm").write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/pid\nwait\n")
    with pytest.raises(Unavailable, match="time for installing packs was over"):
        bench.install(toy("npm"), seconds=0.5)
    pid = int((tmp_path / "pid").read_text())
    with contextlib.suppress(ProcessLookupError):  # it is gone for good
        handle = os.pidfd_open(pid)
        assert select.select([handle], [], [], 5)[0], "it has not ended"
        os.close(handle)


def test_a_full_disk_is_told_and_leaves_nothing(bench, served, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(installing, "take", full)
    with pytest.raises(Unavailable, match=r"disk of .* is full.*CADENZA_PACKS"):
        bench.install(toy("npm"))
    assert not bench.left_behind()


def test_too_little_room_is_told_before_anything_is_fetched(bench, served, fetches, monkeypatch):
    monkeypatch.setattr(installing, "_ROOM", 10**15)
    with pytest.raises(Unavailable, match=r"needs \d+ MB"):
        bench.install(toy("npm"))
    assert fetches() == []


def test_a_build_adds_files_that_are_recorded(bench, served):
    installed = bench.install(toy("npm", build="cadenza.testing.builds:doubled"))
    assert installed.file("doubled.bin").read_bytes() == FILES["toy/weights.bin"] * 2


def test_a_build_that_fails_tells_its_reason_and_leaves_the_older_pack(bench, served):
    old = bench.install(toy("npm"))
    with pytest.raises(Unavailable, match="could not be built: No such moon"):
        bench.install(toy("npm", build="cadenza.testing.builds:failing"))
    assert bench.shelf.installed("toy").digest == old.digest
    assert not bench.left_behind()


def test_an_installer_killed_half_way_leaves_no_pack_and_the_next_one_fetches_nothing_again(
    bench, served, fetches
):
    code = (
        "import sys; from pathlib import Path; from cadenza.testing.packages import toy;"
        "from cadenza.packs.install import Installer; from cadenza.packs.fetch import Deadline;"
        "from cadenza.packs.shelf import Shelf;"
        "pack = toy('npm', build='cadenza.testing.builds:killing');"
        "Installer(shelf=Shelf(Path(sys.argv[1])), say=print).install(pack, Deadline.after(60))"
    )
    died = subprocess.run([sys.executable, "-c", code, bench.shelf.folder], capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL
    assert bench.shelf.installed("toy") is None
    assert len(fetches()) == 1
    bench.install(toy("npm"))
    assert len(fetches()) == 1
    assert not bench.left_behind()


def test_installing_again_changes_nothing_unless_something_is_damaged(bench, served, fetches):
    bench.install(toy("npm"))
    bench.install(toy("npm"))
    assert len(fetches()) == 1
    (bench.shelf.folder / "toy/weights.bin").write_bytes(b"spoilt")
    assert bench.install(toy("npm")).file("weights.bin").read_bytes() == FILES["toy/weights.bin"]
    assert len(fetches()) == 2


def test_two_installers_do_not_work_at_once(bench, served):
    bench.shelf.folder.mkdir()
    lock = os.open(bench.shelf.folder / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(Unavailable, match="Another process"):
        bench.install(toy("npm"))
    os.close(lock)


def test_sc_04_a_model_file_that_changed_after_it_was_installed_is_not_handed_out(bench, served):
    installed = bench.install(toy("npm"))
    installed.file("weights.bin")
    (installed.folder / "weights.bin").write_bytes(b"WEIGHTS" * 100)
    with pytest.raises(Damaged):
        installed.file("weights.bin")
    with pytest.raises(Damaged):
        installed.file("never.bin")
    assert installed.damaged() == ["weights.bin"]


def test_a_pack_of_another_version_does_not_count_as_installed(bench, served):
    bench.install(toy("npm"))
    newer = toy("npm", build="cadenza.testing.builds:doubled")
    assert Shelf(bench.shelf.folder, known={"toy": newer}).find("toy") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {"a": 1}}', "\0"])
def test_a_spoilt_record_counts_as_no_pack(text, bench, served):
    installed = bench.install(toy("npm"))
    (installed.folder / "pack.json").write_text(text)
    assert bench.shelf.find("toy") is None
