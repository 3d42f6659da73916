"""How a voice sits over continuations of our own songs: entry, key, level, loudness.

Run: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/sung_continuations.py [--seeds 2]

Each source is an instrumental of its style, so that its key and bar lines are known. Bounded: about 15 CPU
seconds for each style and seed. Deterministic.
"""

from __future__ import annotations

import argparse
from itertools import product

import numpy as np
from scipy import signal as dsp

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls, Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.continuations.continuation import continue_recording, listen
from cadenza.engines.embedded.continuations.singing_on import Song, sing_over
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.engines.embedded.plan.sung_path import path_over
from cadenza.engines.embedded.recombine.quote import beat_marks
from cadenza.engines.embedded.songs.libretto import given_words
from cadenza.engines.embedded.songs.song import make_song, plan_song
from cadenza.music.dice import Dice
from cadenza.music.pitch import Mode
from cadenza.words.writing import write_lyrics

STYLES = ("pop, 110 bpm", "rock 150 bpm", "lo-fi, 80 bpm", "folk waltz", "deep house", "ambient, no drums")
BAND_HZ = (200.0, 4000.0)


def main() -> None:
    """Print one row for each style and seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="length of source and of new part")
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    heads = ("entry s", "off bar ms", "key right", "voice LU", "louder LU", "lines", "unsung")
    print(f"{'style':20}{'seed':>5}" + "".join(f"{head:>12}" for head in heads))
    for style, seed in product(STYLES, range(asked.seeds)):
        cells = _measured(style, seed, asked.seconds)
        print(f"{style[:19]:20}{seed:5}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def _measured(style: str, seed: int, seconds: float) -> list[str]:
    asked = GenerationRequest(
        wish=Described(prompt=style), tier="v5", voice=Voice.NOBODY, duration_s=seconds + 4
    )
    plan = plan_song(asked, seed=seed, take_index=0)
    quiet = {"progress": lambda *_: None, "should_stop": lambda: False, "preview": lambda _: None}
    source = make_song(plan, **quiet).signal.between(0.0, seconds)
    portrait = listen(source)
    new = continue_recording(
        source, from_s=seconds, new_part_s=seconds, seed=seed, take_index=0, controls=Controls(),
        portrait=portrait, **quiet,
    ).new_part  # fmt: skip
    words = write_lyrics(style, seed=seed, duration_s=seconds).text
    request = GenerationRequest(
        wish=Specified(title="", style=style, lyrics=words), tier="v5", voice=Voice.FEMALE
    )
    dice = Dice(seed, 0)
    character = Character.of(request.controls)
    journey = plan_journey(portrait, seam_s=seconds, seconds=seconds, character=character, dice=dice)
    path = path_over(journey.body, beat_marks(journey.body, portrait), portrait, seconds)
    over = sing_over(
        new, Song(libretto=given_words(request), request=request), path, portrait, dice, lambda: None
    )
    if not over.lines:
        return ["none", "", "", "", "", "0", str(len(over.unsung))]
    sings = np.zeros(new.sample_count, dtype=bool)
    for line in over.lines:
        sings[round(line.start_s * new.sample_rate) : round(line.end_s * new.sample_rate)] = True
    above = _band_lufs(over.voice, sings, new.sample_rate) - _band_lufs(over.backing, sings, new.sample_rate)
    louder = _lufs(over.mix, sings, new.sample_rate) - _lufs(new.samples, sings, new.sample_rate)
    key_right = (portrait.key.tonic, portrait.key.minor) == (
        plan.brief.key.tonic,
        plan.brief.key.mode is Mode.MINOR,
    )
    bar_s = float(plan.brief.bar.quarters / plan.brief.metre.beat.quarters * 60 / plan.brief.beats_per_minute)
    entry_s = path.beats_s[0]
    off_s = (seconds + entry_s + bar_s / 2) % bar_s - bar_s / 2
    return [
        f"{entry_s:.2f}", f"{off_s * 1000:.0f}", str(key_right), f"{above:.1f}", f"{louder:.1f}",
        str(len(over.lines)), str(len(over.unsung)),
    ]  # fmt: skip


def _lufs(sound: np.ndarray, sings: np.ndarray, rate: int) -> float:
    return integrated_lufs(Signal(np.ascontiguousarray(sound[:, sings]), rate))


def _band_lufs(sound: np.ndarray, sings: np.ndarray, rate: int) -> float:
    sections = dsp.butter(2, BAND_HZ, "bandpass", fs=rate, output="sos")
    return _lufs(dsp.sosfilt(sections, sound, axis=1).astype(np.float32), sings, rate)


if __name__ == "__main__":
    main()
