"""CR-08: two of everything on one database. Each task is begun once, whoever asks first."""

from __future__ import annotations

import pytest

from cadenza.testing.service import eventually
from cadenza.testing.victims import Victim

PREPARE_AND_WORK = """
from cadenza.settings import current_settings
from cadenza.wiring.backroom import prepare
from cadenza.wiring.serving import work
prepare(current_settings())
work()
"""
TASKS = 3


@pytest.mark.timeout(600)
def test_cr_08_two_installations_that_start_at_once_run_no_task_twice(house, nursery, scale, tried):
    # What a dead worker left is there for both to pick up, and is picked up once.
    left = house.accept()
    house.worker.start(CADENZA_CRASH_AT="after_begin")
    house.worker.wait()
    tasks = [house.accept() for _ in range(TASKS * scale)]
    both = [Victim(nursery, PREPARE_AND_WORK, house.environment) for _ in range(2)]
    try:
        for one in both:
            one.start()
        eventually(lambda: len(house.rows("SELECT id FROM workers")) == 3)
        eventually(house.are_complete, limit_s=120 + 20 * scale)
    finally:
        for one in both:
            one.kill()
    assert [house.task(task_id).attempt for task_id in tasks] == [1] * len(tasks)
    assert house.task(left).attempt == 2
    house.assert_no_harm([left, *tasks])
    tried(len(tasks) + 1)
