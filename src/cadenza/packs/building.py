"""The build of a pack, in a process of its own: what it maps, leaks or breaks ends with it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final

from cadenza.domain.errors import CadenzaError
from cadenza.packs.fetch import Deadline, run_tool

_CODE: Final = "import sys; from cadenza.packs.building import main; sys.exit(main(sys.argv[1], sys.argv[2]))"
# A build is arithmetic of small matrices: more threads only wait for each other.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def build(function: str, folder: Path, deadline: Deadline, *, what: str) -> None:
    """Call "module:function" with a folder in a process of its own.

    Raises
    ------
    Unavailable
        It fails, with its reason, or takes too long.
    """
    command = [sys.executable, "-c", _CODE, function, str(folder)]
    run_tool(command, folder, deadline, what=what, doing="built", more=_ONE_THREAD)


def main(function: str, folder: str) -> int:
    """Run as that process: 0 when built, 1 with a sentence on standard error."""
    module, _, name = function.partition(":")
    try:
        getattr(importlib.import_module(module), name)(Path(folder))
    except CadenzaError as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0
