"""ST-03: nobody guesses an id."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cadenza.domain.ids import new_id, new_take_id, new_task_id

COUNT = 100_000
MAKERS = {
    "task": (new_task_id, 128),
    "upload": (lambda: new_id("up").removeprefix("up_"), 128),
    # Six bits say that it is a UUID of version 4, as programs of the sunoapi family expect.
    "take": (lambda: new_take_id().replace("-", ""), 122),
}


@pytest.mark.parametrize("name", MAKERS)
def test_ST_03_ids_are_random_bits_without_a_time_part(name, tried):
    make, bits = MAKERS[name]
    made = [make() for _ in range(COUNT)]
    assert len(set(made)) == COUNT
    as_bytes = np.frombuffer(bytes.fromhex("".join(made)), np.uint8).reshape(COUNT, 16)
    ones = np.unpackbits(as_bytes, axis=1).sum(axis=0)
    spread = 6 * (COUNT / 4) ** 0.5  # six standard deviations
    assert (np.abs(ones - COUNT / 2) < spread).sum() == bits
    rising = sum(one < other for one, other in itertools.pairwise(made))
    assert abs(rising - COUNT / 2) < spread
    tried(COUNT)
