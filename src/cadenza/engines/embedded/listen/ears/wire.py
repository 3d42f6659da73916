"""Just enough of the protocol buffers' wire format to read the models that come in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LONGEST_VARINT = 10


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return the number at a place and the place after it. Raises ``IndexError`` or ``ValueError``."""
    number = 0
    for count in range(_LONGEST_VARINT):
        byte = data[place + count]
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number, place + count + 1
    raise ValueError


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field: an int for a varint, the bytes of all others.

    What a field holds is for the reader of the message to know: a wrong one raises where it is used.

    Raises
    ------
    ValueError
        It is no message, or one that is cut off.
    """
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        kind = key & 7
        if kind == 0:
            number, place = varint(message, place)
            yield key >> 3, number
            continue
        if kind == 2:
            size, place = varint(message, place)
        elif kind in {1, 5}:
            size = 8 if kind == 1 else 4
        else:
            raise ValueError
        if place + size > len(message):
            raise ValueError
        yield key >> 3, message[place : place + size]
        place += size
