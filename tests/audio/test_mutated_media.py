"""Random damage, the same in every run: whatever the codec does with it, this process goes on."""

import numpy as np
import pytest

from cadenza.audio.decode import decode
from cadenza.domain.errors import SourceUnusable
from cadenza.testing.audio import noise
from cadenza.testing.files import file_bytes

FILES = 50


@pytest.mark.parametrize("name", ["wav", "aiff", "flac", "mp3", "ogg", "opus"])
def test_flipped_bytes_end_in_a_recording_or_a_refusal(name):
    dice = np.random.default_rng(20)
    whole = np.frombuffer(file_bytes(noise(0.3), name), np.uint8)
    for _ in range(FILES):
        damaged = whole.copy()
        reach = len(whole) if dice.random() < 0.5 else 128  # heads deserve more than their share
        places = dice.integers(0, reach, 1 + dice.integers(8))
        damaged[places] = dice.integers(0, 256, len(places))
        try:
            samples = decode(damaged.tobytes(), longest_s=2).signal.samples
        except SourceUnusable:
            continue
        assert np.isfinite(samples).all()
