"""``cadenza packs``: voices, ears and sounds of others, built here from pinned public packages."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cadenza.cli import options as o
from cadenza.cli.surroundings import WrongInput
from cadenza.domain.errors import CadenzaError, NotFound
from cadenza.packs.catalogue import Pack, catalogue
from cadenza.packs.fetch import Deadline
from cadenza.packs.install import Installer
from cadenza.packs.shelf import Shelf
from cadenza.settings import current_settings

packs_app = typer.Typer(help="Voices, ears and sounds that are built on this machine.", no_args_is_help=True)
_PATIENCE_S: Final = 3600.0

Data = Annotated[Path | None, typer.Option(help="Data folder (CADENZA_DATA).", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Packs; see `packs list`.")]


@packs_app.command("list")
def list_packs(*, data: Data = None, json: o.Json = False) -> None:
    """List all packs: what they are, how much is fetched, whether they are installed."""
    shelf = _shelf(data)
    rows = [
        {
            "name": pack.name,
            "title": pack.title,
            "state": _state(shelf, pack),
            "licences": pack.licences,
            "fetched_bytes": pack.size_bytes,
            "default": pack.default,
        }
        for pack in shelf.known.values()
    ]
    if json:
        sys.stdout.write(json_text.dumps({"folder": str(shelf.folder.absolute()), "packs": rows}) + "\n")
        return
    for row, pack in zip(rows, shelf.known.values(), strict=True):
        size = f"{pack.size_bytes / 1e6:.0f} MB"
        sys.stdout.write(f"{pack.name:8}  {row['state']:10}  {size:>7}  {pack.licences:24}  {pack.title}\n")


@packs_app.command()
def install(
    *,
    names: Names = None,
    default: Annotated[bool, typer.Option("--default", help="All packs that are usually wanted.")] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="An archive, or a folder of them, got in another way."),
    ] = None,
    seconds: o.Seconds = None,
    data: Data = None,
) -> None:
    """Fetch and build packs; each is there whole or not at all, and what was fetched is not fetched again."""
    shelf = _shelf(data)
    wanted = _wanted(shelf, names or [], default=default)
    for file in files or []:
        if not file.exists():
            raise WrongInput("--from names a file or folder that is not there.")
    installer = Installer(shelf=shelf, say=_say, offered=[file.absolute() for file in files or []])
    deadline, failed = Deadline.after(seconds or _PATIENCE_S), False
    for pack in wanted:
        try:
            installer.install(pack, deadline)
        except CadenzaError as trouble:
            _say(f"{pack.name}: not installed. {trouble} (Again: cadenza packs install {pack.name})")
            failed = True
    if failed:
        raise typer.Exit(1)


@packs_app.command()
def verify(*, names: Names = None, data: Data = None) -> None:
    """Hash every file of the installed packs; the exit status is 1 where one is not what it was."""
    shelf = _shelf(data)
    failed = False
    for pack in _wanted(shelf, names, default=False) if names else shelf.known.values():
        state = _state(shelf, pack)
        installed = shelf.find(pack.name)
        damaged = installed.damaged() if installed else []
        failed |= bool(damaged) or (installed is None and bool(names))
        told = f"damaged: {', '.join(damaged)}; install it again" if damaged else state
        sys.stdout.write(f"{pack.name}: {told}\n")
    if failed:
        raise typer.Exit(1)


@packs_app.command()
def remove(name: Annotated[str, typer.Argument(help="The pack.")], *, data: Data = None) -> None:
    """Delete an installed pack."""
    shelf = _shelf(data)
    (pack,) = _wanted(shelf, [name], default=False)
    if not shelf.remove(pack.name):
        raise NotFound("installed pack")
    _say(f"{pack.name}: removed.")


def _shelf(data: Path | None) -> Shelf:
    return Shelf(current_settings(data=data).packs_folder, known=catalogue())


def _wanted(shelf: Shelf, names: Sequence[str], *, default: bool) -> Sequence[Pack]:
    unknown = [name for name in names if name not in shelf.known]
    if unknown:
        raise WrongInput(f"There is no such pack; there are: {', '.join(shelf.known)}.")
    chosen = [pack for pack in shelf.known.values() if pack.name in names or (default and pack.default)]
    if not chosen:
        raise WrongInput("Name a pack, or give --default.")
    return chosen


def _state(shelf: Shelf, pack: Pack) -> str:
    if shelf.find(pack.name) is not None:
        return "installed"
    return "outdated" if shelf.installed(pack.name) is not None else "absent"


def _say(sentence: str) -> None:
    sys.stderr.write(f"cadenza: {sentence}\n")
    sys.stderr.flush()
