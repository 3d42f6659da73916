"""``cadenza sweep``, ``backup`` and ``restore``: what operators do with a whole installation."""

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


def backup(
    file: Annotated[Path, typer.Argument(help="The tar file to write.", show_default=False)],
    *,
    data: _Data = None,
    json: o.Json = False,
) -> None:
    """Copy database and files into one tar file; the server may go on working meanwhile."""
    from cadenza.wiring import archive  # noqa: PLC0415 - other commands need no database

    done = archive.backup(current_settings(data=data), file)
    if json:
        sys.stdout.write(json_text.dumps(dataclasses.asdict(done)) + "\n")
        return
    sys.stderr.write(f"The database and {done.files} files are in {file} ({done.size_bytes} bytes).\n")
    if done.damaged:
        sys.stderr.write(f"{done.damaged} files are damaged where they lie, and not in it.\n")


def restore(
    file: Annotated[Path, typer.Argument(help="The tar file of a backup.", exists=True, show_default=False)],
    *,
    data: Annotated[Path, typer.Option(help="The data folder to make.", show_default=False)],
    json: o.Json = False,
) -> None:
    """Make a data folder of a backup; it must not be there yet, or be empty."""
    from cadenza.wiring import archive  # noqa: PLC0415 - other commands need no database

    done = archive.restore(file, data)
    if json:
        sys.stdout.write(json_text.dumps(dataclasses.asdict(done)) + "\n")
        return
    sys.stderr.write(
        f"The database and {done.files} files are restored. Start with: cadenza serve --data {data}\n"
    )
