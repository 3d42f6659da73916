"""All measurements of docs/performance.md, one after another, each bounded in time: ``make bench``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LIMIT_S = 600
STUDIES = (
    ("Accepting and reading", "api.py"),
    ("Whether time tells about a key", "keys.py"),
    ("One caller's wait, and memory", "journey.py"),
    ("Ten times the load", "overload.py"),
    ("Making a song", "make_song.py"),
    ("Continuing a recording", "extend.py"),
    ("Foreign files", "hostile.py"),
)


def main() -> int:
    """Run all studies; the exit status is 1 when one failed."""
    failed = False
    for title, script in STUDIES:
        print(f"\n## {title}\n", flush=True)
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, HERE / script], timeout=LIMIT_S, check=False)
        failed |= done.returncode != 0
        print(f"\n(`python benchmarks/{script}`, {time.perf_counter() - begun:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
