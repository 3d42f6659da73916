"""How fast recordings are continued: seconds of music per CPU second, and the share of listening.

    python benchmarks/extend.py [SOURCE ...] [--seconds 40] [--repeat 3]

Without a source, three minutes of synthesised music are continued. CPU time of this process only; the
first run is left out, it pays for imports and first-use tables.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import soundfile

from cadenza.audio.signal import Signal
from cadenza.domain.request import Controls
from cadenza.engines.embedded.continuations.continuation import continue_recording
from cadenza.engines.embedded.listen import listen

RATE_HZ = 44100


def main() -> None:
    """Measure and print one line per source."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--repeat", type=int, default=3)
    wanted = parser.parse_args()
    named = [(path, _read(path)) for path in wanted.sources] or [("synthesised, 180 s", _synthesised(180.0))]
    columns = f"{'source s':>9} {'listen s':>9} {'make s':>8} {'music s / CPU s':>16} {'listening':>10}"
    print(f"{'source':40} {columns}")
    for name, source in named:
        runs = [_measured(source, wanted.seconds) for _ in range(wanted.repeat + 1)][1:]
        heard_s, made_s = (statistics.median(column) for column in zip(*runs, strict=True))
        rate, share = wanted.seconds / (heard_s + made_s), heard_s / (heard_s + made_s)
        line = f"{source.duration_s:9.1f} {heard_s:9.2f} {made_s:8.2f} {rate:16.1f} {share:10.0%}"
        print(f"{name[-40:]:40} {line}")


def _measured(source: Signal, seconds: float) -> tuple[float, float]:
    """Return the CPU seconds of listening and of making."""
    start = time.process_time()
    portrait = listen(source)
    heard = time.process_time()
    continue_recording(
        source,
        from_s=source.duration_s,
        new_part_s=seconds,
        seed=0,
        take_index=0,
        controls=Controls(),
        progress=lambda *_: None,
        should_stop=lambda: False,
        preview=lambda *_: None,
        portrait=portrait,
    )
    return heard - start, time.process_time() - heard


def _read(path: str) -> Signal:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Signal(np.ascontiguousarray(samples.T), rate)


def _synthesised(length_s: float) -> Signal:
    """Return plucked chords over a stroke on each beat at 100 bpm, stereo."""
    t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    root_hz = np.array([220.0, 174.6, 130.8, 196.0])[(t // 2.4).astype(int) % 4]
    phase = 2 * np.pi * np.cumsum(root_hz) / RATE_HZ
    chord = sum(np.sin(ratio * phase) for ratio in (1, 1.5, 2.5)) * np.exp(-(t % 0.6) / 0.3)
    strokes = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-(t % 0.6) / 0.02)
    return Signal((0.1 * np.stack([chord + strokes, chord - strokes])).astype(np.float32), RATE_HZ)


if __name__ == "__main__":
    main()
