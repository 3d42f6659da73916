"""The archive of an installation: one tar file with the database, the files it refers to, and the pepper."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cadenza.audio.files import sync_file, sync_folder
from cadenza.domain.errors import Conflict, Damaged, NotFound, Unavailable
from cadenza.settings import Settings
from cadenza.stores import snapshot
from cadenza.wiring.storage import open_media

_DATABASE: Final = "cadenza.sqlite"
# What keys are checked with, and the key that the first start printed.
_SECRETS: Final = ("pepper", "first-key")
_MEDIA: Final = re.compile(r"media/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_POSTGRESQL: Final = (
    "This installation keeps its database in PostgreSQL: save it with pg_dump, and then the data folder "
    "with the media files, in this order."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What an archive holds: how many media files, and the size of the whole in bytes.

    ``missing`` files were deleted between the copy of the database and their turn: their time was over.
    ``damaged`` ones are not what they were when they came into the bucket, and are left out.
    """

    files: int
    missing: int
    damaged: int = 0
    size_bytes: int


def backup(settings: Settings, file: Path) -> Archived:
    """Write the archive of an installation, which may be at work.

    The database is copied first: every file that it refers to has its name already, and files never change.

    Raises
    ------
    Conflict
        The file is there already, or the database is PostgreSQL.
    Unavailable
        There is no database, or its copy is not whole.
    """
    if settings.database_url:
        raise Conflict(_POSTGRESQL)
    if file.exists():
        raise Conflict("The file of the backup is there already; choose another name.")
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}.partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds secrets
        counts = _write(settings, partial)
        sync_file(partial)
        partial.replace(file)
        sync_folder(file.absolute().parent)
    finally:
        partial.unlink(missing_ok=True)
    return Archived(**counts, size_bytes=file.stat().st_size)


def _write(settings: Settings, partial: Path) -> dict[str, int]:
    media = open_media(settings)
    counts = {"files": 0, "missing": 0, "damaged": 0}
    with (
        tempfile.TemporaryDirectory(dir=partial.absolute().parent) as folder,
        tarfile.open(partial, "w") as tar,
    ):
        copy = Path(folder) / _DATABASE
        snapshot.snapshot(settings.data / _DATABASE, copy)
        tar.add(copy, _DATABASE)
        for name in _SECRETS:
            if (settings.data / name).is_file():
                tar.add(settings.data / name, name)
        for digest in sorted(snapshot.digests(copy)):
            try:
                with media.open(digest) as file:
                    info = tar.gettarinfo(arcname=f"media/{digest[:2]}/{digest}", fileobj=file)
                    tar.addfile(info, file)
                    counts["files"] += 1
            except NotFound:
                counts["missing"] += 1
            except Damaged:
                counts["damaged"] += 1
    return counts


def restore(file: Path, data: Path) -> Archived:
    """Make a data folder of an archive; every byte is checked before the folder has its name.

    Raises
    ------
    Conflict
        The data folder is there and not empty.
    Unavailable
        The archive is not whole, or not one of ours.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Conflict("The data folder is not empty; choose another with --data.")
    data.absolute().parent.mkdir(parents=True, exist_ok=True)
    arriving = Path(tempfile.mkdtemp(prefix=f".{data.name}-", dir=data.absolute().parent))
    try:
        files = _read(file, arriving)
        snapshot.check(arriving / _DATABASE)
        missing = len(snapshot.digests(arriving / _DATABASE)) - files
        if data.exists():
            data.rmdir()
        arriving.rename(data)
        sync_folder(data.absolute().parent)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    return Archived(files=files, missing=max(0, missing), size_bytes=file.stat().st_size)


def _read(file: Path, folder: Path) -> int:
    files = 0
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                files += _take(tar, member, folder)
    except (tarfile.TarError, EOFError) as error:
        raise Unavailable("This is no whole archive of cadenza backup.") from error
    if not (folder / _DATABASE).is_file():
        raise Unavailable("This is no whole archive of cadenza backup.")
    return files


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> int:
    """Write one member to its place; return whether it is a media file. Only our own names are taken."""
    media = _MEDIA.fullmatch(member.name)
    if not member.isreg() or not (media or member.name in {_DATABASE, *_SECRETS}):
        raise Unavailable("This archive holds what cadenza backup does not write.")
    source = tar.extractfile(member)
    assert source is not None, "a regular member can be read"
    place = folder / member.name
    place.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target:
        shutil.copyfileobj(source, target)
    sync_file(place)
    if media:
        with place.open("rb") as written:
            if hashlib.file_digest(written, "sha256").hexdigest() != media[2]:
                raise Unavailable("A media file in this archive is damaged.")
    return 1 if media else 0
