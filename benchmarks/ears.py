"""What the pack `ears` hears: separation, voice activity and notes, on songs of our own whose truth is known.

Our voice is synthetic and so is our band: real recordings will differ. The pack must be installed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls, Described, GenerationRequest, Specified, Voice
from cadenza.engines.embedded.continuations.continuation import continue_recording
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.listen.ears.ears import Ears, open_ears
from cadenza.engines.embedded.listen.ears.notes import HeardNote, bass_of, melody_of
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.songs.song import MadeSong, SongPlan, make_song, plan_song
from cadenza.music.brief import Role
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Layer
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
_WITH_BREAKS = (
    "[Intro]\n[Verse]\nThe morning light is on the river now\nAnd every window opens to the sun\n"
    "[Instrumental]\n[Verse]\nThe morning light is on the river now\nAnd every window opens to the sun\n"
    "[Outro]"
)
_BAR_S = 2.0
_ONSET_S = 0.05


def main() -> None:
    """Print one row for each style, the mean and the worst."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", type=Path, help="the packs folder (CADENZA_PACKS)")
    parser.add_argument("what", choices=("voice", "notes", "continuations"), help="what is measured")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each song (40)")
    parser.add_argument("--styles", type=int, default=len(_STYLES), help=f"how many of {len(_STYLES)}")
    chosen = parser.parse_args()
    pack = Shelf(chosen.packs).find("ears")
    if pack is None:
        sys.exit("Install it first: cadenza packs install ears")
    ears, styles = open_ears(pack), _STYLES[: chosen.styles]
    if chosen.what == "continuations":
        _continued(ears, styles)
    elif chosen.what == "voice":
        heads = ("voice dB", "rest dB", "AUC", "leak dB", "split x", "sung x")
        _table(heads, styles, lambda style, seed: _voice(ears, style, seed, chosen.seconds))
    else:
        heads = ("notes F1", "bass F1", "tune F1", "notes x")
        _table(heads, styles, lambda style, seed: _notes(ears, style, seed, chosen.seconds))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _table(heads: Sequence[str], styles: Sequence[str], row: Callable[[str, int], list[float]]) -> None:
    print(f"{'style':20}" + "".join(f"{head:>10}" for head in heads))
    rows = []
    for seed, style in enumerate(styles):
        rows.append(row(style, seed))
        print(f"{style:20}" + "".join(f"{value:10.2f}" for value in rows[-1]), flush=True)
    worst = [
        max(column) if "leak" in head else min(column)
        for head, column in zip(heads, zip(*rows, strict=True), strict=True)
    ]
    for name, told in (("mean", np.mean(rows, axis=0)), ("worst", worst)):
        print(f"{name:20}" + "".join(f"{value:10.2f}" for value in told))


def _voice(ears: Ears, style: str, seed: int, seconds: float) -> list[float]:
    """Separate a sung song, and its backing alone."""
    request = GenerationRequest(
        wish=Specified(title="Light", style=style, lyrics=_LYRICS),
        tier="v5",
        voice=(Voice.FEMALE, Voice.MALE)[seed % 2],
        duration_s=seconds,
    )
    made = _made(plan_song(request, seed=seed, take_index=0))
    voice = made.stems["vocals"]
    rest = np.sum([stem.samples for name, stem in made.stems.items() if name != "vocals"], axis=0)
    mix = Signal((voice.samples + rest).astype(np.float32), voice.sample_rate)
    told, split_x = _timed(lambda: ears.voice_alone(mix), mix)
    bars_s = np.arange(0, mix.duration_s, _BAR_S)
    sung, sung_x = _timed(lambda: ears.sung(mix, bars_s), mix)
    leak = ears.voice_alone(Signal(rest.astype(np.float32), voice.sample_rate)).samples
    return [
        _sdr(voice.samples, told.samples),
        _sdr(rest, mix.samples - told.samples),
        _auc(sung, _is_sung(voice, bars_s)),
        10 * np.log10((leak**2).sum() / (rest**2).sum()),
        split_x,
        sung_x,
    ]


def _notes(ears: Ears, style: str, seed: int, seconds: float) -> list[float]:
    """Write down an instrumental, drums included, and compare with what was played."""
    request = GenerationRequest(
        wish=Described(prompt=style), tier="v5", voice=Voice.NOBODY, duration_s=seconds
    )
    plan = plan_song(request, seed=seed, take_index=0)
    made = _made(plan)
    notes, notes_x = _timed(lambda: ears.notes(made.signal), made.signal)
    played = perform(made.score, plan.brief, plan.dice)
    strikes = {
        part.role: [(strike.at_s, strike.midi_pitch) for strike in part.strikes]
        for part in played.parts
        if part.role not in {Role.DRUMS, Role.EFFECTS}
    }
    return [
        _f1(notes, [strike for part in strikes.values() for strike in part]),
        _f1(bass_of(notes), strikes.get(Role.BASS, [])),
        _f1(melody_of(notes), strikes.get(Role.MELODY, [])),
        notes_x,
    ]


def _continued(ears: Ears, styles: Sequence[str]) -> None:
    """Print the share of quoted time that is sung, by layer, without and with the pack (two seeds each)."""
    print(f"{'style':20}{'pack':>9}{'sung':>9}{'body':>9}{'colour':>9}{'pulse':>9}")
    for seed, style in enumerate(styles):
        request = GenerationRequest(
            wish=Specified(title="Light", style=style, lyrics=_WITH_BREAKS),
            tier="v5",
            voice=Voice.FEMALE,
            duration_s=75.0,
        )
        song = _made(plan_song(request, seed=seed, take_index=0))
        portrait = listen(song.signal)
        heard = replace(portrait, voice=ears.sung(song.signal, portrait.pulse.beats_s))
        moments_s = np.arange(0, song.signal.duration_s, 0.1)
        is_sung = _is_sung(song.stems["vocals"], moments_s)
        for name, one in (("without", portrait), ("with", heard)):
            shares = _quoted_shares(song.signal, one, is_sung)
            cells = "".join(f"{100 * share:8.0f}%" for share in (is_sung.mean(), *shares))
            print(f"{style:20}{name:>9}{cells}", flush=True)


def _quoted_shares(source: Signal, portrait: Portrait, is_sung: np.ndarray) -> list[float]:
    heard: dict[Layer, list[bool]] = {layer: [] for layer in Layer}
    for seed in (0, 1):
        made = continue_recording(
            source,
            from_s=source.duration_s - 4,
            new_part_s=25.0,
            seed=seed,
            take_index=0,
            controls=Controls(),
            progress=lambda *_: None,
            should_stop=lambda: False,
            preview=lambda _: None,
            portrait=portrait,
        )
        for quote in made.quoted:
            first, last = round(10 * quote.source_s), round(10 * (quote.source_s + quote.length_s))
            heard[quote.layer] += is_sung[max(0, first) : last].tolist()
    return [float(np.mean(heard[layer])) for layer in (Layer.BODY, Layer.COLOUR, Layer.PULSE)]


def _made(plan: SongPlan) -> MadeSong:
    return make_song(
        plan, progress=lambda *_: None, should_stop=lambda: False, preview=lambda _: None, keeps_stems=True
    )


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


def _f1(told: Sequence[HeardNote], truth: list[tuple[float, int]]) -> float:
    """Compare by pitch and, within ``_ONSET_S``, by onset; 1 where there was nothing to hear nor heard."""
    left, hits = sorted(truth), 0
    for note in told:
        for one in left:
            if one[1] == note.midi_pitch and abs(one[0] - note.start_s) <= _ONSET_S:
                left.remove(one)
                hits += 1
                break
    return 2 * hits / (len(told) + len(truth)) if told or truth else 1.0


if __name__ == "__main__":
    main()
