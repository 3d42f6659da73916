"""Taking the files that a pack wants out of a package's archive, each checked on its way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO, Final

from cadenza.packs.archives import BadArchive, judged, members
from cadenza.packs.catalogue import Package, Taken

_CHUNK_BYTES: Final = 1 << 20


def take(package: Package, archive: Path, into: Path) -> None:
    """Write the wanted files of a package below a folder.

    Raises
    ------
    BadArchive
        A file is missing, longer than it should be or of another SHA-256, or the archive itself is bad.
    """
    wanted = {file.source: file for file in package.files}
    with judged():
        for name, stream in members(archive, package.kind):
            if file := wanted.pop(name, None):
                _write_checked(stream, file, into / file.target)
            elif package.everything:
                _write(stream, into / package.everything / name)
    if wanted:
        raise BadArchive(f"The archive of {package} lacks {len(wanted)} of its files.")


def _write_checked(stream: IO[bytes], file: Taken, path: Path) -> None:
    size, digest = _write(stream, path, most=file.size_bytes)
    if (size, digest) != (file.size_bytes, file.sha256):
        raise BadArchive("A file of the archive is not the one that is pinned: its SHA-256 differs.")


def _write(stream: IO[bytes], path: Path, most: int | None = None) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if most is not None and size > most:
                raise BadArchive("A file of the archive is longer than it should be.")
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()
