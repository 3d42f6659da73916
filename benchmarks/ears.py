"""What the pack `ears` hears: separation, voice activity and notes, on songs of our own whose truth is known.

Our voice is synthetic and so is our band: real recordings will differ. The pack must be installed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cadenza.audio.signal import Signal
from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.listen.ears import Ears, open_ears
from cadenza.engines.embedded.listen.ears_notes import bass_of, melody_of
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.song import make_song, plan_song
from cadenza.music.brief import Role
from cadenza.packs.shelf import Shelf

_STYLES = (
    "pop 110 bpm",
    "rock 130 bpm",
    "folk ballad 84 bpm",
    "synthwave 100 bpm",
    "bossa nova",
    "hip hop 90 bpm",
)
_LYRICS = "[Verse]\nThe morning light is on the river now\nAnd every window opens to the sun\n" * 2
_BAR_S = 2.0
_ONSET_S = 0.05


def main() -> None:
    """Print one row for each style, the mean and the worst."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", type=Path, help="the packs folder (CADENZA_PACKS)")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each song (30)")
    parser.add_argument("--styles", type=int, default=len(_STYLES), help=f"how many of {len(_STYLES)}")
    chosen = parser.parse_args()
    pack = Shelf(chosen.packs).find("ears")
    if pack is None:
        sys.exit("Install it first: cadenza packs install ears")
    ears = open_ears(pack)
    heads = (
        "voice dB",
        "rest dB",
        "AUC",
        "leak dB",
        "notes F1",
        "bass F1",
        "tune F1",
        "split x",
        "sung x",
        "notes x",
    )
    print(f"{'style':20}" + "".join(f"{head:>10}" for head in heads))
    rows = []
    for seed, style in enumerate(_STYLES[: chosen.styles]):
        rows.append(_row(ears, style, seed, chosen.seconds))
        print(f"{style:20}" + "".join(f"{value:10.2f}" for value in rows[-1]), flush=True)
    for name, told in (("mean", np.nanmean(rows, axis=0)), ("worst", _worst(np.array(rows)))):
        print(f"{name:20}" + "".join(f"{value:10.2f}" for value in told))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _worst(rows: np.ndarray) -> np.ndarray:
    worst = np.nanmin(rows, axis=0)
    worst[3] = np.nanmax(rows[:, 3])
    return worst


def _row(ears: Ears, style: str, seed: int, seconds: float) -> list[float]:
    request = GenerationRequest(
        wish=Specified(title="Light", style=style, lyrics=_LYRICS),
        tier="v5",
        voice=(Voice.FEMALE, Voice.MALE)[seed % 2],
        duration_s=seconds,
    )
    plan = plan_song(request, seed=seed, take_index=0)
    made = make_song(
        plan, progress=lambda *_: None, should_stop=lambda: False, preview=lambda _: None, keeps_stems=True
    )
    voice = made.stems["vocals"]
    rest = np.sum([stem.samples for name, stem in made.stems.items() if name != "vocals"], axis=0)
    mix = Signal((voice.samples + rest).astype(np.float32), voice.sample_rate)
    backing = Signal(rest.astype(np.float32), voice.sample_rate)
    told, split_x = _timed(lambda: ears.voice_alone(mix), mix)
    bars_s = np.arange(0, mix.duration_s, _BAR_S)
    sung, sung_x = _timed(lambda: ears.sung(mix, bars_s), mix)
    leak = ears.voice_alone(backing).samples
    notes, notes_x = _timed(lambda: ears.notes(backing), mix)
    score = compose(plan.brief, plan.dice, plan.slots, plan.compass)
    played = perform(score, plan.brief, plan.dice)
    strikes = {
        part.role: [(strike.at_s, strike.midi_pitch) for strike in part.strikes]
        for part in played.parts
        if part.role not in {Role.DRUMS, Role.EFFECTS}
    }
    lead = melody_of(notes)
    return [
        _sdr(voice.samples, told.samples),
        _sdr(rest, mix.samples - told.samples),
        _auc(sung, _is_sung(voice, bars_s)),
        10 * np.log10((leak**2).sum() / (rest**2).sum()),
        _f1(
            [(n.start_s, n.midi_pitch) for n in notes],
            [strike for part in strikes.values() for strike in part],
        ),
        _f1([(n.start_s, n.midi_pitch) for n in bass_of(notes)], strikes.get(Role.BASS, [])),
        _f1([(n.start_s, n.midi_pitch) for n in lead], strikes.get(Role.MELODY, [])),
        split_x,
        sung_x,
        notes_x,
    ]


def _timed(work: Callable[[], Any], mix: Signal) -> tuple[Any, float]:
    begun = time.process_time()
    told = work()
    return told, mix.duration_s / (time.process_time() - begun)


def _sdr(truth: np.ndarray, told: np.ndarray) -> float:
    return float(10 * np.log10((truth**2).sum() / ((truth - told) ** 2).sum()))


def _is_sung(voice: Signal, bars_s: np.ndarray) -> np.ndarray:
    places = np.round(bars_s * voice.sample_rate).astype(int)
    power = np.add.reduceat((voice.samples**2).sum(axis=0), places)[:-1] / np.diff(places)
    return power > 1e-3 * power.max()


def _auc(told: np.ndarray, truth: np.ndarray) -> float:
    yes, no = told[truth], told[~truth]
    if not len(yes) or not len(no):
        return float("nan")
    return float(np.mean((yes[:, None] > no) + 0.5 * (yes[:, None] == no)))


def _f1(told: list[tuple[float, int]], truth: list[tuple[float, int]]) -> float:
    if not truth:
        return float("nan")
    left, hits = sorted(truth), 0
    for at_s, pitch in sorted(told):
        for one in left:
            if one[1] == pitch and abs(one[0] - at_s) <= _ONSET_S:
                left.remove(one)
                hits += 1
                break
    return 2 * hits / max(1, len(told) + len(truth))


if __name__ == "__main__":
    main()
