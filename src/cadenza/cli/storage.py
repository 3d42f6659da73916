"""``cadenza storage``: moving media files from the data folder into a bucket."""

from __future__ import annotations

import dataclasses
import json as json_text
import sys
from pathlib import Path
from typing import Annotated

import typer

from cadenza.cli import options as o
from cadenza.settings import current_settings

storage_app = typer.Typer(help="Where the media files lie.", no_args_is_help=True)


@storage_app.callback()
def storage() -> None:
    """Make this a group of commands, also while it has one."""


@storage_app.command()
def copy(
    *,
    data: Annotated[Path | None, typer.Option(help="Data folder (CADENZA_DATA).", show_default=False)] = None,
    json: o.Json = False,
) -> None:
    """Copy the media files of the data folder into the bucket of CADENZA_STORAGE_URL, each read back."""
    from cadenza.wiring.storage import copy_to_bucket  # noqa: PLC0415 - other commands need no storage

    done = copy_to_bucket(current_settings(data=data))
    if json:
        sys.stdout.write(json_text.dumps(dataclasses.asdict(done)) + "\n")
        return
    sys.stderr.write(f"{done.copied} files copied, {done.present} were there already.\n")
