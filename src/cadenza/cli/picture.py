"""``cadenza explain``: how a continuation is made, as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cadenza.cli import options as o
from cadenza.cli.portrait import Song
from cadenza.cli.surroundings import WrongInput

_SUFFIXES = (".png", ".svg")
_USUAL_S = 40.0


def explain(
    song: Song,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The picture to write: .png or .svg.")
    ],
    *,
    at: Annotated[
        float | None,
        typer.Option(
            parser=o.read_time_s,
            metavar="SECONDS",
            help="Where the recording is continued: 60, 60.5 or 1:23; left out, the end.",
        ),
    ] = None,
    seconds: o.Seconds = None,
    seed: o.Seed = 0,
    audio_weight: o.AudioWeight = None,
    weirdness: o.Weirdness = None,
) -> None:
    """Draw how a recording would be continued: what is heard in it, which bars are quoted, and the join."""
    from cadenza.cli.explaining import draw  # noqa: PLC0415 - the other commands need no numpy
    from cadenza.domain.request import (  # noqa: PLC0415 - as above
        Continuation,
        Controls,
        GenerationRequest,
        Inherited,
        SourceUpload,
    )

    if output.suffix.lower() not in _SUFFIXES:
        raise WrongInput(f"-o must end in one of {' '.join(_SUFFIXES)}: the suffix chooses the format.")
    request = GenerationRequest(
        wish=Inherited(),
        tier="v5",
        continuation=Continuation(source=SourceUpload(upload_id=""), from_s=at),
        controls=Controls(audio_weight=audio_weight, weirdness=weirdness),
        take_count=1,
        duration_s=seconds or _USUAL_S,
        seed=seed,
    )
    draw(request, song, output)
    sys.stderr.write(f"The picture is in {output}.\n")
