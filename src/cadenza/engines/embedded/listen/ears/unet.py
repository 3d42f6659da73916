"""A U-Net that tells one part of a mix from the rest by its spectrogram, in numpy.

The network of Jansson et al. ("Singing voice separation with deep U-Net convolutional networks", ISMIR 2017)
as Spleeter (Hennequin et al. 2020) lays it out: on the way down strided 5x5 convolutions whose raw output is
kept for the way up, on the way up transposed ones, then a 4x4 convolution of dilation 2 that gives the mask.
Arrays are (hops, bins, channels) in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.special
from numpy.typing import NDArray

Map = NDArray[np.float32]

DEPTH: Final = 6
_KERNEL, _LAST_KERNEL, _DILATION = 5, 4, 2
_LEAK: Final = np.float32(0.2)
_VARIANCE_FLOOR: Final = 1e-3  # of the batch norms when they were trained


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A convolution and what its batch norm does to each channel.

    ``kernel`` is (5 x 5 x in, out) on the way down, (in, 5 x 5 x out) on the way up, (4, 4, in, out) at the
    end, where ``scale`` and ``shift`` are 1 and 0.
    """

    kernel: Map
    bias: Map
    scale: Map
    shift: Map


@dataclass(frozen=True, slots=True)
class Unet:
    """The layers of one network in their order: six down, six up, the last."""

    layers: tuple[Layer, ...]

    def masked(self, magnitudes: Map) -> Map:
        """Return the part's magnitudes of a mix's; hops and bins are multiples of 64."""
        kept: list[Map] = []
        now = magnitudes
        for layer in self.layers[:DEPTH]:
            raw = _down(now, layer)
            kept.append(raw)
            now = raw * layer.scale + layer.shift
            np.maximum(now, _LEAK * now, out=now)
        now = kept.pop()
        for layer in self.layers[DEPTH : 2 * DEPTH]:
            up = _up(now, layer)
            np.maximum(up, 0, out=up)
            up *= layer.scale
            up += layer.shift
            now = np.concatenate([kept.pop(), up], axis=-1) if kept else up
        return _mask(now, self.layers[-1]) * magnitudes


def unets(tensors: Mapping[str, Map], count: int) -> tuple[Unet, ...]:
    """Return the networks of a checkpoint, which numbers the layers of each kind from network to network."""
    return tuple(Unet(tuple(_layers(tensors, net))) for net in range(count))


def flat(net: Unet, name: str) -> dict[str, Map]:
    """Return the arrays of a network under names that begin with its own; ``unflat`` turns them back."""
    parts = ("kernel", "bias", "scale", "shift")
    return {
        f"{name}-{place}-{part}": getattr(layer, part)
        for place, layer in enumerate(net.layers)
        for part in parts
    }


def unflat(arrays: Mapping[str, Map], name: str) -> Unet:
    """Return the network that was laid flat under a name."""
    return Unet(
        tuple(
            Layer(
                kernel=arrays[f"{name}-{place}-kernel"],
                bias=arrays[f"{name}-{place}-bias"],
                scale=arrays[f"{name}-{place}-scale"],
                shift=arrays[f"{name}-{place}-shift"],
            )
            for place in range(2 * DEPTH + 1)
        )
    )


def _layers(tensors: Mapping[str, Map], net: int) -> list[Layer]:
    layers = []
    for place in range(2 * DEPTH):
        is_down = place < DEPTH
        kind = "conv2d" if is_down else "conv2d_transpose"
        number = net * (DEPTH + 1) + place if is_down else net * DEPTH + place - DEPTH
        kernel = tensors[_named(kind, number, "kernel")]
        rows = kernel.reshape(-1, kernel.shape[-1])  # (5 x 5 x in, out) down, (5 x 5 x out, in) up
        scale, shift = _norm(tensors, net * 2 * DEPTH + place)
        layers.append(
            Layer(
                kernel=np.ascontiguousarray(rows if is_down else rows.T),
                bias=tensors[_named(kind, number, "bias")],
                scale=scale,
                shift=shift,
            )
        )
    last = net * (DEPTH + 1) + DEPTH
    kernel = tensors[_named("conv2d", last, "kernel")]
    bias = tensors[_named("conv2d", last, "bias")]
    layers.append(Layer(kernel=kernel, bias=bias, scale=np.ones_like(bias), shift=np.zeros_like(bias)))
    return layers


def _named(kind: str, number: int, part: str) -> str:
    return f"{kind}_{number}/{part}" if number else f"{kind}/{part}"


def _norm(tensors: Mapping[str, Map], number: int) -> tuple[Map, Map]:
    def part(name: str) -> Map:
        return tensors[_named("batch_normalization", number, name)]

    scale = part("gamma") / np.sqrt(part("moving_variance") + np.float32(_VARIANCE_FLOOR))
    return scale, part("beta") - part("moving_mean") * scale


def _down(of: Map, layer: Layer) -> Map:
    """Convolve with a stride of 2; even sizes get one row of zeros before and two behind."""
    padded = np.pad(of, ((1, 2), (1, 2), (0, 0)))
    hops, bins, channels = of.shape
    flat = padded.reshape(hops + 3, -1)
    windows = np.lib.stride_tricks.sliding_window_view(flat, (_KERNEL, _KERNEL * channels))
    windows = windows[::2, :: 2 * channels]
    taps = windows.reshape(-1, _KERNEL * _KERNEL * channels)
    return (taps @ layer.kernel + layer.bias).reshape(hops // 2, bins // 2, -1)


def _up(of: Map, layer: Layer) -> Map:
    """Convolve transposed with a stride of 2: the adjoint of ``_down``'s geometry."""
    hops, bins, channels = of.shape
    strokes = (of.reshape(-1, channels) @ layer.kernel).reshape(hops, bins, _KERNEL, _KERNEL, -1)
    whole = np.zeros((2 * hops + 3, 2 * bins + 3, strokes.shape[-1]), np.float32)
    for row in range(_KERNEL):
        for column in range(_KERNEL):
            whole[row : row + 2 * hops : 2, column : column + 2 * bins : 2] += strokes[:, :, row, column]
    return whole[1 : 1 + 2 * hops, 1 : 1 + 2 * bins] + layer.bias


def _mask(of: Map, layer: Layer) -> Map:
    hops, bins, channels = of.shape
    padded = np.pad(of, ((3, 3), (3, 3), (0, 0)))
    taps = np.stack(
        [
            padded[_DILATION * row :, _DILATION * column :][:hops, :bins]
            for row in range(_LAST_KERNEL)
            for column in range(_LAST_KERNEL)
        ],
        axis=2,
    )
    weights = layer.kernel.reshape(-1, layer.bias.size)
    logits = taps.reshape(-1, _LAST_KERNEL * _LAST_KERNEL * channels) @ weights + layer.bias
    return np.asarray(scipy.special.expit(logits)).reshape(hops, bins, -1)
