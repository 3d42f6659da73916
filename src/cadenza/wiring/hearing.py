"""The hearing child put together: one recording in, its portrait out."""

from __future__ import annotations

import os
import sys

import orjson

from cadenza import logs, wiring
from cadenza.audio.children import NurseryDoor
from cadenza.audio.decode import decode
from cadenza.domain.errors import SourceUnusable
from cadenza.settings import current_settings
from cadenza.worker.orphan import end_with_parent

# As low as rendering: whatever answers callers goes first.
_NICENESS = 5


def hearing_child() -> None:
    """Hear the recording that standard input names; tell its portrait, or a reason, on standard output."""
    end_with_parent()
    os.nice(_NICENESS)
    logs.set_up(current_settings().log_level)  # to standard error
    order = orjson.loads(sys.stdin.buffer.read())
    try:
        source = decode(
            order["source_path"], longest_s=order["longest_s"], children=NurseryDoor(order["nursery"])
        )
        told = wiring.portrait(source.signal)
    except SourceUnusable as error:
        told = {"reason": str(error)}
    sys.stdout.buffer.write(orjson.dumps(told))
    sys.stdout.buffer.flush()
