"""The media store: files named by their content, whole and durable from the moment they have a name."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from cadenza import crash
from cadenza.audio.files import sync_file, sync_folder
from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.errors import NotFound

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
# What opening says of a name that is not there, or that is a link, or whose folder is one.
_NOT_HERE: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO})
_VERIFIED_MOST: Final = 1000


class MediaStore:
    """A folder of files, each at ``<first two digits>/<all 64 digits>`` of its SHA-256.

    No name comes from a request: whatever is not a digest is not found. Neither is what somebody put into
    the folder: symbolic links are not followed, and a file that has a second name elsewhere is believed only
    where its content is what its name says. Several processes may use one folder at a time.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._arriving = root / "arriving"
        self._arriving.mkdir(parents=True, exist_ok=True)
        self._verified: set[tuple[int, int, int, int, str]] = set()

    def put(self, path: Path, kind: ArtefactKind) -> Artefact:
        """Take over the finished file at ``path`` and return its artefact; ``path`` is gone then.

        When this returns, bytes and name are on the disk; when it raises, no name was given. Raises
        ``OSError`` where there is no room.
        """
        unnamed = self._arriving / secrets.token_hex(16)
        _move(path, unnamed)
        try:
            sync_file(unnamed)
            artefact = Artefact(kind=kind, sha256=_digest(unnamed), size_bytes=unnamed.stat().st_size)
            self._name(unnamed, artefact.sha256)
        finally:
            unnamed.unlink(missing_ok=True)
        return artefact

    def path(self, sha256: str) -> Path:
        """Return where the file lies. Raises ``NotFound`` for what is no digest or not here."""
        self.open(sha256).close()
        return self._place(sha256)

    def find(self, sha256: str) -> Path:
        """Return where the file lies; see ``path``."""
        return self.path(sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Open the file for reading; it stays readable when it is deleted meanwhile. Raises ``NotFound``."""
        try:
            file = _open_plainly(self._place(sha256))
        except OSError as error:
            if error.errno in _NOT_HERE:
                raise NotFound("file") from None
            raise
        if not self._is_genuine(file, sha256):
            file.close()
            raise NotFound("file")
        return file

    def keep(self, sha256: str, path: Path) -> None:
        """Give the file a second name at ``path``, where it outlives its deletion. Raises ``NotFound``."""
        with self.open(sha256) as file:
            try:
                os.link(self._place(sha256), path, follow_symlinks=False)
            except OSError:  # another file system, one without links, or deleted this very moment
                with path.open("xb") as copy:
                    shutil.copyfileobj(file, copy)

    def delete(self, sha256: str) -> bool:
        """Remove the file; return whether it was there. Whoever calls knows that nobody refers to it."""
        place = self._place(sha256)
        try:
            place.unlink()
        except FileNotFoundError:
            return False
        sync_folder(place.parent)
        return True

    def delete_unused(
        self,
        digests: Collection[str],
        *,
        used: Callable[[Collection[str]], Collection[str]],
        untouched_since_s: float,
    ) -> int:
        """Remove those files that nothing refers to and return how many there were.

        ``used`` tells which of some digests are referred to. A file that came, or came again, after
        ``untouched_since_s`` (Unix seconds) stays: whoever brought it may be about to refer to it. No file
        comes while this looks and removes.
        """
        with self._held():
            old = [digest for digest in digests if self._is_older(digest, untouched_since_s)]
            unused = set(old) - set(used(old)) if old else set()
            for digest in unused:
                self._place(digest).unlink(missing_ok=True)  # one that a crash brings back goes next time
        return len(unused)

    def folders(self) -> Iterator[Sequence[str]]:
        """Yield the digests of all files, a folder at a time."""
        for folder in sorted(self._root.iterdir()):
            if folder.name != self._arriving.name and folder.is_dir() and not folder.is_symlink():
                yield [path.name for path in folder.iterdir() if _DIGEST.fullmatch(path.name)]

    def clear_arriving(self, *, untouched_since_s: float) -> int:
        """Remove what arrived before and was never named, as a crash leaves it; return how many."""
        count = 0
        for path in self._arriving.iterdir():
            try:
                if path.lstat().st_mtime < untouched_since_s:
                    path.unlink()
                    count += 1
            except FileNotFoundError:  # it was named meanwhile
                continue
        return count

    def _is_older(self, digest: str, moment_s: float) -> bool:
        try:
            return self._place(digest).lstat().st_mtime < moment_s
        except FileNotFoundError:
            return False

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Let nobody name or remove a file meanwhile; other processes on this folder neither."""
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _is_genuine(self, file: BufferedReader, sha256: str) -> bool:
        """Answer whether this is a file of the store and not another one under its name."""
        found = os.fstat(file.fileno())
        if found.st_nlink == 1:
            return True
        # Either it is being continued (see ``keep``), or somebody linked another file here.
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, sha256)
        if state not in self._verified:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
            file.seek(0)
            if len(self._verified) >= _VERIFIED_MOST:
                self._verified.clear()
            self._verified.add(state)  # whoever plays it asks for many parts
        return True

    def _place(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise NotFound("file")
        return self._root / sha256[:2] / sha256

    def _name(self, unnamed: Path, sha256: str) -> None:
        place = self._place(sha256)
        if not place.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            sync_folder(self._root)
        if place.parent.is_symlink():
            raise OSError(errno.ELOOP, "a folder of the store is a symbolic link")
        with self._held():
            os.utime(unnamed)  # it is new, also where it was made long ago: see delete_unused
            crash.here("before_artefact_rename")
            unnamed.replace(place)
            crash.here("after_artefact_rename")
        sync_folder(place.parent)


def _open_plainly(place: Path) -> BufferedReader:
    """Open a file of a folder; neither may be a link, and what is no file is not there. Blocks on nothing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    folder = os.open(place.parent, flags | os.O_DIRECTORY)
    try:
        descriptor = os.open(place.name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "there is no plain file")
    return os.fdopen(descriptor, "rb")


def _move(path: Path, to: Path) -> None:
    """Move a plain file, also from another file system."""
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no plain file to store")
    try:
        path.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(path, to, follow_symlinks=False)
        path.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
