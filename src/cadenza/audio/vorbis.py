"""Vorbis comments, in FLAC (RFC 9639, sections 8.6 and 8.8) and in Ogg Vorbis (Vorbis I, section 5)."""

from __future__ import annotations

import base64
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

Field = tuple[str, str]

_VENDOR: Final = b"Cadenza"
_PADDING, _COMMENTS, _PICTURE = 1, 4, 6
_LAST: Final = 0x80
_FRONT_COVER: Final = 3


def comments(fields: Sequence[Field]) -> bytes:
    """Return named texts as a comment header without frame; names are ASCII and may come twice."""
    listed = [f"{name}={value}".encode() for name, value in fields]
    parts = [_sized(_VENDOR), struct.pack("<I", len(listed)), *(_sized(one) for one in listed)]
    return b"".join(parts)


def picture(jpeg: bytes, *, width: int, height: int) -> bytes:
    """Return a front cover as a FLAC picture block without its head."""
    kind = b"image/jpeg"
    head = struct.pack(">II", _FRONT_COVER, len(kind)) + kind + struct.pack(">I", 0)
    return head + struct.pack(">IIIII", width, height, 24, 0, len(jpeg)) + jpeg


def picture_field(block: bytes) -> Field:
    """Return a picture as the comment that Ogg files carry it in."""
    return "METADATA_BLOCK_PICTURE", base64.b64encode(block).decode("ascii")


def tag_flac(path: Path, fields: Sequence[Field], cover: bytes | None) -> None:
    """Replace what a FLAC file says about itself, but for its stream info; ``cover`` is a picture block."""
    untagged = path.with_name(f"{path.name}.untagged")
    path.replace(untagged)
    with untagged.open("rb") as sound, path.open("wb") as tagged:
        assert sound.read(4) == b"fLaC", "written by us"
        kept = _blocks_of(sound.read)
        blocks = [block for block in kept if block[0] not in {_PADDING, _COMMENTS, _PICTURE}]
        blocks.append((_COMMENTS, comments(fields)))
        if cover is not None:
            blocks.append((_PICTURE, cover))
        tagged.write(b"fLaC")
        for place, (kind, content) in enumerate(blocks, start=1):
            last = _LAST if place == len(blocks) else 0
            tagged.write(bytes([kind | last]) + len(content).to_bytes(3, "big") + content)
        shutil.copyfileobj(sound, tagged)
    untagged.unlink()


def _blocks_of(read: Callable[[int], bytes]) -> list[tuple[int, bytes]]:
    """Read metadata blocks up to the last: kind and content of each."""
    blocks, is_last = [], False
    while not is_last:
        head = read(4)
        is_last = bool(head[0] & _LAST)
        blocks.append((head[0] & ~_LAST, read(int.from_bytes(head[1:], "big"))))
    return blocks


def _sized(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content
