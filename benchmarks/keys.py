"""AU-07: does the time of checking a key tell how much of it is right? 20,000 checks of each kind.

A wrong key that shares all but its end with the right one is checked in turn with one that shares only the
public id, and with one whose id nobody has. Means of the middle 80 % may differ by 3 standard errors, and by
a hundredth of the check itself, which is far below what a network lets anybody measure.
"""

from __future__ import annotations

import datetime as dt
import gc
import secrets
import statistics
import sys
import time

from cadenza.intake.keys import Pepper, make_key, recognise
from cadenza.tasks.keys import Principal

CHECKS = 20_000
SIGMAS = 3.0
LEAST_OF_MEAN = 0.01


def main() -> int:
    """Measure, print the table; the exit status is 1 where two kinds differ."""
    pepper = Pepper(secrets.token_bytes(32))
    record, key = make_key(pepper, account_id="a", name="n", now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    found = Principal(key=record)
    head = len("cad_") + len(record.id) + 1
    kinds = {
        "right but for its end": (key[:-1] + ("0" if key[-1] != "0" else "1"), found),
        "right id, wrong secret": (key[:head] + secrets.token_hex(28), found),
        "an id nobody has": (f"cad_{secrets.token_hex(8)}_{secrets.token_hex(28)}", None),
    }
    times_ns: dict[str, list[int]] = {kind: [] for kind in kinds}
    gc.disable()
    for _ in range(CHECKS):
        for kind, (wrong, holder) in kinds.items():
            began_ns = time.perf_counter_ns()
            recognise(pepper, wrong, holder)
            times_ns[kind].append(time.perf_counter_ns() - began_ns)
    return _tell({kind: _middle(times) for kind, times in times_ns.items()})


def _middle(times: list[int]) -> list[int]:
    tenth = len(times) // 10
    return sorted(times)[tenth:-tenth]


def _tell(times_ns: dict[str, list[int]]) -> int:
    first = next(iter(times_ns))
    mean_ns, error_ns = _mean(times_ns[first])
    print("| wrong key | mean, ns | against the first | sigma |\n|---|---|---|---|")
    differs = False
    for kind, times in times_ns.items():
        own_ns, own_error_ns = _mean(times)
        sigma = abs(own_ns - mean_ns) / (error_ns**2 + own_error_ns**2) ** 0.5
        differs |= sigma > SIGMAS and abs(own_ns - mean_ns) > LEAST_OF_MEAN * mean_ns
        print(f"| {kind} | {own_ns:.0f} | {own_ns - mean_ns:+.1f} | {sigma:.1f} |")
    return int(differs)


def _mean(times: list[int]) -> tuple[float, float]:
    return statistics.fmean(times), statistics.stdev(times) / len(times) ** 0.5


if __name__ == "__main__":
    sys.exit(main())
