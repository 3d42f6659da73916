"""Tiny models in the formats of the real ones: random weights, the same layers, a few channels."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Attributes = Mapping[str, int | Sequence[int] | str]
Operation = tuple[str, Sequence[str], str, Attributes]


class _Add(Protocol):
    """Adds the tensors of one layer, by their shapes."""

    def __call__(self, kind: str, number: int, **parts: tuple[int, ...]) -> None:
        """Add them."""


CHANNELS: Final = (2, 3, 2, 3, 2, 3)


def varint(number: int) -> bytes:
    """Return a number as protocol buffers write it."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes | str) -> bytes:
    """Return one field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def checkpoint(tensors: Mapping[str, Array]) -> tuple[bytes, bytes]:
    """Return index and data of a checkpoint: two blocks, keys shortened by what they share."""
    data, entries = b"", [(b"", field(1, 1))]
    for name in sorted(tensors):
        raw = tensors[name].tobytes()
        shape = b"".join(field(2, field(1, size)) for size in tensors[name].shape)
        crc = _masked_crc(raw)
        value = field(1, 1) + field(2, shape) + field(4, len(data)) + field(5, len(raw))
        entries.append((name.encode(), value + varint(6 << 3 | 5) + struct.pack("<I", crc)))
        data += raw
    half = len(entries) // 2
    index, handles = b"", []
    for part in (entries[:half], entries[half:]):
        block = _block(part)
        handles.append((part[-1][0] + b"~", varint(len(index)) + varint(len(block) - 5)))
        index += block
    block = _block(handles)
    footer = varint(0) + varint(0) + varint(len(index)) + varint(len(block) - 5)
    return index + block + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57), data


def unet_tensors(seed: int = 0, nets: int = 2) -> dict[str, Array]:
    """Return the tensors of small U-Nets under the names that Spleeter's have."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}

    def add(kind: str, number: int, **parts: tuple[int, ...]) -> None:
        name = f"{kind}_{number}" if number else kind
        for part, shape in parts.items():
            values = rng.normal(0, 0.3, shape)
            tensors[f"{name}/{part}"] = (np.abs(values) if "variance" in part else values).astype(np.float32)

    sizes = (2, *CHANNELS)
    for net in range(nets):
        for place in range(6):
            into, out = sizes[place], sizes[place + 1]
            add("conv2d", 7 * net + place, kernel=(5, 5, into, out), bias=(out,))
            _add_norm(add, 12 * net + place, out)
        into = CHANNELS[-1]
        for place, out in enumerate((*CHANNELS[-2::-1], 1)):
            add("conv2d_transpose", 6 * net + place, kernel=(5, 5, out, into), bias=(out,))
            _add_norm(add, 12 * net + 6 + place, out)
            into = 2 * out
        add("conv2d", 7 * net + 6, kernel=(4, 4, 1, 2), bias=(2,))
    return tensors


def onnx_file(
    nodes: Sequence[Operation],
    constants: Mapping[str, NDArray[np.generic]],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> bytes:
    """Return an ONNX file of these operations: operator, what it reads, what it writes, attributes."""
    kinds = {"float32": 1, "int32": 6, "int64": 7, "bool": 9}
    graph = b"".join(
        field(
            1,
            b"".join(field(1, name) for name in read)
            + field(2, written)
            + field(4, operator)
            + b"".join(field(5, _attribute(name, value)) for name, value in attributes.items()),
        )
        for operator, read, written, attributes in nodes
    )
    for name, values in constants.items():
        shape = b"".join(field(1, size) for size in values.shape)
        told = shape + field(2, kinds[values.dtype.name]) + field(8, name) + field(9, values.tobytes())
        graph += field(5, told)
    graph += b"".join(field(11, field(1, name)) for name in inputs)
    graph += b"".join(field(12, field(1, name)) for name in outputs)
    return field(1, 8) + field(7, graph)


def keys_model() -> bytes:
    """Return a graph with the outputs of the one that hears notes: every key lit as loud as its hop is.

    It reads (windows, 43844, 1) and gives (windows, 172, 88) as notes and, the same, as onsets.
    """
    shape = np.array([-1, 172, 254], np.int64)
    nodes: list[Operation] = [
        ("Slice", ("heard", "from", "to", "axis"), "cut", {}),
        ("Reshape", ("cut", "shape"), "hops", {}),
        ("Mul", ("hops", "hops"), "power", {}),
        ("ReduceMax", ("power",), "peak", {"axes": (2,), "keepdims": 1}),
        ("Mul", ("peak", "keys"), "StatefulPartitionedCall:1", {}),
        ("Mul", ("peak", "keys"), "StatefulPartitionedCall:2", {}),
    ]
    constants: dict[str, NDArray[np.generic]] = {
        "from": np.array([0], np.int64),
        "to": np.array([172 * 254], np.int64),
        "axis": np.array([1], np.int64),
        "shape": shape,
        "keys": np.eye(88, dtype=np.float32)[48],
    }
    outputs = ("StatefulPartitionedCall:2", "StatefulPartitionedCall:1")
    return onnx_file(nodes, constants, ("heard",), outputs)


def _block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    block, before = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), 0)
        block += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    block += struct.pack("<II", 0, 1) + b"\0"  # one restart, at the beginning; not compressed
    return block + struct.pack("<I", _masked_crc(block))


def _add_norm(add: _Add, number: int, size: int) -> None:
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    add("batch_normalization", number, **dict.fromkeys(parts, (size,)))


def _attribute(name: str, value: int | Sequence[int] | str) -> bytes:
    if isinstance(value, str):
        return field(1, name) + field(4, value)
    if isinstance(value, int):
        return field(1, name) + field(3, value)
    return field(1, name) + b"".join(field(8, one) for one in value)


def _masked_crc(data: bytes) -> int:
    """Return the CRC-32C of bytes, bit by bit, as LevelDB writes it."""
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    crc = state ^ 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
