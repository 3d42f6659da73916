"""Installing packs: fetch, take, build, record, publish; a pack is there whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cadenza.audio.files import sync_file, sync_folder
from cadenza.domain.errors import Unavailable
from cadenza.packs.archives import BadArchive
from cadenza.packs.building import build
from cadenza.packs.catalogue import Pack, Package
from cadenza.packs.digest import sha256_of
from cadenza.packs.fetch import Deadline, fetch
from cadenza.packs.shelf import RECORD, Installed, Kept, Shelf, record_text
from cadenza.packs.take import take

ATTRIBUTION: Final = "ATTRIBUTION.txt"
_FETCHED, _BUILDING, _PART, _OLD, _LOCK = ".fetched", ".building-", ".part", ".old-", ".lock"
# A pack unpacks to less than this many times what is fetched, the archives themselves included.
_ROOM: Final = 4

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """Installs packs on a shelf, one at a time on a machine.

    ``offered`` are archives, or folders of archives, that the user has got in another way: they replace a
    fetch where their files are the pinned ones. ``say`` gets a sentence for each step.
    """

    shelf: Shelf
    say: Say
    offered: Sequence[Path] = ()

    def install(self, pack: Pack, deadline: Deadline) -> Installed:
        """Return the installed pack, after installing it where it is absent, damaged or of another version.

        Raises
        ------
        Unavailable
            A tool, the network, the disk or the build failed; nothing has changed, what was fetched is kept.
        """
        try:
            self.shelf.folder.mkdir(parents=True, exist_ok=True)
            with _alone(self.shelf.folder):
                present = self.shelf.find(pack.name)
                if present is not None and not present.damaged():
                    self.say(f"{pack.name}: installed already.")
                    return present
                return self._install(pack, deadline)
        except OSError as error:
            raise Unavailable(_told(error, self.shelf.folder)) from error

    def _install(self, pack: Pack, deadline: Deadline) -> Installed:
        folder = self.shelf.folder
        _check_room(folder, pack)
        building = folder / f"{_BUILDING}{pack.name}"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            for package in pack.packages:
                self._get(package, building, deadline)
            if pack.build:
                self.say(f"{pack.name}: building.")
                patience = Deadline.after(min(pack.build_limit_s, deadline.left_s()))
                build(pack.build, building, patience, what=f"The pack {pack.name}")
            _drop_passing_files(pack, building)
            (building / ATTRIBUTION).write_text(attribution(pack))
            _record(pack, building)
            self._publish(pack, building)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        self._forget_archives(pack)
        installed = self.shelf.find(pack.name)
        assert installed is not None, "it was published a moment ago"
        self.say(f"{pack.name}: installed, {installed.size_bytes / 1e6:.0f} MB.")
        return installed

    def _get(self, package: Package, building: Path, deadline: Deadline) -> None:
        """Take a package's files from what the user offers, else from what its tool fetches."""
        if self._take_offered(package, building):
            self.say(f"{package}: taken from a file that was named.")
            return
        if self.offered:
            self.say(f"{package}: in none of the files that were named.")
        self.say(f"{package}: fetching {package.size_bytes / 1e6:.0f} MB.")
        archive = fetch(package, self.shelf.folder / _FETCHED, deadline)
        try:
            take(package, archive, building)
        except BadArchive as bad:
            archive.unlink()
            raise Unavailable(f"{package} cannot be used: {bad}") from bad

    def _take_offered(self, package: Package, building: Path) -> bool:
        part = building / _PART
        for archive in self._archives(package):
            try:
                take(package, archive, part)
            except BadArchive:
                shutil.rmtree(part, ignore_errors=True)
                continue
            for path in [path for path in part.rglob("*") if path.is_file()]:
                target = building / path.relative_to(part)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
            shutil.rmtree(part)
            return True
        return False

    def _archives(self, package: Package) -> Iterator[Path]:
        """Yield what the user offers that may be this package; where all is taken only the very archive."""
        for offered in self.offered:
            for path in sorted(offered.iterdir()) if offered.is_dir() else [offered]:
                if path.is_file() and (not package.everything or sha256_of(path) in package.sha256):
                    yield path

    def _publish(self, pack: Pack, building: Path) -> None:
        target, old = self.shelf.folder / pack.name, self.shelf.folder / f"{_OLD}{pack.name}"
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        building.rename(target)
        sync_folder(self.shelf.folder)
        shutil.rmtree(old, ignore_errors=True)

    def _forget_archives(self, pack: Pack) -> None:
        fetched = self.shelf.folder / _FETCHED
        for package in pack.packages:
            for digest in package.sha256:
                (fetched / digest).unlink(missing_ok=True)


def attribution(pack: Pack) -> str:
    """Return the text that stands in each installed pack: what is in it, from whom, under which licence."""
    lines = [f"The pack {pack.name}, version {pack.version}: {pack.title}", ""]
    lines += [f"{one} ({one.kind}), {one.licence}: {one.attribution}" for one in pack.packages]
    return "\n".join([*lines, "", "The licences' own texts lie in the folder licences.", ""])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the shelf: who comes second is told so at once."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable("Another process installs packs into this folder; wait for it.") from None
        yield
    finally:
        os.close(lock)


def _check_room(folder: Path, pack: Pack) -> None:
    free, needed = shutil.disk_usage(folder).free, _ROOM * pack.size_bytes
    if free < needed:
        raise Unavailable(
            f"The pack {pack.name} needs {needed / 1e6:.0f} MB for a while, and {folder} has "
            f"{free / 1e6:.0f} MB; make room, or name another folder with CADENZA_PACKS."
        )


def _drop_passing_files(pack: Pack, building: Path) -> None:
    for package in pack.packages:
        for file in package.files:
            if not file.keep:
                (building / file.target).unlink(missing_ok=True)


def _record(pack: Pack, building: Path) -> None:
    """Write down what every file is, after all of them are on the disk."""
    paths = sorted(path for path in building.rglob("*") if path.is_file() and not path.is_symlink())
    for path in paths:
        sync_file(path)
    files = {
        path.relative_to(building).as_posix(): Kept(size_bytes=path.stat().st_size, sha256=sha256_of(path))
        for path in paths
    }
    (building / RECORD).write_text(record_text(pack, files))
    sync_file(building / RECORD)
    for folder in (building, *(path for path in building.rglob("*") if path.is_dir())):
        sync_folder(folder)


def _told(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {folder} is full; make room, or name another folder with CADENZA_PACKS."
    return f"The packs folder {folder} cannot be written to ({error.strerror})."
