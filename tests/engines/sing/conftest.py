"""Lyrics and lines that several tests of singing share, and a pitch tracker of their own."""

from __future__ import annotations

import numpy as np
import pytest

from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.song import plan_song

LYRICS = """[Verse 1]
Walking down the empty street tonight
Every window holds a little light
I can hear the river calling me
Somewhere out beyond the orchard tree

[Chorus]
Hold me now, don't let me fall (let me fall)
I can hear you through the wall

[Verse 2]
Seven days of rain upon the glass
Watching all the silent trains go past

[Chorus]
"""


@pytest.fixture(scope="session")
def planned():
    """Return plan, score and performance of a song with words; cheap, nothing sounds."""

    def plan(*, style="pop, 100 bpm", lyrics=LYRICS, voice=Voice.FEMALE, seed=3, take=0, duration_s=None):
        request = GenerationRequest(
            wish=Specified(title="", style=style, lyrics=lyrics),
            tier="v5",
            voice=voice,
            duration_s=duration_s,
        )
        plan = plan_song(request, seed=seed, take_index=take)
        score = compose(plan.brief, plan.dice, plan.slots, plan.compass)
        return plan, score, perform(score, plan.brief, plan.dice)

    return plan


@pytest.fixture(scope="session")
def pitch_track():
    """Return a tracker: normalised autocorrelation, knowing nothing of how the voice is made."""

    def track(sound, sample_rate, *, lowest_hz, highest_hz, hop_s=0.01):
        window = round(3 / lowest_hz * sample_rate)
        shortest, longest = int(sample_rate / highest_hz), int(sample_rate / lowest_hz) + 2
        times_s, found_hz = [], []
        for begin in range(0, len(sound) - window - longest, round(hop_s * sample_rate)):
            frame = sound[begin : begin + window + longest].astype(float)
            head = frame[:window]
            size = 1 << (len(frame) + window).bit_length()
            products = np.fft.irfft(np.fft.rfft(frame, size) * np.conj(np.fft.rfft(head, size)), size)
            energies = np.concatenate([[0.0], np.cumsum(frame**2)])
            lags = np.arange(longest + 1)
            scale = np.sqrt((energies[lags + window] - energies[lags]) * energies[window]) + 1e-12
            likeness = products[: longest + 1] / scale
            inner = likeness[1:-1]
            peaks = np.flatnonzero((inner > likeness[:-2]) & (inner >= likeness[2:])) + 1
            peaks = peaks[peaks >= shortest]
            good = peaks[likeness[peaks] > 0.93 * likeness[peaks].max()] if len(peaks) else peaks
            if len(good) == 0 or likeness[good[0]] < 0.7 or energies[window] / window < 1e-6:
                continue
            lag = good[0]
            left, top, right = likeness[lag - 1 : lag + 2]
            exact = lag + 0.5 * (left - right) / (left - 2 * top + right)
            times_s.append((begin + (window + lag) / 2) / sample_rate)
            found_hz.append(sample_rate / exact)
        return np.array(times_s), np.array(found_hz)

    return track
