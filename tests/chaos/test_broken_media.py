"""ME-04, ME-05: recordings that were cut or damaged, thousands of them, the same in every run.

Whatever a codec does with one, the child ends, this process goes on, and the next recording is heard.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from cadenza.audio.children import Nursery
from cadenza.audio.decode import decode
from cadenza.domain.errors import SourceUnusable
from cadenza.testing.audio import noise
from cadenza.testing.files import file_bytes
from cadenza.testing.hostile import cut

FIXTURES = Path(__file__).parents[1] / "audio" / "fixtures"
FORMATS = ["wav", "aiff", "flac", "mp3", "ogg", "opus"]
WITH_THE_EXTRA = ["m4a", "aac", "webm"] if importlib.util.find_spec("av") else []
# `make chaos` scales by 50: 5,000 damaged files of each format, and a cut at every 37th byte.
DAMAGED, FINEST_STEP, LONG_SCALE = 100, 37, 50
SAMPLE_BYTES = 64 * 1024

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def honest():
    return file_bytes(noise(0.1), "wav")


def whole_file(name, length_s):
    if name in WITH_THE_EXTRA:
        return (FIXTURES / f"sine.{name}").read_bytes()
    return file_bytes(noise(length_s), name)


def is_heard(data, nursery):
    try:
        source = decode(data, longest_s=12, children=nursery)
    except SourceUnusable:
        return False
    assert np.isfinite(source.signal.samples).all()
    return True


@pytest.mark.parametrize("name", [*FORMATS, *WITH_THE_EXTRA])
def test_ME_05_flipped_bytes_end_in_a_recording_or_a_refusal_and_the_nursery_goes_on(
    name, nursery, honest, scale, tried
):
    dice = np.random.default_rng(20)
    whole = np.frombuffer(whole_file(name, 0.3), np.uint8)
    for _ in range(DAMAGED * scale):
        damaged = whole.copy()
        reach = len(whole) if dice.random() < 0.5 else 128  # heads deserve more than their share
        places = dice.integers(0, reach, 1 + dice.integers(8))
        damaged[places] = dice.integers(0, 256, len(places))
        is_heard(damaged.tobytes(), nursery)
    assert is_heard(honest, nursery)
    tried(DAMAGED * scale)


@pytest.mark.parametrize("name", [*FORMATS, *WITH_THE_EXTRA])
def test_ME_04_a_recording_cut_anywhere_is_refused_or_short(name, nursery, honest, scale, tried):
    whole = whole_file(name, 10.0)[:SAMPLE_BYTES]
    pieces = list(cut(whole, step=FINEST_STEP * max(1, LONG_SCALE // scale)))
    for piece in pieces:
        is_heard(piece, nursery)
    assert is_heard(honest, nursery)
    tried(len(pieces))
