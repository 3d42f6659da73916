"""ST-03: nobody guesses an id."""

from __future__ import annotations

import collections
import itertools

import pytest

from cadenza.domain.ids import new_id, new_take_id, new_task_id

COUNT = 20_000
MAKERS = {
    "task": (new_task_id, 128),
    "upload": (lambda: new_id("up").removeprefix("up_"), 128),
    # Six bits say that it is a UUID of version 4.
    "take": (lambda: new_take_id().replace("-", ""), 122),
}


@pytest.mark.parametrize("name", MAKERS)
def test_ST_03_ids_are_random_bits_without_a_time_part(name):
    make, bits = MAKERS[name]
    made = [int(make(), 16) for _ in range(COUNT)]
    assert len(set(made)) == COUNT
    ones = collections.Counter(bit for one in made for bit in range(128) if one >> bit & 1)
    spread = 6 * (COUNT / 4) ** 0.5  # six standard deviations
    free = [bit for bit in range(128) if abs(ones[bit] - COUNT / 2) < spread]
    assert len(free) == bits
    rising = sum(one < other for one, other in itertools.pairwise(made))
    assert abs(rising - COUNT / 2) < spread
