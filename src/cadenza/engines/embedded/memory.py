"""What was heard in recordings that are kept here, so that the next request on one costs only the making."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cadenza.audio.files import appearing_whole
from cadenza.domain.errors import Damaged
from cadenza.music.portrait import Portrait
from cadenza.music.portrait_file import read_portrait, write_portrait

# Some forty recordings of three minutes.
_MOST_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Portraits in ``folder``, ``most_bytes`` of them; those that were not asked for longest go first.

    What is lost, or not as it was written, is heard again.
    """

    folder: Path
    most_bytes: int = _MOST_BYTES

    def find(self, name: str) -> Portrait | None:
        """Return the portrait that is kept under a name."""
        path = self.folder / f"{name}.npz"
        try:
            portrait = read_portrait(path)
            os.utime(path)  # a day from now on
        except (OSError, Damaged):
            return None
        return portrait

    def keep(self, name: str, portrait: Portrait) -> None:
        """Keep a portrait under a name, where there is room for it."""
        with suppress(OSError):  # a full disk is no reason not to go on
            self.folder.mkdir(parents=True, exist_ok=True)
            with appearing_whole(self.folder / f"{name}.npz") as unfinished:
                write_portrait(portrait, unfinished)
            self._make_room()

    def _make_room(self) -> None:
        kept = [(path.stat(), path) for path in self.folder.glob("*.npz")]
        total = 0
        for status, path in sorted(kept, key=lambda one: -one[0].st_mtime):
            total += status.st_size
            if total > self.most_bytes:
                path.unlink(missing_ok=True)
