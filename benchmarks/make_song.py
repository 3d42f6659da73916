"""Seconds of music per CPU second for each stage of making a song, on one core.

Run: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/make_song.py [seconds] [prompt]
"""

from __future__ import annotations

import itertools
import resource
import sys
import time

from cadenza.domain.request import Described, GenerationRequest, Voice
from cadenza.engines.embedded.songs.song import make_song, plan_song


def main() -> None:
    """Make one song and print the table."""
    length_s = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
    prompts = sys.argv[2:] or [
        "warm lo-fi piano, 80 bpm",
        "rock 140 bpm",
        "deep house",
        "cinematic orchestral",
    ]
    heads = ("plan", "write", "play+mix", "master", "all", "real time", "first s")
    print(f"{'prompt':28}" + "".join(f"{head:>10}" for head in heads))
    for prompt in prompts:
        _row(prompt, length_s)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _row(prompt: str, length_s: float) -> None:
    begun, begun_wall = time.process_time(), time.perf_counter()
    request = GenerationRequest(
        wish=Described(prompt=prompt), tier="v5", voice=Voice.NOBODY, duration_s=length_s
    )
    plan = plan_song(request, seed=1, take_index=0)
    marks = [("plan", begun), ("compose", time.process_time())]
    heard: list[float] = []

    def progress(stage: str, fraction: float) -> None:
        if stage != marks[-1][0] or fraction == 1.0:
            marks.append((stage, time.process_time()))

    make_song(
        plan,
        progress=progress,
        should_stop=lambda: False,
        preview=lambda _: heard.append(time.perf_counter() - begun_wall),
    )
    times = [after[1] - before[1] for before, after in itertools.pairwise(marks)]
    whole = marks[-1][1] - begun
    cells = "".join(f"{value:10.2f}" for value in (*times[:4], whole))
    print(f"{prompt[:27]:28}{cells}{length_s / whole:9.1f}x{heard[0]:10.2f}")


if __name__ == "__main__":
    main()
