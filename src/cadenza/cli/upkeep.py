"""``cadenza sweep``: clearing away by hand what workers clear away by themselves."""

from __future__ import annotations

import dataclasses
import json as json_text
import sys
from pathlib import Path
from typing import Annotated

import typer

from cadenza.cli import options as o
from cadenza.settings import current_settings

_Data = Annotated[Path | None, typer.Option(help="Data folder (CADENZA_DATA).", show_default=False)]


def sweep(*, data: _Data = None, json: o.Json = False) -> None:
    """Clear away files whose time is over and what crashes left; workers do so every ten minutes."""
    from cadenza.wiring.upkeep import sweep_once  # noqa: PLC0415 - other commands need no database

    swept = sweep_once(current_settings(data=data))
    if json:
        sys.stdout.write(json_text.dumps(dataclasses.asdict(swept)) + "\n")
        return
    sys.stderr.write(
        f"{swept.expired} files expired, {swept.deleted} deleted; {swept.leftovers} leftovers, "
        f"{swept.jobs} jobs and {swept.rows} rows cleared away.\n"
    )
