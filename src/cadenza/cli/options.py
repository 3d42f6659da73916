"""The options that several commands share, and how their texts are read."""

from __future__ import annotations

import datetime as dt
import math
import re
from pathlib import Path
from typing import Annotated

import typer

from cadenza.domain.request import Side, Weight

_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_SPAN_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)")


def read_time_s(text: str) -> float:
    """Return seconds from "60", "60.5", "1:23" or "1:02:03.5"."""
    if clock := _CLOCK.fullmatch(text.strip()):
        hours, minutes, seconds = clock.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return _finite(text, "takes seconds (60 or 60.5) or minutes and seconds (1:23)")


def read_length_s(text: str) -> float:
    """Return a length in seconds, above 0."""
    length_s = read_time_s(text)
    if length_s <= 0:
        raise typer.BadParameter("takes a length above 0 seconds")
    return length_s


def read_section(text: str) -> tuple[float, float]:
    """Return two seconds from "12.5:20" or "1:05-1:20"."""
    first, _, last = text.strip().partition("-" if "-" in text else ":")
    start_s, end_s = read_time_s(first), read_time_s(last)
    if not 0 <= start_s < end_s:
        raise typer.BadParameter("takes two seconds, the second above the first (12.5:20 or 1:05-1:20)")
    return start_s, end_s


def read_span(text: str) -> dt.timedelta:
    """Return a span of time from "90d", "24h", "30m" or "10s"."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("takes a span of time as 90d, 24h, 30m or 10s")
    return dt.timedelta(**{_SPAN_UNITS[found[2]]: int(found[1])})


def read_weight(text: str) -> Weight:
    """Return a control from 0 to 1, to the hundredth."""
    fraction = _finite(text, "takes a number from 0 to 1")
    if not 0 <= fraction <= 1:
        raise typer.BadParameter("takes a number from 0 to 1")
    return Weight(round(fraction * 100))


def read_gender(text: str) -> str:
    """Return "f" or "m"."""
    letter = text.strip().lower()
    if letter not in {"f", "m", "female", "male"}:
        raise typer.BadParameter("takes f or m")
    return letter[0]


def _finite(text: str, wants: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise typer.BadParameter(wants) from None
    if not math.isfinite(number):
        raise typer.BadParameter(wants)
    return number


Out = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="The file to write; its suffix (.wav .flac .mp3 .ogg) is the format.",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", parser=read_length_s, metavar="S", help="Length; left out, the music decides."),
]
WhichSide = Annotated[
    Side, typer.Option(help="left makes a lead-in before the source; --at is where that begins.")
]
Section = Annotated[
    str | None,
    typer.Option(
        "--replace",
        metavar="A:B",
        help="Exchange what lies between two seconds (12.5:20 or 1:05-1:20); the rest stays.",
    ),
]
Context = Annotated[
    float | None,
    typer.Option(parser=read_length_s, metavar="S", help="How much of the source next to the join to quote."),
]
Prompt = Annotated[str | None, typer.Option(help="What to make, in your own words.")]
Title = Annotated[str | None, typer.Option(help="The title.")]
Style = Annotated[str | None, typer.Option("--tags", help="Style: genre, mood, tempo, key, instruments.")]
Lyrics = Annotated[str | None, typer.Option(help="The words to sing, with [Verse] and [Chorus] if you like.")]
Avoid = Annotated[str | None, typer.Option("--negative-tags", help="Styles and instruments to keep out.")]
Seed = Annotated[
    int | None, typer.Option(min=0, max=2**63 - 1, help="Same order and same seed give the same bytes.")
]
StyleWeight = Annotated[
    Weight | None, typer.Option(parser=read_weight, metavar="0..1", help="How closely to follow the style.")
]
AudioWeight = Annotated[
    Weight | None,
    typer.Option(parser=read_weight, metavar="0..1", help="How closely to stay with the source."),
]
Weirdness = Annotated[
    Weight | None, typer.Option(parser=read_weight, metavar="0..1", help="How far from the expected to go.")
]
Gender = Annotated[
    str | None, typer.Option("--vocal-gender", parser=read_gender, metavar="f|m", help="Who sings.")
]
Instrumental = Annotated[bool, typer.Option("--instrumental", help="Nobody sings.")]
Takes = Annotated[int, typer.Option(min=1, max=4, help="How many ideas; two give FILE-1 and FILE-2.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
