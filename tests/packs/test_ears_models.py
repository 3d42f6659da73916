"""Models read and run with numpy: checked against published checksums and slow, plain arithmetic."""

import itertools

import numpy as np
import pytest
from scipy.signal import correlate2d

from cadenza.domain.errors import Unavailable
from cadenza.engines.embedded.listen.ears import checkpoint as ears_checkpoint
from cadenza.engines.embedded.listen.ears import unet as ears_unet
from cadenza.engines.embedded.listen.ears.checkpoint import crc32c, read_checkpoint
from cadenza.engines.embedded.listen.ears.onnx import read_graph
from cadenza.engines.embedded.listen.ears.unet import Layer, flat, unets, unflat
from cadenza.testing.models import checkpoint, onnx_file, unet_tensors


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
    ids=["digits", "zeros", "ones", "up", "down"],
)
def test_the_checksum_is_that_of_rfc_3720(data, crc):
    assert crc32c(np.frombuffer(data, np.uint8)) == crc


def test_the_checksum_is_the_same_however_many_lanes_work_on_it():
    data = np.random.default_rng(0).integers(0, 256, 70_007, np.uint8)
    for size in (4095, 4096, 4097, 10_007, data.size):
        assert crc32c(data[:size]) == ears_checkpoint._crc32c_byte_by_byte(data[:size].tobytes())


def test_a_checkpoint_gives_back_its_tensors():
    tensors = unet_tensors()
    index, data = checkpoint(tensors)
    read = read_checkpoint(index, np.frombuffer(data, np.uint8))
    assert read.keys() == tensors.keys()
    assert all(np.array_equal(read[name], tensors[name]) for name in tensors)


def test_a_checkpoint_with_any_wrong_byte_is_refused(tried):
    index, data = checkpoint({"a/kernel": np.ones((3, 2), np.float32), "b/bias": np.zeros(5, np.float32)})
    tried(len(index) + len(data) - 48)
    for place in range(len(index) - 48):  # the footer holds padding that nobody reads
        spoilt = bytearray(index)
        spoilt[place] ^= 0x10
        with pytest.raises(Unavailable):
            read_checkpoint(bytes(spoilt), np.frombuffer(data, np.uint8))
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 0x10
        with pytest.raises(Unavailable):
            read_checkpoint(index, np.frombuffer(bytes(spoilt), np.uint8))


@pytest.mark.parametrize("cut", [0, 7, 40, 100])
def test_a_checkpoint_that_is_cut_off_is_refused(cut):
    index, data = checkpoint(unet_tensors())
    with pytest.raises(Unavailable):
        read_checkpoint(index[:cut], np.frombuffer(data, np.uint8))
    with pytest.raises(Unavailable):
        read_checkpoint(index, np.frombuffer(data[: len(data) - 4 - cut], np.uint8))


def layer(shape, out, seed=0):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=shape).astype(np.float32)
    one, none = np.ones(out, np.float32), np.zeros(out, np.float32)
    return Layer(kernel=kernel, bias=rng.normal(size=out).astype(np.float32), scale=one, shift=none)


def test_the_way_down_is_a_strided_convolution():
    of = np.random.default_rng(1).normal(size=(8, 12, 3)).astype(np.float32)
    made = layer((5 * 5 * 3, 2), 2)
    told = ears_unet._down(of, made)
    padded = np.pad(of, ((1, 2), (1, 2), (0, 0)))  # TensorFlow's "same" for a stride of 2
    for out in range(2):
        kernel = made.kernel[:, out].reshape(5, 5, 3)
        slow = sum(correlate2d(padded[..., c], kernel[..., c], mode="valid") for c in range(3))
        assert np.allclose(told[..., out], slow[::2, ::2] + made.bias[out], atol=1e-4)


def test_the_way_up_is_the_adjoint_of_the_way_down():
    rng = np.random.default_rng(2)
    low, high = rng.normal(size=(4, 6, 2)), rng.normal(size=(8, 12, 3))
    down = layer((5 * 5 * 3, 2), 2)
    up = Layer(kernel=down.kernel.T, bias=np.zeros(3, np.float32), scale=np.ones(3), shift=np.zeros(3))
    lowered = ears_unet._down(high.astype(np.float32), down) - down.bias
    raised = ears_unet._up(low.astype(np.float32), up)
    assert np.isclose((lowered * low).sum(), (raised * high).sum(), rtol=1e-4)


def test_the_mask_lies_between_nothing_and_everything_and_looks_two_apart():
    of = np.zeros((9, 9, 1), np.float32)
    of[4, 4] = 1.0
    made = layer((4, 4, 1, 2), 2)
    logits = np.log(1 / (1 / ears_unet._mask(of, made).astype(np.float64) - 1)) - made.bias
    lit = {(row, column) for row, column in np.argwhere(np.abs(logits[..., 0]) > 1e-3).tolist()}
    assert lit == set(itertools.product((1, 3, 5, 7), (1, 3, 5, 7)))


def test_networks_survive_being_laid_flat():
    tensors = unet_tensors()
    voice, rest = unets(tensors, 2)
    magnitudes = np.abs(np.random.default_rng(3).normal(size=(64, 64, 2))).astype(np.float32)
    told = voice.masked(magnitudes)
    assert told.shape == magnitudes.shape
    assert (told >= 0).all()
    assert (told <= magnitudes).all()
    assert not np.allclose(told, rest.masked(magnitudes))
    assert np.array_equal(unflat(flat(voice, "x"), "x").masked(magnitudes), told)


def run_one(operator, *values, outputs=1, **attributes):
    names = [f"in{place}" for place in range(len(values))]
    model = onnx_file([(operator, names, "out", attributes)], {}, names, ("out",))
    return read_graph(model).run(*values)["out"]


@pytest.mark.parametrize(
    ("strides", "pads"), [((1, 1), (0, 0, 0, 0)), ((1, 3), (2, 1, 2, 1)), ((2, 1), (1, 0, 0, 2))]
)
def test_convolutions_are_those_of_plain_arithmetic(strides, pads):
    rng = np.random.default_rng(4)
    of, kernel = rng.normal(size=(2, 3, 9, 13)), rng.normal(size=(4, 3, 3, 5))
    bias = rng.normal(size=4)
    told = run_one("Conv", of, kernel, bias, strides=strides, pads=pads)
    padded = np.pad(of, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    for batch, out in itertools.product(range(2), range(4)):
        slow = sum(correlate2d(padded[batch, c], kernel[out, c], mode="valid") for c in range(3))
        assert np.allclose(told[batch, out], slow[:: strides[0], :: strides[1]] + bias[out])


def test_the_operators_do_what_their_names_say():
    of = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    axes = np.array([2], np.int64)
    assert np.array_equal(run_one("Slice", of, axes * 0 + 1, axes * 0 + 3, axes), of[:, :, 1:3])
    assert np.array_equal(run_one("Slice", of, -axes, axes * 100, axes), of[:, :, -2:])
    assert np.array_equal(run_one("Unsqueeze", of, axes * 0), of[None])
    assert np.array_equal(run_one("Transpose", of, perm=(2, 0, 1)), of.transpose(2, 0, 1))
    assert np.array_equal(run_one("Reshape", of, np.array([0, -1], np.int64)), of.reshape(2, 12))
    assert np.array_equal(run_one("ReduceMin", of, axes=(1, 2), keepdims=0), of.min(axis=(1, 2)))
    assert np.array_equal(run_one("Concat", of, of, axis=-1), np.concatenate([of, of], axis=-1))
    assert run_one("Cast", of, to=7).dtype == np.int64
    assert np.array_equal(run_one("Shape", of), [2, 3, 4])
    widths = np.array([0, 0, 1, 0, 0, 2], np.int64)
    assert np.array_equal(
        run_one("Pad", of, widths, mode="reflect"), np.pad(of, ((0, 0), (0, 0), (1, 2)), mode="reflect")
    )
    assert np.isnan(run_one("Div", of * 0, of * 0)).all()


def test_a_graph_with_an_unknown_operator_is_refused_by_its_name():
    with pytest.raises(Unavailable, match="Quack"):
        read_graph(onnx_file([("Quack", ("a",), "b", {})], {}, ("a",), ("b",)))


def test_a_graph_that_is_cut_off_is_refused(tried):
    model = onnx_file([("Add", ("a", "k"), "b", {})], {"k": np.ones(3, np.float32)}, ("a",), ("b",))
    tried(len(model))
    for cut in range(3, len(model)):
        with pytest.raises(Unavailable):
            read_graph(model[:cut])
