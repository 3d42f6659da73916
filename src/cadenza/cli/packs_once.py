"""The default packs, tried once in the background when a server starts."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cadenza.packs.catalogue import catalogue
from cadenza.packs.shelf import Shelf
from cadenza.settings import Settings

_TRIED: Final = ".tried"
_CODE: Final = (
    "import sys; from cadenza.worker.orphan import end_with_parent; end_with_parent(); "
    "from cadenza.cli import main; "
    "sys.exit(main(['packs', 'install', '--default', '--seconds', sys.argv[1]]))"
)
_GRACE_S: Final = 5.0


@contextmanager
def packs_in_background(settings: Settings, data: str) -> Iterator[None]:
    """Install the default packs that are absent while the block runs; end with it.

    It is tried once for each state of the catalogue: a machine without a network is not asked again at
    every start. What it does is told on standard error, in sentences.
    """
    if not settings.packs_auto or not _is_first_try(settings):
        yield
        return
    process = subprocess.Popen(  # noqa: S603 - our own code, no shell
        [sys.executable, "-c", _CODE, str(settings.packs_auto)],
        env={**os.environ, "CADENZA_DATA": data},  # noqa: TID251 - handed on
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        process.kill()
        process.wait()


def _is_first_try(settings: Settings) -> bool:
    """Answer whether something is to be done, and note that it is being done."""
    shelf = Shelf(settings.packs_folder)
    wanted = [pack for pack in catalogue().values() if pack.default and shelf.find(pack.name) is None]
    note = "\n".join(f"{pack.name} {pack.digest}" for pack in wanted)
    path = shelf.folder / _TRIED
    try:
        if not wanted or (path.exists() and path.read_text() == note):
            return False
        shelf.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(note)
    except OSError:
        return False  # the folder cannot be written: `cadenza packs install` says so to whoever asks
    return True
