"""Making Ogg files repeatable: their stream's serial number is drawn at random by the encoder."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

_SERIAL: Final = b"Cdnz"
_SERIAL_AT, _CHECKSUM_AT, _SEGMENTS_AT = 14, 22, 26  # RFC 3533, section 6

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def give_fixed_serial(path: Path) -> None:
    """Replace the serial number in every page of the file at ``path`` by a fixed one."""
    data = bytearray(path.read_bytes())
    at = 0
    while data[at : at + 4] == b"OggS":
        size = _page_bytes(data, at)
        data[at + _SERIAL_AT : at + _SERIAL_AT + 4] = _SERIAL
        data[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = bytes(4)
        checksum = ogg_checksum(bytes(data[at : at + size]))
        data[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = checksum.to_bytes(4, "little")
        at += size
    path.write_bytes(data)


def ogg_checksum(page: bytes) -> int:
    """Return the CRC of a page: polynomial 04c11db7, start 0, most significant bit first.

    zlib's CRC has the same polynomial with its bits in the other order and starts from ones, so this is
    zlib's on mirrored bytes, mirrored back.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _page_bytes(data: bytearray, at: int) -> int:
    segments = data[at + _SEGMENTS_AT]
    table = at + _SEGMENTS_AT + 1
    return _SEGMENTS_AT + 1 + segments + sum(data[table : table + segments])
