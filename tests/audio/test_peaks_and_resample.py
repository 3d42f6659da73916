import numpy as np
import pytest

from cadenza.audio.peaks import waveform_peaks
from cadenza.audio.resample import resample
from cadenza.audio.signal import Signal
from cadenza.testing.audio import silence, sine


def test_the_outline_holds_the_extremes_of_each_20_ms():
    samples = np.zeros((2, 8000), np.float32)
    samples[0, 161], samples[1, 170], samples[0, 7999] = 0.5, -1.0, 2.0
    peaks = waveform_peaks(Signal(samples, 8000))
    pairs = np.reshape(peaks["data"], (-1, 2))
    assert peaks["length"] == len(pairs) == 50
    assert peaks["samples_per_pixel"] == 160
    assert peaks["duration_s"] == 1.0
    assert pairs[1].tolist() == [-128, 64]
    assert pairs[-1].tolist() == [0, 127]
    assert not pairs[2:-1].any()


def test_the_outline_of_nothing_is_empty():
    assert waveform_peaks(silence(0))["data"] == []


@pytest.mark.parametrize("rate", [22050, 48000, 96000])
def test_a_tone_keeps_its_pitch_and_length_at_another_rate(rate):
    changed = resample(sine(1000, 1), rate)
    middle = slice(rate // 4, rate // 4 * 3)
    expected = sine(1000, 1, sample_rate=rate).samples
    assert changed.sample_count == rate
    assert np.abs(changed.samples[:, middle] - expected[:, middle]).max() < 1e-3


def test_the_same_rate_is_the_same_signal():
    signal = sine(440, 0.1)
    assert resample(signal, 44100) is signal
