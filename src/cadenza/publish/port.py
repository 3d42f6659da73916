"""What the rest of the service needs of a place where files lie: a folder here, or a bucket elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from cadenza.domain.artefact import Artefact, ArtefactKind


class FarFile(Protocol):
    """A stored file that does not lie on this machine."""

    def stream(self, start: int, stop: int, *, size_bytes: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` of a file that has ``size_bytes`` in all.

        Whoever asks for all of them gets the last ones only after the digest of the whole was found right.
        The first step may raise ``NotFound``; each may raise ``Unavailable``, and ``Damaged`` where the
        file is not what it was.
        """
        ...


class Media(Protocol):
    """Files named by the SHA-256 of their content (64 lower-case hex digits), whole and durable."""

    def put(self, path: Path, kind: ArtefactKind) -> Artefact:
        """Take over the finished file at ``path`` and return its artefact; ``path`` is gone then.

        When this returns, the file is kept; when it raises, nobody may refer to it. Raises ``OSError``
        where there is no room, ``Unavailable`` where the place does not answer.
        """
        ...

    def find(self, sha256: str) -> Path | FarFile:
        """Return the file: where it lies here, or how to read it from elsewhere. Raises ``NotFound``."""
        ...

    def keep(self, sha256: str, path: Path) -> None:
        """Let the file lie at ``path`` too, where it outlives its deletion.

        Raises ``NotFound``, ``Unavailable`` and ``Damaged``.
        """
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open the file for reading; it stays readable when it is deleted meanwhile. Raises as ``keep``."""
        ...

    def delete_unused(
        self,
        digests: Collection[str],
        *,
        used: Callable[[Collection[str]], Collection[str]],
        untouched_since_s: float,
    ) -> int:
        """Remove those files that nothing refers to and return how many there were.

        ``used`` tells which of some digests are referred to. A file that came, or came again, after
        ``untouched_since_s`` (Unix seconds) stays: whoever brought it may be about to refer to it.
        """
        ...

    def folders(self) -> Iterator[Sequence[str]]:
        """Yield the digests of all files, many at a time."""
        ...

    def clear_arriving(self, *, untouched_since_s: float) -> int:
        """Remove what arrived before and was never named, as a crash leaves it; return how many."""
        ...
