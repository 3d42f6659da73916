"""ID3v2.4 tags (id3.org, "ID3 tag version 2.4.0": main structure, native frames)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_UTF8: Final = b"\x03"
_LANGUAGE: Final = b"eng"
_FRONT_COVER: Final = b"\x03"
_MILLISECONDS: Final = b"\x02"
_LYRICS: Final = b"\x01"


def tag(frames: Iterable[bytes]) -> bytes:
    """Return a whole tag."""
    body = b"".join(frames)
    return b"ID3\x04\x00\x00" + _spread(len(body)) + body


def frame(name: str, content: bytes) -> bytes:
    """Return one frame; ``name`` has four characters."""
    assert len(name) == 4
    return name.encode("ascii") + _spread(len(content)) + b"\x00\x00" + content


def text(name: str, value: str) -> bytes:
    """Return a text frame, such as TIT2."""
    return frame(name, _UTF8 + value.encode())


def own_text(what: str, value: str) -> bytes:
    """Return a text that ID3 has no frame for (TXXX), under a description."""
    return frame("TXXX", _UTF8 + what.encode() + b"\x00" + value.encode())


def comment(value: str) -> bytes:
    """Return the comment."""
    return frame("COMM", _UTF8 + _LANGUAGE + b"\x00" + value.encode())


def lyrics(value: str) -> bytes:
    """Return the words as one text (USLT)."""
    return frame("USLT", _UTF8 + _LANGUAGE + b"\x00" + value.encode())


def timed_lyrics(entries: Iterable[tuple[str, float]]) -> bytes:
    """Return the words with the second at which each begins (SYLT); a new line begins with one."""
    head = _UTF8 + _LANGUAGE + _MILLISECONDS + _LYRICS + b"\x00"
    timed = (text.encode() + b"\x00" + round(at_s * 1000).to_bytes(4, "big") for text, at_s in entries)
    return frame("SYLT", head + b"".join(timed))


def picture(jpeg: bytes) -> bytes:
    """Return the front cover."""
    return frame("APIC", _UTF8 + b"image/jpeg\x00" + _FRONT_COVER + b"\x00" + jpeg)


def private(owner: str, content: bytes) -> bytes:
    """Return what only programs read; "XMP" owns an XMP packet (XMP specification, part 3)."""
    return frame("PRIV", owner.encode("ascii") + b"\x00" + content)


def put_before(path: Path, whole_tag: bytes) -> None:
    """Let an MP3 that has no tag begin with one."""
    untagged = path.with_name(f"{path.name}.untagged")
    path.replace(untagged)
    with untagged.open("rb") as sound, path.open("wb") as tagged:
        tagged.write(whole_tag)
        shutil.copyfileobj(sound, tagged)
    untagged.unlink()


def _spread(size: int) -> bytes:
    """Return a size in four bytes of seven bits, so that it never looks like the start of a sound frame."""
    assert size < 1 << 28
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
