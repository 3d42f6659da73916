"""Do the weights move what they say, and does a continuation of a continuation stay what it was.

    python benchmarks/weights.py SOURCE ... [--at S] [--seconds 16] [--seeds 0,1,2] [--only audio,chain]

audio: the share of the new part that is found in the source, for audio weights 0 to 1: the mean over half
seconds of the squared height of the best normalised correlation with any place of the source (all of it: 1,
other music: near 0). weirdness: of the plan for 60 s, jumps per minute and the mean log-probability (base 2)
of each beat's chord after the one before, as counted in the source. chain: a recording continued four times,
each time from its own end: loudness, tempo and spectral tilt (power above against below 1 kHz) of each new
part against the first. Deterministic.
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from sources import read_until, source_parser

from cadenza.audio.loudness import integrated_lufs
from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls, Weight
from cadenza.engines.embedded.continuations.continuation import ContinuedTake, continue_recording
from cadenza.engines.embedded.listen import listen
from cadenza.engines.embedded.plan.journey import Character, plan_journey
from cadenza.music.dice import Dice
from cadenza.music.portrait import Portrait
from cadenza.music.quotation import Span

Array = NDArray[np.float64]
_STEPS = (0, 25, 50, 75, 100)


def main() -> None:
    """Measure and print one line per source and weight."""
    parser = source_parser(__doc__, seconds=16.0)
    parser.add_argument("--only", default="audio,weirdness,chain")
    wanted = parser.parse_args()
    for path in wanted.sources:
        source, seeds = read_until(path, wanted.at), wanted.seeds
        portrait = listen(source)
        if "weirdness" in wanted.only:
            _weirdness(path.stem, portrait, seeds)
        if "chain" in wanted.only:
            _chain(path.stem, source, wanted.seconds, seeds)
        if "audio" in wanted.only:
            _audio(path.stem, source, portrait, wanted.seconds, seeds)


def _continued(
    source: Signal, portrait: Portrait | None, seconds: float, seed: int, weight: int
) -> ContinuedTake:
    return continue_recording(
        source,
        from_s=source.duration_s,
        new_part_s=seconds,
        seed=seed,
        take_index=0,
        controls=Controls(audio_weight=Weight(weight)),
        progress=lambda *_: None,
        should_stop=lambda: False,
        preview=lambda _: None,
        portrait=portrait,
    )


def _audio(name: str, source: Signal, portrait: Portrait, seconds: float, seeds: list[int]) -> None:
    for weight in _STEPS:
        shares = [
            found_share(_continued(source, portrait, seconds, seed, weight).new_part, source)
            for seed in seeds
        ]
        print(
            f"audio     {name:16} {weight / 100:.2f}  found in the source {np.mean(shares):.2f}", flush=True
        )


def found_share(made: Signal, source: Signal) -> float:
    """Return the mean squared best correlation of half seconds of the new part with the source."""
    old, new = (signal.samples.mean(axis=0, dtype=np.float64) for signal in (source, made))
    size, width = next_fast_len(len(old) + made.sample_rate, real=True), made.sample_rate // 2
    spectrum = rfft(old, size)
    energy = np.concatenate([[0.0], np.cumsum(old**2)])
    energy = energy[width:] - energy[:-width]
    floor = 1e-3 * float(energy.mean())
    found = []
    for first in range(0, len(new) - width, width):
        piece = new[first : first + width]
        match = irfft(spectrum * np.conj(rfft(piece, size)), size)[: len(energy)]
        height = match / np.sqrt((energy + floor) * ((piece**2).sum() + 1e-9))
        found.append(float(np.abs(height).max()) ** 2)
    return float(np.mean(found))


def _weirdness(name: str, portrait: Portrait, seeds: list[int]) -> None:
    for weight in _STEPS:
        character = Character.of(Controls(weirdness=Weight(weight)))
        plans = [
            plan_journey(
                portrait, seam_s=portrait.duration_s, seconds=60.0, character=character, dice=Dice(seed, 0)
            ).body
            for seed in seeds
        ]
        jumps = np.mean([_jumps_per_minute(plan, portrait) for plan in plans])
        surprise = np.mean([_chord_bits(plan, portrait) for plan in plans])
        facts = f"jumps a minute {jumps:5.1f}  chords {surprise:6.2f} bit"
        print(f"weirdness {name:16} {weight / 100:.2f}  {facts}", flush=True)


def _jumps_per_minute(spans: tuple[Span, ...], portrait: Portrait) -> float:
    jumps = sum(abs(a.end - b.start) > 0.01 for a, b in itertools.pairwise(spans))
    lasts_s = sum(portrait.seconds_at(span.end) - portrait.seconds_at(span.start) for span in spans)
    return 60 * jumps / lasts_s


def _chord_bits(spans: tuple[Span, ...], portrait: Portrait) -> float:
    """Return the mean log2-probability of each chord of a plan after the one before it, as in the source."""
    chords = [int(chord) for chord in portrait.chords]
    counts, totals = Counter(itertools.pairwise(chords)), Counter(chords[:-1])
    heard = [chords[min(round(s.start) + k, len(chords) - 1)] for s in spans for k in range(round(s.length))]
    probable = [(counts[pair] + 0.1) / (totals[pair[0]] + 2.5) for pair in itertools.pairwise(heard)]
    return float(np.mean(np.log2(probable)))


def _chain(name: str, source: Signal, seconds: float, seeds: list[int]) -> None:
    for seed in seeds:
        song, first = source, None
        for generation in range(4):
            take = _continued(song, None, seconds, seed + generation, 50)
            song = take.signal
            facts = (integrated_lufs(take.new_part), take.bpm or 0.0, tilt_db(take.new_part))
            first = first or facts
            moved = f"{facts[0] - first[0]:+5.2f} LU  tempo {_percent(facts[1], first[1]):+5.2f} %"
            tilt = f"tilt {facts[2] - first[2]:+5.2f} dB"
            print(f"chain     {name:16} seed {seed} #{generation + 1}  {moved}  {tilt}", flush=True)


def _percent(tempo: float, before: float) -> float:
    return 100 * (tempo / before - 1) if before else 0.0


def tilt_db(signal: Signal) -> float:
    """Return the power above 1 kHz against that below, in dB."""
    power = (np.abs(rfft(signal.samples, axis=1)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(signal.sample_count, 1 / signal.sample_rate)
    return float(10 * np.log10(power[hz >= 1000].sum() / power[hz < 1000].sum()))


if __name__ == "__main__":
    main()
