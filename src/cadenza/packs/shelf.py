"""The packs that are installed, and their files, each checked before it is used."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cadenza.audio.files import sync_folder
from cadenza.domain.errors import Damaged
from cadenza.packs.catalogue import Pack, catalogue
from cadenza.packs.digest import sha256_of

RECORD: Final = "pack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one file of an installed pack was when it was installed."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A pack on the disk, as its record tells."""

    name: str
    version: int
    folder: Path
    digest: str
    files: Mapping[str, Kept]

    @property
    def size_bytes(self) -> int:
        """Size of all its files."""
        return sum(kept.size_bytes for kept in self.files.values())

    def file(self, name: str) -> Path:
        """Return the path of a file whose bytes are those that were installed.

        They are hashed once in the life of a process, and again where size or time of change differ.

        Raises
        ------
        Damaged
            The file is missing or not what it was.
        """
        kept = self.files.get(name)
        path = self.folder / name
        try:
            state = path.stat()
            found = _sha256(path, state.st_size, state.st_mtime_ns) if kept else ""
        except OSError:
            found = ""
        if kept is None or found != kept.sha256:
            raise Damaged(f"file of the pack {self.name}")
        return path

    def damaged(self) -> Sequence[str]:
        """Hash everything anew and return the names of what is missing or not what it was."""
        return [name for name, kept in self.files.items() if not _is_whole(self.folder / name, kept)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder in which each installed pack has a folder of its own."""

    folder: Path
    known: Mapping[str, Pack] = field(default_factory=catalogue)

    def find(self, name: str) -> Installed | None:
        """Return an installed pack, or None where it is absent or of another version than is known here."""
        pack, found = self.known.get(name), self.installed(name)
        return found if pack is not None and found is not None and found.digest == pack.digest else None

    def installed(self, name: str) -> Installed | None:
        """Return a pack as it lies here, of whatever version; None where there is none."""
        folder = self.folder / name
        try:
            told = json.loads((folder / RECORD).read_bytes())
            files = {path: Kept(**kept) for path, kept in told["files"].items()}
            return Installed(
                name=name, version=told["version"], folder=folder, digest=told["digest"], files=files
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # a record that somebody spoilt counts as none: the pack is installed again

    def remove(self, name: str) -> bool:
        """Delete a pack; False where there was none."""
        folder = self.folder / name
        if not folder.exists():
            return False
        away = self.folder / f".old-{name}"
        shutil.rmtree(away, ignore_errors=True)
        folder.rename(away)
        sync_folder(self.folder)
        shutil.rmtree(away, ignore_errors=True)
        return True


def record_text(pack: Pack, files: Mapping[str, Kept]) -> str:
    """Return the text of the record that stands beside a pack's files."""
    told = {
        "name": pack.name,
        "version": pack.version,
        "digest": pack.digest,
        "files": {
            name: {"size_bytes": kept.size_bytes, "sha256": kept.sha256}
            for name, kept in sorted(files.items())
        },
    }
    return json.dumps(told, indent=1) + "\n"


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, _size_bytes: int, _changed_ns: int) -> str:
    return sha256_of(path)


def _is_whole(path: Path, kept: Kept) -> bool:
    try:
        return path.stat().st_size == kept.size_bytes and sha256_of(path) == kept.sha256
    except OSError:
        return False
