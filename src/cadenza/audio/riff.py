"""Chunks at the end of a WAV file, for what its own fields cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def info(fields: Sequence[tuple[bytes, str]]) -> bytes:
    """Return the content of a LIST chunk of kind INFO: names of four bytes, texts that end in a zero."""
    parts = [b"INFO"]
    for name, value in fields:
        text = value.encode() + b"\x00"
        parts += [name, len(text).to_bytes(4, "little"), text, bytes(len(text) % 2)]
    return b"".join(parts)


def append_chunks(path: Path, chunks: Sequence[tuple[bytes, bytes]]) -> None:
    """Append chunks (name of four bytes, content) to a WAV file of ours."""
    with path.open("r+b") as file:
        assert file.read(4) == b"RIFF", "written by us"
        size = file.seek(0, 2)
        if size % 2:
            file.write(b"\x00")
        for name, content in chunks:
            file.write(name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2))
        size = file.tell()
        file.seek(4)
        file.write((size - 8).to_bytes(4, "little"))
