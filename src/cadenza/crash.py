"""Named places at which a process kills itself, so that tests can look at what it leaves behind.

Nothing happens at any of them unless ``CADENZA_CRASH_AT`` names one: API, worker and render child arm
themselves at their start, and say so in the log. Passing a place in any other process is one comparison.
"""

from __future__ import annotations

import os
import re
import signal
from typing import Final, Literal, get_args

import structlog

Point = Literal[
    # accepting, in the API
    "after_hold",  # the price is held, the task is not stored
    "after_task_insert",  # the task is stored, its job is not enqueued
    "before_commit",  # everything of one or more requests is written, nothing is committed
    "after_commit",  # committed, and nobody was answered
    # one task, in its worker
    "after_begin",  # the attempt is counted, nothing is fetched
    "after_source",  # the source lies in the attempt's folder, nothing is rendered
    "after_text",  # the text stage is committed
    "after_render",  # in the render child: the files of a take are written, the worker does not know
    "before_artefact_rename",  # a file is whole and on the disk, and has no name
    "after_artefact_rename",  # it has its name, which is not on the disk
    "after_take",  # a take is committed as ready; with the last one the task is complete
    "after_capture",  # the credits of a complete task are captured, nothing is committed
    "after_release",  # the credits of a failed or cancelled task are released, nothing is committed
    "after_end",  # the task has ended, its job has not
    # one callback, in a worker
    "before_delivery",  # the attempt is recorded, nothing was sent
    "after_delivery_200",  # the receiver has answered, nothing is recorded
    "before_delivery_commit",  # the answer is recorded, nothing is committed
    # picking up what another worker left, in a worker
    "after_losses",  # the loss is counted, the jobs are still the dead worker's
    "after_give_back",  # the jobs are on their queues, the dead worker is not struck off
]
POINTS: Final[tuple[str, ...]] = get_args(Point)

_WHERE: Final = re.compile(rf"({'|'.join(POINTS)})(?::([1-9][0-9]{{0,8}}))?")


class _Fuse:
    """Burns down at the passages of one point."""

    def __init__(self, point: str, passages: int) -> None:
        self._point = point
        self._left = passages

    def is_burnt_by(self, point: str) -> bool:
        self._left -= point == self._point
        return self._left == 0


_fuse: _Fuse | None = None


def here(point: Point) -> None:
    """Kill this process if it was armed for this passage of the point; otherwise do nothing."""
    if _fuse is not None and _fuse.is_burnt_by(point):
        os.kill(os.getpid(), signal.SIGKILL)


def is_place(where: str) -> bool:
    """Answer whether ``arm`` takes this: a point, or "point:n" for its n-th passage in a process."""
    return _WHERE.fullmatch(where) is not None


def arm(where: str) -> None:
    """Make this process kill itself at ``where``; empty, as ever outside of tests: at no place."""
    global _fuse  # noqa: PLW0603 - a process has one fuse, and every layer passes points
    found = _WHERE.fullmatch(where)
    _fuse = None if found is None else _Fuse(found[1], int(found[2] or 1))
    if found is not None:
        structlog.get_logger().warning("armed_to_crash", at=where)
