"""``cadenza unmix``: a recording taken apart, with the pack ``ears``."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cadenza.cli import options as o

if TYPE_CHECKING:
    from cadenza.audio.signal import Signal

_LONGEST_S = 960.0

Song = Annotated[Path, typer.Argument(metavar="SONG", help="The recording.", show_default=False)]


def unmix(
    song: Song,
    *,
    stems: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write vocals.wav and rest.wav, which sum to it, to this folder."),
    ] = None,
    json: o.Json = False,
) -> None:
    """Take a recording apart: the voice, the rest, and a draft of its notes. Needs the pack ears.

    With --json all of it: stretches that are sung, notes, bass, melody, and chords beat by beat.
    """
    from cadenza import wiring  # noqa: PLC0415 - the other commands need no numpy
    from cadenza.cli.recordings import decoded  # noqa: PLC0415 - as above

    parts, told = wiring.take_apart(decoded(song, name="SONG", longest_s=_LONGEST_S).signal)
    told["stems"] = [] if stems is None else _write(parts, stems, song.stem)
    sys.stdout.write(json_text.dumps(told) + "\n" if json else _summary(told))


def _write(parts: Mapping[str, Signal], folder: Path, title: str) -> list[str]:
    from cadenza.audio.encode import Depth, FileKind, write_sound  # noqa: PLC0415 - as above
    from cadenza.audio.files import appearing_whole  # noqa: PLC0415 - as above
    from cadenza.audio.tagging import Tags  # noqa: PLC0415 - as above

    folder.mkdir(parents=True, exist_ok=True)
    tags, paths = Tags(title=title, artist=""), []
    for name, signal in parts.items():
        path = folder / f"{name}.wav"
        with appearing_whole(path) as unfinished:
            write_sound(unfinished, signal, FileKind.WAV, depth=Depth.BITS_24, tags=lambda: tags)
        paths.append(str(path))
    return paths


def _summary(told: dict[str, Any]) -> str:
    sung_s = sum(one["end_s"] - one["start_s"] for one in told["sung"])
    lines = [*told["stems"], f"sung: {sung_s:.0f} s in {len(told['sung'])} stretches"]
    lines.append(f"notes: {len(told['notes'])}, bass {len(told['bass'])}, melody {len(told['melody'])}")
    return "\n".join([*lines, ""])
