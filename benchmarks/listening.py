"""How well recordings are heard: against songs whose score is known, and against another analyser.

    .venv/bin/python benchmarks/listening.py                                  our own songs alone
    .venv/bin/python benchmarks/listening.py --recordings DIR --analyser PY   and recordings, beside librosa

PY is the interpreter of an environment that has librosa; nothing of Cadenza needs it. It is no truth, only
another ear: its tempo, its beats, and Krumhansl's profiles on its chroma. Deterministic but for the times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cadenza import wiring
from cadenza.audio.decode import decode
from cadenza.audio.signal import Signal
from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.listen import listen, tell
from cadenza.engines.protocol import Order, Rendition
from cadenza.music.findings import Findings
from cadenza.music.portrait import PITCH_NAMES
from cadenza.music.time import Position

STYLES = (
    "rock, 128 bpm",
    "waltz, 3/4",
    "ambient, calm",
    "house, 124 bpm",
    "jazz, swing",
    "reggae",
    "folk",
    "metal",
)
BEAT_TOLERANCE_S, SECTION_TOLERANCE_S, SAME_TEMPO = 0.07, 1.5, 0.04
BESIDE_S = 60.0  # librosa hears the first minute: it takes its time
OTHER_EAR = """
import json, sys
import librosa, numpy as np
y, sr = librosa.load(sys.argv[1], sr=22050, mono=True, duration=float(sys.argv[2]))
tempo, beats = librosa.beat.beat_track(y=y, sr=sr, units="time")
chroma = librosa.feature.chroma_stft(y=y, sr=sr, n_fft=8192).mean(axis=1)
print(json.dumps({"bpm": float(np.atleast_1d(tempo)[0]), "beats": beats.tolist(), "chroma": chroma.tolist()}))
"""
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Silent:
    """``Listener`` that hears nothing."""

    def planned(self, plan: object) -> None:
        """Ignore a plan."""

    def progress(self, stage: str, fraction: float) -> None:
        """Ignore how far it is."""

    def preview(self, take_index: int, chunk: object) -> None:
        """Ignore what is finished."""

    def should_stop(self) -> bool:
        """Never stop."""
        return False


@dataclass(frozen=True)
class Heard:
    """What was found, and how many seconds of sound a CPU second was enough for."""

    findings: Findings
    speed: float


def heard(signal: Signal) -> Heard:
    """Listen to a recording."""
    start = time.process_time()
    findings = tell(signal, listen(signal))
    return Heard(findings, signal.duration_s / (time.process_time() - start))


def agreement(found: np.ndarray, true: np.ndarray, tolerance_s: float) -> float:
    """Return the F-measure of two rows of times; each may be met once."""
    if not len(found) or not len(true):
        return 0.0
    hits, last = 0, -1
    for at in found:
        near = int(np.abs(true - at).argmin())
        if near > last and abs(true[near] - at) <= tolerance_s:
            hits, last = hits + 1, near
    return 2 * hits / (len(found) + len(true))


def at_any_level(found: np.ndarray, true: np.ndarray) -> float:
    """Return the best agreement where half or double the beats, in either phase, are as good."""
    halves = (true + np.append(true[1:], true[-1])) / 2
    doubled = np.sort(np.concatenate([true, halves[:-1]]))
    levels = (true, true[::2], true[1::2], doubled, halves[:-1])
    return max(agreement(found, level, BEAT_TOLERANCE_S) for level in levels)


def tempo_word(ours: float | None, other: float) -> str:
    """Return how two tempi compare."""
    if ours is None:
        return "none told"
    for ratio, word in ((1, "same"), (2, "double"), (0.5, "half"), (1.5, "3:2"), (2 / 3, "2:3")):
        if abs(ours / other / ratio - 1) < SAME_TEMPO:
            return word
    return "other"


def key_word(ours: str | None, other: str) -> str:
    """Return how two keys compare."""
    if ours is None:
        return "none told"
    (tonic, mode), (other_tonic, other_mode) = ours.split(), other.split()
    apart = (_class_of(tonic) - _class_of(other_tonic)) % 12
    if (apart, mode) == (0, other_mode):
        return "same"
    if mode != other_mode and apart == (9 if mode == "minor" else 3):
        return "relative"
    if apart in {5, 7} and mode == other_mode:
        return "fifth"
    return "parallel" if apart == 0 else "other"


def _class_of(name: str) -> int:
    flats = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}
    return PITCH_NAMES.index(flats.get(name, name))


def made(style: str, seconds: float) -> Rendition:
    """Make a song whose brief and score are known."""
    request = GenerationRequest(
        wish=Specified(title="", style=style), tier="v5", voice=Voice.NOBODY, take_count=1,
        duration_s=seconds, seed=11,
    )  # fmt: skip
    return next(
        iter(wiring.engine("embedded").render(Order(request=request, seed=11, take_indices=(0,)), Silent()))
    )


def known_row(style: str, seconds: float) -> str:
    """Return a row of the table of songs whose answers are known."""
    song = made(style, seconds)
    brief, score = song.brief, song.score
    assert brief is not None
    assert score is not None
    result = heard(song.signal)
    found = result.findings
    beat = brief.metre.beat.quarters
    count = int(score.end.quarters / beat)
    beats = np.array([float(score.tempo.seconds_at(Position(beat * k))) for k in range(count)])
    per_bar = int(brief.bar.quarters / beat)
    starts = [score.tempo.seconds_at(place) for place in brief.section_starts()[1:]]
    sections = np.array([part.start_s for part in found.form.sections[1:]])
    ours = np.array(found.beats_s)
    return (
        f"| {style} | {float(brief.beats_per_minute):.0f} | {_number(found.tempo.bpm)} "
        f"| {agreement(ours, beats, BEAT_TOLERANCE_S):.2f} | {at_any_level(ours, beats):.2f} "
        f"| {agreement(np.array(found.downbeats_s), beats[::per_bar], BEAT_TOLERANCE_S):.2f} "
        f"| {brief.key} | {found.key.name} ({key_word(found.key.name, str(brief.key))}) "
        f"| {agreement(sections, np.array([float(at) for at in starts]), SECTION_TOLERANCE_S):.2f} "
        f"| {found.voice.share:.2f} | {result.speed:.0f} |"
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"


def other_row(path: Path, analyser: str) -> str:
    """Return a row of the table beside librosa."""
    result = heard(decode(path, longest_s=960, wall_clock_s=120).signal)
    done = subprocess.run(
        [analyser, "-c", OTHER_EAR, str(path), str(BESIDE_S)], capture_output=True, text=True, check=True
    )
    other = json.loads(done.stdout)
    found, beats = result.findings, np.array(other["beats"])
    ours = np.array([at for at in found.beats_s if at < BESIDE_S])
    chroma = np.array(other["chroma"])
    fits = [
        (float(np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]), f"{PITCH_NAMES[tonic]} {mode}")
        for profile, mode in ((_MAJOR, "major"), (_MINOR, "minor"))
        for tonic in range(12)
    ]
    key = max(fits)[1]
    return (
        f"| {path.stem} | {_number(found.tempo.bpm)} ({found.tempo.confidence:.2f}) | {other['bpm']:.1f} "
        f"| {tempo_word(found.tempo.bpm, other['bpm'])} | {agreement(ours, beats, BEAT_TOLERANCE_S):.2f} "
        f"| {at_any_level(ours, beats):.2f} | {found.key.name} ({found.key.confidence:.2f}) | {key} "
        f"| {key_word(found.key.name, key)} | {found.voice.share:.2f} | {result.speed:.0f} |"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recordings", type=Path, help="a folder of WAV files")
    parser.add_argument("--analyser", help="the interpreter of an environment with librosa")
    parser.add_argument("--songs", type=int, default=len(STYLES), help="how many of our own songs")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each of them is")
    options = parser.parse_args()
    print("| song | bpm | heard | beats | at any level | downbeats | key | heard | sections | voice | x |")
    print("|---|--:|--:|--:|--:|--:|---|---|--:|--:|--:|")
    for style in STYLES[: options.songs]:
        print(known_row(style, options.seconds), flush=True)
    if options.recordings and options.analyser:
        print(
            "\n| recording | bpm | librosa | tempo | beats | at any level | key | librosa | key | voice | x |"
        )
        print("|---|--:|--:|---|--:|--:|---|---|---|--:|--:|")
        for path in sorted(options.recordings.glob("*.wav")):
            print(other_row(path, options.analyser), flush=True)


if __name__ == "__main__":
    main()
