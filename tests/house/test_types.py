"""Types and import contracts, checked by the programs for it: tests, so that they run beside the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["mypy", "lint-imports"])
def test_what_the_pyproject_asks_holds(program):
    done = subprocess.run(
        [Path(sys.executable).with_name(program)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
