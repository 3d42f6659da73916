"""A codec that does what a test wants inside the decoder's cage, in the place of the one for M4A files."""

from __future__ import annotations

import textwrap
from pathlib import Path

# Whatever begins like this is handed to that codec.
M4A_HEAD = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"


def write_codec(folder: Path, body: str) -> None:
    """Write a package ``av`` into ``folder``; ``body`` is run in the cage, when a file is to be opened."""
    package = folder / "av"
    (package / "subtitles").mkdir(parents=True)
    (package / "subtitles" / "__init__.py").touch()
    (package / "subtitles" / "stream.py").touch()
    lines = [
        "import ctypes, os, socket, sys, time",
        "libc = ctypes.CDLL(None)",
        "class FFmpegError(Exception): pass",
        "def open(*_arguments, **_options):",
        textwrap.indent(textwrap.dedent(body), "    "),
    ]
    (package / "__init__.py").write_text("\n".join(lines) + "\n")
