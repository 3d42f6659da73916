"""Reading wheels, npm tarballs and Debian packages: member by member, as streams, believing nothing.

A path that leaves the folder, a link, a device, too many members or more bytes than an archive may hold end
the reading with ``BadArchive``. What a member's bytes must be is decided by whoever takes them.
"""

from __future__ import annotations

import errno
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from cadenza.packs.catalogue import Kind, is_safe

MOST_MEMBERS: Final = 20_000
MOST_BYTES: Final = 1024**3
_XZ_MEMORY_BYTES: Final = 256 * 1024**2
_READ_BYTES: Final = 1 << 16
_AR_MAGIC, _AR_HEADER = b"!<arch>\n", 60

Member = tuple[str, IO[bytes]]


class BadArchive(Exception):
    """An archive is not what it should be; the text is a sentence."""


def members(path: Path, kind: Kind) -> Iterator[Member]:
    """Yield path and bytes of every regular file of an archive; the bytes are readable until the next one.

    A leading ``./`` is taken off; folders are passed over. Damage raises many kinds of errors, here and where
    the bytes are read: both belong inside ``judged``.

    Raises
    ------
    BadArchive
        It holds what no package of ours has.
    """
    reader: Callable[[Path], Iterator[Member]] = {Kind.PYPI: _zip, Kind.NPM: _npm, Kind.DEB: _deb}[kind]
    for count, (name, stream) in enumerate(reader(path)):
        if count >= MOST_MEMBERS:
            raise BadArchive(f"The archive has more than {MOST_MEMBERS} files.")
        if not is_safe(name):
            raise BadArchive("The archive has a path that leads out of it.")
        yield name, stream


@contextmanager
def judged() -> Iterator[None]:
    """Let whatever a damaged archive raises in this block come out as ``BadArchive``."""
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError) as error:
        raise BadArchive("The archive is damaged.") from error
    except (ValueError, struct.error) as error:  # fields of a header that contradict each other
        raise BadArchive("The archive is damaged.") from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile, for encrypted and unusual members
        raise BadArchive("The archive is of an unusual kind.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a seek to where no file has bytes
            raise
        raise BadArchive("The archive is damaged.") from error


def _zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise BadArchive(f"The archive unpacks to more than {MOST_BYTES} bytes.")
        for info in infos:
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
                raise BadArchive("The archive has a link or a device.")
            with archive.open(info) as stream:  # gives file_size bytes at most, whatever is packed
                yield info.filename, stream


def _npm(path: Path) -> Iterator[Member]:
    with path.open("rb") as file:
        yield from _tar(_Bounded(_Inflated(file, zlib.decompressobj(wbits=31)), MOST_BYTES))


def _deb(path: Path) -> Iterator[Member]:
    """Yield the files of ``data.tar`` in the ar archive that a Debian package is (deb(5))."""
    with path.open("rb") as file:
        name, size = _find_data(file)
        with _unpacked(_Slice(file, size), name) as stream:
            yield from _tar(_Bounded(stream, MOST_BYTES))


def _find_data(file: IO[bytes]) -> tuple[str, int]:
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise BadArchive("The archive is not a Debian package.")
    for _ in range(8):  # a package has three members
        header = file.read(_AR_HEADER)
        if len(header) < _AR_HEADER or header[58:] != b"`\n":
            break
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        try:
            size = int(header[48:58])
        except ValueError:
            break
        if size < 0:
            break
        if name.startswith("data.tar"):
            return name, size
        file.seek(size + size % 2, io.SEEK_CUR)
    raise BadArchive("The Debian package has no files.")


@contextmanager
def _unpacked(stream: io.RawIOBase, name: str) -> Iterator[io.RawIOBase]:
    suffix = name.removeprefix("data.tar")
    if suffix == "":
        yield stream
    elif suffix == ".gz":
        yield _Inflated(stream, zlib.decompressobj(wbits=31))
    elif suffix == ".xz":
        yield _Inflated(stream, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES))
    elif suffix == ".zst":
        try:
            from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - since Python 3.14
        except ImportError:
            raise BadArchive("The package is packed with zstd, which needs Python 3.14 or newer.") from None
        with zstd.ZstdFile(stream) as inner:
            yield inner
    else:
        raise BadArchive("The Debian package is packed in an unknown way.")


def _tar(stream: io.RawIOBase) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BufferedReader(stream, _READ_BYTES), mode="r|") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isdir() and (name in {"", "."} or is_safe(name)):
                continue
            if not member.isreg():
                raise BadArchive("The archive has a link or a device.")
            found = archive.extractfile(member)
            assert found is not None, "a regular file has bytes"
            yield name, found


class _Slice(io.RawIOBase):
    """The next bytes of a file, and no more."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        super().__init__()
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # what BufferedReader hands over
        piece = self._file.read(min(len(view), self._left))
        self._left -= len(piece)
        view[: len(piece)] = piece
        return len(piece)


class _Inflated(io.RawIOBase):
    """What a packed stream unpacks to, never more at once than is asked for."""

    def __init__(self, packed: IO[bytes] | io.RawIOBase, engine: object) -> None:
        super().__init__()
        self._packed, self._engine = packed, engine
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # what BufferedReader hands over
        piece = b""
        while not piece and not self._engine.eof:  # type: ignore[attr-defined]  # zlib's and lzma's alike
            piece = self._some(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _some(self, most: int) -> bytes:
        engine = self._engine
        if isinstance(engine, lzma.LZMADecompressor):
            more = self._fed() if engine.needs_input else b""
            return engine.decompress(more, most)
        packed = self._waiting or self._fed()
        piece: bytes = engine.decompress(packed, most)  # type: ignore[attr-defined]
        self._waiting = engine.unconsumed_tail  # type: ignore[attr-defined]
        return piece

    def _fed(self) -> bytes:
        packed = self._packed.read(_READ_BYTES)
        if not packed:
            raise EOFError
        return packed


class _Bounded(io.RawIOBase):
    """A stream that ends in an error when it gives more than it may."""

    def __init__(self, stream: io.RawIOBase, most: int) -> None:
        super().__init__()
        self._stream, self._left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        got = self._stream.readinto(buffer) or 0  # type: ignore[arg-type]
        self._left -= got
        if self._left < 0:
            raise BadArchive(f"The archive unpacks to more than {MOST_BYTES} bytes.")
        return got
