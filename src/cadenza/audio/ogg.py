"""Ogg pages (RFC 3533): a serial number that does not change, and other comments in Vorbis headers."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SERIAL: Final = b"Cdnz"  # the encoder draws one at random, and files shall be repeatable
_HEAD_BYTES: Final = 27
_FLAGS_AT, _CHECKSUM_AT, _SEGMENTS_AT = 5, 22, 26
_CONTINUED: Final = 1
_FULL_SEGMENT, _MOST_SEGMENTS = 255, 255
_COMMENT_HEAD, _COMMENT_END = b"\x03vorbis", b"\x01"

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def settle(path: Path, comments: bytes) -> None:
    """Give the Vorbis file at ``path`` our serial number and ``comments`` (see ``vorbis.comments``)."""
    pages = _pages(path.read_bytes())
    first = next(pages)
    headers: list[bytes] = []
    while len(headers) < 3 or headers[-1]:  # the comments and the setup end a page together
        headers = _packets_into(headers or [b""], next(pages))
    packets = [_COMMENT_HEAD + comments + _COMMENT_END, headers[1]]
    with path.open("wb") as file:
        file.write(_page(first[_FLAGS_AT], first[6:14], 0, *_laces_and_body(first)))
        between = list(_header_pages(packets))
        for number, (flags, laces, body) in enumerate(between, start=1):
            file.write(_page(flags, _place_in_headers(laces), number, laces, body))
        for number, page in enumerate(pages, start=1 + len(between)):
            file.write(_page(page[_FLAGS_AT], page[6:14], number, *_laces_and_body(page)))


def ogg_checksum(page: bytes) -> int:
    """Return the CRC of a page: polynomial 04c11db7, start 0, most significant bit first.

    zlib's CRC has the same polynomial with its bits in the other order and starts from ones, so this is
    zlib's on mirrored bytes, mirrored back.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(data: bytes) -> Iterator[bytes]:
    at = 0
    while data[at : at + 4] == b"OggS":
        table = data[at + _HEAD_BYTES : at + _HEAD_BYTES + data[at + _SEGMENTS_AT]]
        end = at + _HEAD_BYTES + len(table) + sum(table)
        yield data[at:end]
        at = end


def _laces_and_body(page: bytes) -> tuple[bytes, bytes]:
    table_end = _HEAD_BYTES + page[_SEGMENTS_AT]
    return page[_HEAD_BYTES:table_end], page[table_end:]


def _packets_into(packets: list[bytes], page: bytes) -> list[bytes]:
    """Go on with the last of ``packets`` through a page; an empty last one says that it ended there."""
    laces, body = _laces_and_body(page)
    packets, at = list(packets), 0
    for lace in laces:
        packets[-1] += body[at : at + lace]
        at += lace
        if lace < _FULL_SEGMENT:
            packets.append(b"")
    return packets


def _header_pages(packets: list[bytes]) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield flags, lacing values and body of the pages that hold whole packets one after another."""
    laces = [lace for packet in packets for lace in _laces(len(packet))]
    body, at = b"".join(packets), 0
    for start in range(0, len(laces), _MOST_SEGMENTS):
        some = bytes(laces[start : start + _MOST_SEGMENTS])
        goes_on = start > 0 and laces[start - 1] == _FULL_SEGMENT
        yield _CONTINUED if goes_on else 0, some, body[at : at + sum(some)]
        at += sum(some)


def _place_in_headers(laces: bytes) -> bytes:
    """Return 0, or -1 where no packet ends on the page."""
    return b"\xff" * 8 if min(laces) == _FULL_SEGMENT else bytes(8)


def _laces(size: int) -> list[int]:
    return [_FULL_SEGMENT] * (size // _FULL_SEGMENT) + [size % _FULL_SEGMENT]


def _page(flags: int, position: bytes, number: int, laces: bytes, body: bytes) -> bytes:
    """Return a page; ``position`` is the granule position as it stands in the file."""
    page = bytearray(b"OggS\x00" + bytes([flags]) + position + _SERIAL + number.to_bytes(4, "little"))
    page += bytes(4) + bytes([len(laces)]) + laces + body
    page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = ogg_checksum(bytes(page)).to_bytes(4, "little")
    return bytes(page)
