"""``cadenza extend`` and ``cadenza make``: an engine at work without a server or a key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cadenza.cli import options as o
from cadenza.cli.surroundings import WrongInput
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    ExtraFile,
    GenerationRequest,
    Inherited,
    Side,
    SourceUpload,
    Specified,
    Voice,
)

# The tier only names limits and prices; an engine that runs here has neither.
_TIER = "v5"


def extend(  # noqa: PLR0913 - typer reads the options off the signature
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The recording to go on from.")],
    output: o.Out,
    *,
    at: Annotated[
        float | None,
        typer.Option(
            parser=o.read_time_s,
            metavar="SECONDS",
            help="Where to go on from: 60, 60.5 or 1:23; left out, the end.",
        ),
    ] = None,
    side: o.WhichSide = Side.RIGHT,
    replace: o.Section = None,
    context_seconds: o.Context = None,
    seconds: o.Seconds = None,
    prompt: o.Prompt = None,
    title: o.Title = None,
    tags: o.Style = None,
    lyrics: o.Lyrics = None,
    negative_tags: o.Avoid = None,
    seed: o.Seed = None,
    audio_weight: o.AudioWeight = None,
    style_weight: o.StyleWeight = None,
    weirdness: o.Weirdness = None,
    vocal_gender: o.Gender = None,
    instrumental: o.Instrumental = False,
    takes: o.Takes = 1,
    new_part: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the new music alone to this file as well.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Make only the join: five seconds before it and five after.")
    ] = False,
    json: o.Json = False,
) -> None:
    """Continue a recording: the source up to --at, then new music that goes on from it."""
    from cadenza.cli import takes as work  # noqa: PLC0415 - the other commands need no numpy

    request = GenerationRequest(
        wish=_wish(prompt, title, tags, lyrics) or Inherited(prompt=prompt),
        tier=_TIER,
        voice=_voice(vocal_gender, lyrics, instrumental=instrumental),
        continuation=_where(at, side, replace, context_seconds),
        avoid=negative_tags or "",
        controls=Controls(style_weight=style_weight, weirdness=weirdness, audio_weight=audio_weight),
        take_count=takes,
        duration_s=seconds,
        seed=seed,
        seam_only=preview,
    )
    work.extend(request, source, work.Target(output, takes, new_part=new_part), as_json=json)


def make(  # noqa: PLR0913 - as above
    output: o.Out,
    *,
    seconds: o.Seconds = None,
    prompt: o.Prompt = None,
    title: o.Title = None,
    tags: o.Style = None,
    lyrics: o.Lyrics = None,
    negative_tags: o.Avoid = None,
    seed: o.Seed = None,
    audio_weight: o.AudioWeight = None,
    style_weight: o.StyleWeight = None,
    weirdness: o.Weirdness = None,
    vocal_gender: o.Gender = None,
    instrumental: o.Instrumental = False,
    takes: o.Takes = 1,
    stems: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the stems as WAV files to this folder as well.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write how the song is made: brief, score, MIDI and a picture."),
    ] = None,
    json: o.Json = False,
) -> None:
    """Make a song from a description (--prompt), or from --title, --tags and --lyrics."""
    from cadenza.cli import takes as work  # noqa: PLC0415 - the other commands need no numpy

    wish = _wish(prompt, title, tags, lyrics) or (Described(prompt=prompt) if prompt else None)
    if wish is None:
        raise WrongInput("Say what to make: --prompt, or --tags with --title and --lyrics.")
    request = GenerationRequest(
        wish=wish,
        tier=_TIER,
        voice=_voice(vocal_gender, lyrics, instrumental=instrumental),
        avoid=negative_tags or "",
        controls=Controls(style_weight=style_weight, weirdness=weirdness, audio_weight=audio_weight),
        take_count=takes,
        duration_s=seconds,
        seed=seed,
        extra_files=frozenset() if stems is None else frozenset({ExtraFile.STEMS}),
    )
    work.make(request, work.Target(output, takes, stems=stems, explain=explain), as_json=json)


def _where(at: float | None, side: Side, section: str | None, context_s: float | None) -> Continuation:
    source = SourceUpload(upload_id="")
    if section is None:
        return Continuation(source=source, from_s=at, side=side, context_s=context_s)
    if at is not None or side is Side.LEFT:
        raise WrongInput("--replace goes with neither --at nor --side left: it says both places itself.")
    from_s, until_s = o.read_section(section)
    return Continuation(source=source, from_s=from_s, until_s=until_s, context_s=context_s)


def _wish(prompt: str | None, title: str | None, tags: str | None, lyrics: str | None) -> Specified | None:
    """Return what was spelled out, with the prompt as its description; None where nothing was."""
    if not (title or tags or lyrics):
        return None
    return Specified(title=title or "", style=tags or "", lyrics=lyrics or None, description=prompt or None)


def _voice(gender: str | None, lyrics: str | None, *, instrumental: bool) -> Voice:
    if instrumental and (lyrics or gender):
        raise WrongInput("--instrumental goes with neither --lyrics nor --vocal-gender.")
    if instrumental:
        return Voice.NOBODY
    return {"f": Voice.FEMALE, "m": Voice.MALE}.get(gender or "", Voice.ANYBODY)
