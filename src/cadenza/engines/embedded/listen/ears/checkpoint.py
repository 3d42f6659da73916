"""Reading a TensorFlow checkpoint with numpy alone: its index is a sorted table, its data are plain arrays.

The index is LevelDB's table format (table_format.md of that project) with one small protocol buffer for each
tensor (tensor_bundle.proto of TensorFlow). Every block and every tensor carries the CRC-32C of its bytes,
which is checked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cadenza.domain.errors import Unavailable
from cadenza.engines.embedded.listen.ears.wire import fields, varint

Weights = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]

_MAGIC: Final = 0xDB4775248B80FB57
_FOOTER, _TRAILER = 48, 5
_FLOAT32: Final = 1
_CASTAGNOLI: Final = 0x82F63B78  # the polynomial, lowest power in the highest bit
_MASK_DELTA: Final = 0xA282EAD8  # checksums are hidden, for data that hold checksums themselves
_MOST_LANES: Final = 1 << 14
_WORTH_LANES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Where one tensor lies, in bytes, and its checksum."""

    dtype: int
    shape: tuple[int, ...]
    offset: int
    size: int
    masked_crc: int


def read_checkpoint(index: bytes, data: Bytes) -> Mapping[str, Weights]:
    """Return all float32 tensors of a checkpoint of one shard, by their names.

    Raises
    ------
    Unavailable
        It is no such checkpoint, or a checksum is wrong.
    """
    try:
        entries = {key.decode(): _entry(value) for key, value in _table(index) if key}
    except (IndexError, KeyError, TypeError, struct.error, ValueError) as error:
        raise Unavailable("The index of the model cannot be read.") from error
    return {name: _tensor(data, entry) for name, entry in entries.items() if entry.dtype == _FLOAT32}


def crc32c(data: Bytes) -> int:
    """Return the CRC-32C (Castagnoli) of bytes.

    Many bytes are dealt to lanes that are worked on side by side, then neighbours are joined two by two: the
    checksum of two stretches is that of the first, moved over the length of the second, xor the second's.
    """
    if data.size < _WORTH_LANES:
        return _crc32c_byte_by_byte(data.tobytes())
    lanes = 1 << (min(_MOST_LANES, data.size // 64).bit_length() - 1)
    length = -(-data.size // lanes)
    start = lanes * length - data.size
    dealt = np.zeros(lanes * length, np.uint8)  # zeros before the message change nothing
    dealt[start:] = data
    dealt[start : start + 4] ^= 0xFF  # the register begins with ones
    table, state = _byte_table(), np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(dealt.reshape(lanes, length).T):
        state = table[(state ^ column) & 0xFF] ^ (state >> np.uint32(8))
    shift = _over_zeros(length)
    while state.size > 1:
        state = _moved(shift, state[0::2]) ^ state[1::2]
        shift = _moved(shift, shift)
    return int(state[0]) ^ 0xFFFFFFFF


def _crc32c_byte_by_byte(data: bytes) -> int:
    table, state = _byte_table().tolist(), 0xFFFFFFFF
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ state >> 8
    return int(state) ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """Return a checksum as LevelDB writes it."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def _table(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a table: its index block names the data blocks."""
    if len(index) < _FOOTER or struct.unpack("<Q", index[-8:])[0] != _MAGIC:
        raise ValueError
    place = len(index) - _FOOTER
    for _ in range(2):  # the place of the statistics, which are passed over
        _, place = varint(index, place)
    for _, handle in _block(index, *_handle(index, place)):
        yield from _block(index, *_handle(handle, 0))


def _handle(data: bytes, place: int) -> tuple[int, int]:
    offset, place = varint(data, place)
    return offset, varint(data, place)[0]


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of one block; each key is told by what it adds to the key before."""
    whole = index[offset : offset + size + _TRAILER]
    kind, crc = whole[size], struct.unpack("<I", whole[size + 1 :])[0]
    if kind != 0 or masked(crc32c(np.frombuffer(whole[: size + 1], np.uint8))) != crc:
        raise ValueError
    (restarts,) = struct.unpack("<I", whole[size - 4 : size])
    place, key = 0, b""
    while place < size - 4 - 4 * restarts:
        shared, place = varint(whole, place)
        unshared, place = varint(whole, place)
        length, place = varint(whole, place)
        key = key[:shared] + whole[place : place + unshared]
        place += unshared
        yield key, whole[place : place + length]
        place += length


def _entry(value: bytes) -> _Entry:
    told = dict(fields(value))
    shape = tuple(int(dict(fields(dim)).get(1, 0)) for number, dim in fields(told.get(2, b"")) if number == 2)
    return _Entry(
        dtype=int(told[1]),
        shape=shape,
        offset=int(told.get(4, 0)),
        size=int(told[5]),
        masked_crc=struct.unpack("<I", told[6])[0],
    )


def _tensor(data: Bytes, entry: _Entry) -> Weights:
    raw = data[entry.offset : entry.offset + entry.size]
    if raw.size != entry.size or raw.size != 4 * int(np.prod(entry.shape)):
        raise Unavailable("The model is shorter than its index says.")
    if masked(crc32c(raw)) != entry.masked_crc:
        raise Unavailable("The model is damaged: a checksum is wrong.")
    return raw.view("<f4").reshape(entry.shape).astype(np.float32)


@cache
def _byte_table() -> Words:
    """Return what each value of a byte turns the register into."""
    state = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        state = np.where(state & 1, (state >> np.uint32(1)) ^ np.uint32(_CASTAGNOLI), state >> np.uint32(1))
    return state


def _over_zeros(count: int) -> Words:
    """Return what each bit of the register becomes over ``count`` bytes of zero, (32,)."""
    result = one = np.uint32(1) << np.arange(32, dtype=np.uint32)
    one = _byte_table()[one & 0xFF] ^ (one >> np.uint32(8))
    while count:
        if count & 1:
            result = _moved(one, result)
        one = _moved(one, one)
        count >>= 1
    return np.asarray(result)


def _moved(shift: Words, states: Words) -> Words:
    """Apply a linear map of the register, given by its images of the 32 bits, to every state."""
    moved = np.zeros_like(states)
    for bit in range(32):
        moved ^= np.where((states >> np.uint32(bit)) & 1, shift[bit], np.uint32(0))
    return moved
