"""Small synthesised pieces whose tempo, key and metre are known."""

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls
from cadenza.engines.embedded.continuations.continuation import continue_recording
from cadenza.engines.embedded.listen import listen

RATE_HZ = 22050
A_MINOR_ROUND = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))  # Am F C G


def tone(midi, length_s, rate_hz=RATE_HZ, decay_s=0.6):
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    hz = 440 * 2 ** ((midi - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hz * k * t) / k**1.5 for k in range(1, 6) if hz * k < rate_hz / 2)
    return partials * np.exp(-t / decay_s) * np.minimum(1, t / 0.004)


def make_song(  # the arguments are what the tests vary
    *, bpm=120.0, bars=12, metre=4, chords=A_MINOR_ROUND, rate_hz=RATE_HZ, channels=1, seed=0, drums=True
):
    """A bass note per bar, a chord per beat, a wandering melody in eighths, and drums."""
    rng = np.random.default_rng(seed)
    beat_s = 60 / bpm
    out = np.zeros((channels, round((bars * metre * beat_s + 1.5) * rate_hz)))

    def place(sound, at_s, pan):
        first = round(at_s * rate_hz)
        room = out[:, first : first + len(sound)]
        sides = np.array([1 - pan, pan][:channels])[:, None] * 2 / channels**0.5
        room += sides * sound[: room.shape[1]]

    for bar in range(bars):
        chord = chords[bar % len(chords)]
        start_s = bar * metre * beat_s
        place(0.25 * tone(chord[0] - 12, metre * beat_s, rate_hz, 1.2), start_s, 0.5)
        for beat in range(metre):
            at_s = start_s + beat * beat_s
            for note in chord:
                place(0.06 * tone(note, beat_s, rate_hz, 0.4), at_s, 0.35)
            for half in range(2):
                note = chord[int(rng.integers(3))] + 12
                place(0.08 * tone(note, beat_s / 2, rate_hz, 0.3), at_s + half * beat_s / 2, 0.7)
            if drums:
                t = np.arange(round(0.12 * rate_hz)) / rate_hz
                kick = np.sin(2 * np.pi * 60 * t) * np.exp(-t / 0.04)
                snare = rng.standard_normal(len(t)) * np.exp(-t / 0.03)
                place((0.5 * kick) if beat == 0 else 0.12 * snare, at_s, 0.5)
    out = out[:, : round(bars * metre * beat_s * rate_hz)]
    return Signal((0.6 * out / np.abs(out).max()).astype(np.float32), rate_hz)


def continued(source, *, seconds=12.0, from_s="end", seed=1, take=0, portrait=None, **watch):
    return continue_recording(
        source,
        from_s=source.duration_s if from_s == "end" else from_s,
        new_part_s=seconds,
        seed=seed,
        take_index=take,
        controls=watch.pop("controls", Controls()),
        progress=watch.pop("progress", lambda *_: None),
        should_stop=watch.pop("should_stop", lambda: False),
        preview=watch.pop("preview", lambda *_: None),
        portrait=portrait,
        **watch,
    )


@pytest.fixture(scope="session")
def song():
    return make_song


@pytest.fixture(scope="session")
def go_on():
    return continued


@pytest.fixture(scope="session")
def piece():
    return make_song(bars=14, channels=2)


@pytest.fixture(scope="session")
def portrait(piece):
    return listen(piece)


@pytest.fixture(scope="session")
def take(piece, portrait):
    return continued(piece, seconds=20.0, portrait=portrait)
