"""What a crash writes: where it happened and of which kind it was, never what was at hand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import sqlalchemy as sa

from cadenza.domain.errors import NotFound
from cadenza.logs import told

CANARY = "canary7Hq2"

CRASHES = {
    "nobody caught it": f"raise ValueError('{CANARY}')",
    "in a thread": f"""
import threading
def fail(): raise KeyError('{CANARY}')
thread = threading.Thread(target=fail); thread.start(); thread.join()""",
    "logged by us": f"""
try: {{}}['{CANARY}']
except KeyError: structlog.get_logger().exception('failed')""",
    "logged by a library": f"""
try: int('{CANARY}')
except ValueError: logging.getLogger('some.library').warning('it failed', exc_info=True)""",
    "logged by the job engine": f"""
try: int('{CANARY}')
except ValueError: logging.getLogger('dbos').error('it failed', exc_info=True)""",
    "with a cause": f"""
try: int('{CANARY}')
except ValueError as error: raise RuntimeError('{CANARY}') from error""",
    "refused by the database": f"""
import sqlalchemy as sa
from cadenza.stores.database import open_engine
engine = open_engine('sqlite://')
with engine.begin() as connection:
    connection.execute(sa.text('INSERT INTO nowhere VALUES (:lyrics)'), {{'lyrics': '{CANARY}'}})""",  # noqa: S608 - a program, not a query
}


def lines_of(program):
    started = "import logging, structlog; from cadenza import logs; logs.set_up('info')\n"
    ran = subprocess.run(
        [sys.executable, "-c", started + program], capture_output=True, text=True, check=False
    )
    assert CANARY not in ran.stdout + ran.stderr
    return [json.loads(line) for line in ran.stderr.splitlines()]


@pytest.mark.parametrize("crash", CRASHES)
def test_au_10_a_crash_is_one_json_line_that_tells_its_place_and_kind_and_no_value(crash):
    (line,) = lines_of(CRASHES[crash])
    assert line["level"] in ("critical", "error", "warning")
    assert any("Error" in part for part in line["exception"])
    assert any(" in " in part for part in line["exception"])


def test_our_own_errors_and_those_of_the_system_keep_their_words():
    assert told(NotFound("task")).endswith(str(NotFound("task")))
    assert told(OSError(28, "No space left on device", f"/data/{CANARY}")).endswith("No space left on device")
    assert CANARY not in told(OSError(28, "No space left on device", f"/data/{CANARY}"))


def test_au_10_an_error_of_the_database_does_not_repeat_its_parameters(db_engine):
    with pytest.raises(sa.exc.DBAPIError) as caught, db_engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:lyrics)"), {"lyrics": CANARY})
    assert CANARY not in str(caught.value)
