"""The media store in a bucket of an S3-compatible store: objects named by their content.

This is the only module that speaks to the operator's own storage. Its address comes from the settings
and never from a caller, so the judge of ``outbound`` has no say here.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.errors import CadenzaError, Damaged, NotFound, Unavailable
from cadenza.publish.bucket import Bucket

if TYPE_CHECKING:
    from obstore.store import S3Config  # not there at run time

_log = structlog.get_logger()

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_CODE: Final = re.compile(r"<Code>(\w{1,64})</Code>")
_PROBE: Final = "probe"
_PART_BYTES: Final = 8 << 20  # a larger file goes in parts of this size
_PARTS_AT_ONCE: Final = 2
_PIECE_BYTES: Final = 256 << 10
_LISTED_AT_ONCE: Final = 1000
_TIMES_SENT: Final = 2
_LONGEST: Final = dt.timedelta(hours=1)  # a slow listener may take this long over one file
_RETRIES: Final = 3
_RETRIES_WITHIN: Final = dt.timedelta(seconds=15)
_FIRST_RETRY: Final = dt.timedelta(milliseconds=100)
_LONGEST_RETRY: Final = dt.timedelta(seconds=2)
_CONNECT: Final = dt.timedelta(seconds=5)


class ObjectStore:
    """A bucket of files, each at ``PREFIX/<first two digits>/<all 64 digits>`` of its SHA-256.

    A file counts as kept when it was read back and had its digest. There is no lock between processes, as
    there is on a folder: a file that nobody referred to for a quarter of an hour, and that arrives again in
    the moment between the last look at its age and its removal, would be lost.
    ``silence_s`` is how long the store may send nothing before it counts as away.
    """

    def __init__(self, bucket: Bucket, *, silence_s: float = 30.0) -> None:
        self._store = _open(bucket, silence=dt.timedelta(seconds=silence_s))

    def put(self, path: Path, kind: ArtefactKind) -> Artefact:
        """Take over the finished file at ``path`` and return its artefact; ``path`` is gone then.

        Raises ``Unavailable`` where the store does not answer, or does not keep what it was sent.
        """
        if path.is_symlink() or not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "there is no plain file to store")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        artefact = Artefact(kind=kind, sha256=sha256, size_bytes=path.stat().st_size)
        self._send(path, sha256)
        path.unlink()
        return artefact

    def copy_in(self, path: Path, sha256: str) -> bool:
        """Keep a copy of the file at ``path``, whose digest is known; False where it is there already."""
        if self._holds(sha256):
            return False
        self._send(path, sha256)
        return True

    def find(self, sha256: str) -> ObjectFile:
        """Return how to read the file. Raises ``NotFound`` for what is no digest."""
        return ObjectFile(self._store, _key(sha256), sha256)

    def keep(self, sha256: str, path: Path) -> None:
        """Bring the file to ``path``. Raises ``NotFound``, ``Unavailable`` and ``Damaged``."""
        self.find(sha256)
        try:
            with path.open("xb") as file:
                self._read(sha256, file)
        except CadenzaError:
            path.unlink(missing_ok=True)
            raise

    def open(self, sha256: str) -> BinaryIO:
        """Bring the file and open it; the copy is gone when it is closed. Raises as ``keep``."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked closes it
        try:
            self._read(sha256, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def delete_unused(
        self,
        digests: Collection[str],
        *,
        used: Callable[[Collection[str]], Collection[str]],
        untouched_since_s: float,
    ) -> int:
        """Remove those files that nothing refers to and return how many there were.

        A file that came, or came again, after ``untouched_since_s`` (Unix seconds) stays. Ages are the
        store's: its clock and ours must agree to within minutes.
        """
        unused = set(digests) - set(used(digests)) if digests else set()
        return sum(self._delete_if_older(digest, untouched_since_s) for digest in sorted(unused))

    def folders(self) -> Iterator[Sequence[str]]:
        """Yield the digests of all files, some hundreds at a time."""
        with _told():
            for listed in obstore.list(self._store, chunk_size=_LISTED_AT_ONCE):
                names = [one["path"].rpartition("/")[2] for one in listed]
                yield [name for name in names if _DIGEST.fullmatch(name)]

    def clear_arriving(self, *, untouched_since_s: float) -> int:  # noqa: ARG002 - as on a folder
        """Do nothing: an object has its name when it is whole, and not before."""
        return 0

    def probe(self) -> None:
        """Write, read and remove a small object. Raises ``Unavailable`` with the reason."""
        with _told():
            obstore.put(self._store, _PROBE, _PROBE.encode())
            kept = obstore.get(self._store, _PROBE).bytes().to_bytes()
            obstore.delete(self._store, _PROBE)
        if kept != _PROBE.encode():
            raise Unavailable("The storage does not give back what was written to it.")

    def _send(self, path: Path, sha256: str) -> None:
        for _ in range(_TIMES_SENT):
            with _told():
                obstore.put(
                    self._store,
                    _key(sha256),
                    path,
                    chunk_size=_PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                )
            if self._holds(sha256):
                return
            _log.warning("storage_kept_other_bytes", sha256=sha256)
        raise Unavailable("The storage does not keep files as they were sent.")

    def _holds(self, sha256: str) -> bool:
        """Answer whether the file is there, every byte of it."""
        try:
            self._read(sha256, None)
        except (NotFound, Damaged):
            return False
        return True

    def _read(self, sha256: str, into: IO[bytes] | None) -> None:
        """Read all of a file, and write it ``into`` something. Raises as ``keep``."""
        digest = hashlib.sha256()
        with _told():
            for piece in obstore.get(self._store, _key(sha256)).stream(min_chunk_size=_PIECE_BYTES):
                digest.update(piece)
                if into is not None:
                    into.write(piece)
        if digest.hexdigest() != sha256:
            raise _damaged(sha256)

    def _delete_if_older(self, sha256: str, moment_s: float) -> bool:
        try:
            with _told():
                if obstore.head(self._store, _key(sha256))["last_modified"].timestamp() >= moment_s:
                    return False
                obstore.delete(self._store, _key(sha256))
        except NotFound:
            return False
        return True


class ObjectFile:
    """One file in the bucket, read as it is asked for."""

    def __init__(self, store: S3Store, key: str, sha256: str) -> None:
        self._store, self._key, self._sha256 = store, key, sha256

    async def stream(self, start: int, stop: int, *, size_bytes: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop``; see ``FarFile``."""
        digest = hashlib.sha256()
        held = b""
        with _told():
            got = await obstore.get_async(self._store, self._key, options={"range": (start, stop)})
            if got.meta["size"] != size_bytes:
                raise _damaged(self._sha256)
            async for piece in got.stream(min_chunk_size=_PIECE_BYTES):
                if held:
                    yield held
                held = bytes(piece)
                digest.update(held)
        if stop - start == size_bytes and digest.hexdigest() != self._sha256:
            raise _damaged(self._sha256)
        yield held


def _open(bucket: Bucket, *, silence: dt.timedelta) -> S3Store:
    config: S3Config = {"region": bucket.region}
    if bucket.key_id:
        config["access_key_id"], config["secret_access_key"] = bucket.key_id, bucket.secret
    if bucket.session_token:
        config["session_token"] = bucket.session_token
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config=config,
        client_options={
            "allow_http": bucket.endpoint.startswith("http://"),
            "connect_timeout": _CONNECT,
            "read_timeout": silence,
            "timeout": _LONGEST,
        },
        retry_config={
            "max_retries": _RETRIES,
            "retry_timeout": _RETRIES_WITHIN,
            "backoff": {"init_backoff": _FIRST_RETRY, "max_backoff": _LONGEST_RETRY},
        },
    )


def _key(sha256: str) -> str:
    if not _DIGEST.fullmatch(sha256):
        raise NotFound("file")
    return f"{sha256[:2]}/{sha256}"


@contextmanager
def _told() -> Iterator[None]:
    """Tell the library's errors in our words; a bucket that is not there is no file that is not there."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise Unavailable("The storage has no such bucket.") from error
        raise NotFound("file") from None
    except BaseError as error:
        _log.warning("storage_away", reason=_reason(error))
        raise Unavailable("The storage of the media files does not answer as it should.") from error


def _reason(error: BaseError) -> str:
    """Return the store's own code for what is wrong, else the kind of error; its words may hold anything."""
    code = _CODE.search(str(error))
    return code[1] if code else type(error).__name__


def _damaged(sha256: str) -> Damaged:
    _log.error("stored_file_damaged", sha256=sha256)
    return Damaged("file")
