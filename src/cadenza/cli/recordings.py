"""Reading the recordings that people name on the command line."""

from __future__ import annotations

from pathlib import Path

from cadenza.audio.decode import DecodedSource, decode
from cadenza.cli.surroundings import WrongInput

# Files that people have beside them: far above what any length that an engine takes needs.
_LARGEST_SOURCE_BYTES = 2 * 1024**3
_PATIENCE_S = 60.0  # nobody else waits for this decoder


def decoded(path: Path, *, name: str, longest_s: float) -> DecodedSource:
    """Return the recording in a file; ``name`` is what the command calls it.

    Raises ``WrongInput`` where there is no such file, ``SourceUnusable`` where it is no recording.
    """
    if not path.exists():
        raise WrongInput(f"{name}: there is no file of that name.")
    try:
        return decode(path, longest_s=longest_s, max_bytes=_LARGEST_SOURCE_BYTES, wall_clock_s=_PATIENCE_S)
    except OSError as error:
        raise WrongInput(f"{name} cannot be read: {error.strerror}.") from None
