"""A small interpreter for ONNX graphs of convolutions, in numpy: as many operators as our models have.

Names, fields and the meaning of each operator are those of onnx.proto and of the operator set 13 (also where
axes are still attributes, as before). Arrays have the layout (batch, channels, height, width).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.special
from numpy.typing import NDArray

from cadenza.domain.errors import Unavailable
from cadenza.engines.embedded.listen.ears.wire import fields, varint

Array = NDArray[Any]
Attributes = Mapping[str, Any]
Operator = Callable[[Sequence[Array], Attributes], Array]

_TYPES: Final = {1: "<f4", 6: "<i4", 7: "<i8", 9: "|b1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operation: its operator, the names that it reads and writes, its attributes."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A model: its operations in an order that can be run, and its constants."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def run(self, *values: Array) -> Mapping[str, Array]:
        """Return the outputs by their names. Values are let go when nobody reads them any more."""
        last = {name: place for place, node in enumerate(self.nodes) for name in node.inputs}
        known = dict(zip(self.inputs, values, strict=True))
        for place, node in enumerate(self.nodes):
            read = [known[name] if name in known else self.constants[name] for name in node.inputs]
            known[node.output] = OPERATORS[node.operator](read, node.attributes)
            for name in node.inputs:
                if last[name] == place and name not in self.outputs:
                    known.pop(name, None)
        return {name: known[name] for name in self.outputs}


def read_graph(model: bytes) -> Graph:
    """Return the graph of an ONNX file.

    Raises
    ------
    Unavailable
        It is no such file, or has an operator that is not known here.
    """
    try:
        graph = _graph(next(value for number, value in fields(model) if number == 7))
    except (StopIteration, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unavailable("The model's graph cannot be read.") from error
    unknown = {node.operator for node in graph.nodes} - OPERATORS.keys()
    if unknown:
        raise Unavailable(f"The model has operators that are not known here: {', '.join(sorted(unknown))}.")
    return graph


def _graph(message: bytes) -> Graph:
    nodes, inputs, outputs = [], [], []
    constants: dict[str, Array] = {}
    for number, value in fields(message):
        if number == 1:
            nodes.append(_node(value))
        elif number == 5:
            constants.update([_constant(value)])
        elif number == 11:
            inputs.append(_name(value))
        elif number == 12:
            outputs.append(_name(value))
    return Graph(
        nodes=tuple(nodes),
        constants=constants,
        inputs=tuple(name for name in inputs if name not in constants),
        outputs=tuple(outputs),
    )


def _name(message: bytes) -> str:
    return str(next(value.decode() for number, value in fields(message) if number == 1))


def _node(message: bytes) -> Node:
    told = list(fields(message))
    outputs = [value.decode() for number, value in told if number == 2]
    (output,) = outputs  # no operator of ours gives more than one
    return Node(
        operator=next(value.decode() for number, value in told if number == 4),
        inputs=tuple(value.decode() for number, value in told if number == 1),
        output=output,
        attributes=dict(_attribute(value) for number, value in told if number == 5),
    )


def _attribute(message: bytes) -> tuple[str, Any]:
    """Return name and value: an int, a text or a list of ints."""
    name, value, many = "", None, []
    for number, told in fields(message):
        if number == 1:
            name = told.decode()
        elif number == 3:
            value = _signed(told)
        elif number == 4:
            value = told.decode()
        elif number == 8:
            many += [_signed(told)] if isinstance(told, int) else _packed(told)
    return name, value if value is not None else many


def _constant(message: bytes) -> tuple[str, Array]:
    told = list(fields(message))
    shape: list[int] = []
    for number, value in told:
        if number == 1:
            shape += [value] if isinstance(value, int) else _packed(value)
    single = dict(told)
    data = np.frombuffer(single[9], _TYPES[single[2]])
    return single[8].decode(), data.reshape(shape)


def _packed(data: bytes) -> list[int]:
    numbers, place = [], 0
    while place < len(data):
        number, place = varint(data, place)
        numbers.append(_signed(number))
    return numbers


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _convolve(values: Sequence[Array], attributes: Attributes) -> Array:
    """Convolve: the windows of each row are gathered once and read by every row of the kernel."""
    of, kernel = values[0], values[1]
    across = [*attributes.get("strides", (1, 1))]
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    outs, channels, rows, columns = kernel.shape
    padded = np.ascontiguousarray(
        np.pad(of, ((0, 0), (0, 0), (top, bottom), (left, right))).transpose(0, 2, 3, 1)
    )
    batch, height, width, _ = padded.shape
    high, wide = (height - rows) // across[0] + 1, (width - columns) // across[1] + 1
    flat = padded.reshape(batch, height, width * channels)
    windows = np.lib.stride_tricks.sliding_window_view(flat, columns * channels, axis=2)
    windows = np.ascontiguousarray(windows[:, :, :: across[1] * channels][:, :, :wide])
    result = np.zeros((batch, high, wide, outs), of.dtype)
    for place in range(rows):
        taps = kernel[:, :, place].transpose(2, 1, 0).reshape(-1, outs)
        result += windows[:, place : place + across[0] * (high - 1) + 1 : across[0]] @ taps
    if len(values) > 2:
        result += values[2]
    return result.transpose(0, 3, 1, 2)


def _pad(values: Sequence[Array], attributes: Attributes) -> Array:
    half = len(values[1]) // 2
    widths = [
        (int(before), int(behind)) for before, behind in zip(values[1][:half], values[1][half:], strict=True)
    ]
    if attributes.get("mode") == "reflect":
        return np.pad(values[0], widths, mode="reflect")
    return np.pad(values[0], widths)


def _reshape(values: Sequence[Array], _: Attributes) -> Array:
    wanted = [int(size) or values[0].shape[place] for place, size in enumerate(values[1])]
    return values[0].reshape(wanted)


def _slice(values: Sequence[Array], _: Attributes) -> Array:
    of, starts, ends = values[0], values[1], values[2]
    axes = values[3] if len(values) > 3 else np.arange(len(starts))
    steps = values[4] if len(values) > 4 else np.ones(len(starts), int)
    chosen = [slice(None)] * of.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        stop = None if step < 0 and end < -of.shape[axis] else int(end)
        chosen[int(axis)] = slice(int(start), stop, int(step))
    return of[tuple(chosen)]


def _unsqueeze(values: Sequence[Array], attributes: Attributes) -> Array:
    axes = values[1].tolist() if len(values) > 1 else attributes["axes"]
    return np.expand_dims(values[0], tuple(axes))


def _reduced(function: Callable[..., Any]) -> Operator:
    def reduce(values: Sequence[Array], attributes: Attributes) -> Array:
        axes = values[1].tolist() if len(values) > 1 else attributes.get("axes")
        kept = bool(attributes.get("keepdims", 1))
        return np.asarray(function(values[0], axis=None if axes is None else tuple(axes), keepdims=kept))

    return reduce


def _each(function: Callable[..., Any]) -> Operator:
    return lambda values, _: np.asarray(function(*values))


def _cast(values: Sequence[Array], attributes: Attributes) -> Array:
    return values[0].astype(_TYPES[attributes["to"]])


def _divided(one: Array, other: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):  # the graph itself chooses what stands for 0 / 0
        return np.asarray(np.divide(one, other))


OPERATORS: Final[Mapping[str, Operator]] = {
    "Add": _each(np.add),
    "Cast": _cast,
    "Concat": lambda values, attributes: np.concatenate(values, axis=attributes["axis"]),
    "Conv": _convolve,
    "Div": _each(_divided),
    "Equal": _each(np.equal),
    "Log": _each(np.log),
    "Mul": _each(np.multiply),
    "Neg": _each(np.negative),
    "Pad": _pad,
    "ReduceMax": _reduced(np.max),
    "ReduceMin": _reduced(np.min),
    "ReduceSum": _reduced(np.sum),
    "Relu": _each(lambda of: np.maximum(of, 0)),
    "Reshape": _reshape,
    "Shape": lambda values, _: np.array(values[0].shape, np.int64),
    "Sigmoid": _each(scipy.special.expit),
    "Slice": _slice,
    "Sqrt": _each(np.sqrt),
    "Sub": _each(np.subtract),
    "Transpose": lambda values, attributes: values[0].transpose(attributes["perm"]),
    "Unsqueeze": _unsqueeze,
    "Where": _each(np.where),
}
