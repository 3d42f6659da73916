"""A recording seen in a mirror, in which what comes before it can be planned as what goes on after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cadenza.audio.signal import Samples, Signal
from cadenza.music.portrait import BeatViews, Floats, Moments, Portrait

LATE_S = 0.052  # a crossfade of 40 ms and its distance from the attack, on the other side of the beat


def mirrored(signal: Signal) -> Signal:
    """Return the sound backwards."""
    return Signal(np.ascontiguousarray(signal.samples[:, ::-1]), signal.sample_rate)


def mirrored_samples(samples: Samples) -> Samples:
    """Return samples (channels, samples) backwards."""
    return np.ascontiguousarray(samples[:, ::-1])


def mirrored_portrait(portrait: Portrait) -> Portrait:
    """Return what was heard, seen from the end.

    Its beats lie ``LATE_S`` later than the exact mirror image: joins that end shortly before a beat there
    would else fall into the attack of that beat here. Likeness of what went before a beat becomes likeness of
    what comes after it, so a plan made in the mirror leads into its seam.
    """
    length_s, pulse, metre = portrait.duration_s, portrait.pulse, portrait.metre
    beats_s = length_s - pulse.beats_s[::-1] + LATE_S
    bar, beats = metre.beats_per_bar, portrait.beat_count
    return replace(
        portrait,
        music_start_s=max(0.0, length_s - portrait.music_end_s),
        music_end_s=min(length_s, length_s - portrait.music_start_s),
        pulse=replace(pulse, beats_s=beats_s),
        metre=replace(metre, first_downbeat=(beats - metre.first_downbeat) % bar),
        chords=portrait.chords[:beats][::-1].copy(),
        views=_views(portrait.views),
        moments=_moments(portrait.moments),
        novelty=_novelty(portrait.novelty, portrait.novelty_rate_hz, length_s),
        voice=None if portrait.voice is None else portrait.voice[::-1].copy(),
    )


def _views(views: BeatViews) -> BeatViews:
    half = views.timbre.shape[1] // 2
    timbre = np.concatenate([views.timbre[:, half:], views.timbre[:, :half]], axis=1)
    return BeatViews(
        timbre=timbre[::-1].copy(),
        chroma=views.chroma[::-1].copy(),
        pattern=views.pattern[::-1].copy(),
        level_db=views.level_db[::-1].copy(),
        low_accent=views.low_accent[::-1].copy(),
    )


def _moments(moments: Moments) -> Moments:
    return replace(moments, power=moments.power[::-1].copy(), chroma=moments.chroma[::-1].copy())


def _novelty(novelty: Floats, rate_hz: float, length_s: float) -> Floats:
    """Return the novelty at the mirrored instants, zero where there is none."""
    frames = np.arange(len(novelty))
    there = length_s * rate_hz - frames
    return np.asarray(np.interp(there, frames, novelty, left=0.0, right=0.0))
