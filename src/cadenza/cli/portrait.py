"""``cadenza portrait``: what is heard in a recording."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cadenza.cli import options as o

_LONGEST_S = 3600.0

Song = Annotated[Path, typer.Argument(metavar="SONG", help="The recording.", show_default=False)]


def portrait(song: Song, *, json: o.Json = False) -> None:
    """Tell what is heard in a recording: tempo, metre, key, sections, loudness, voices, and how surely.

    With --json all of it: every beat, bar and chord, the loudness curve, and peaks for drawing.
    """
    from cadenza import wiring  # noqa: PLC0415 - the other commands need no numpy
    from cadenza.cli.recordings import decoded  # noqa: PLC0415 - as above

    told = wiring.portrait(decoded(song, name="SONG", longest_s=_LONGEST_S).signal)
    sys.stdout.write(json_text.dumps(told) + "\n" if json else "".join(_lines(told)))


def _lines(told: dict[str, Any]) -> list[str]:
    rows = {
        "length": f"{_clock(told['duration_s'])}, {told['character']}",
        "tempo": _tempo(told),
        "key": _key(told),
        "sections": _sections(told["form"]),
        "phrases": _phrases(told["form"]),
        "loudness": "{integrated_lufs:.1f} LUFS, range {range_lu:.1f} LU".format(**told["loudness"]),
        "voice": f"{100 * told['voice']['share']:.0f} % of the time{_sure(told['voice'])}",
        "stereo": _stereo(told["stereo"]),
    }
    return [f"{name:9} {text}\n" for name, text in rows.items()]


def _tempo(told: dict[str, Any]) -> str:
    if told["tempo"]["bpm"] is None:
        return "no steady beat"
    metre = told["metre"]
    stretches = len(told["tempo"]["map"])
    moves = f", {stretches} stretches" if stretches > 1 else ""
    beats = f"{metre['beats_per_bar']} beats in a bar{_sure(metre)}"
    return f"{told['tempo']['bpm']:.1f} bpm{_sure(told['tempo'])}{moves}; {beats}"


def _key(told: dict[str, Any]) -> str:
    name = told["key"]["name"]
    cents = told["tuning"]["cents"]
    tuned = "" if cents is None else f"; {cents:+.0f} cents from A = 440 Hz{_sure(told['tuning'])}"
    return (f"{name}{_sure(told['key'])}" if name else "none stands out") + tuned


def _sections(form: dict[str, Any]) -> str:
    parts = [f"{part['label']} {_clock(part['start_s'])}" for part in form["sections"]]
    return "  ".join(parts) + _sure(form)


def _phrases(form: dict[str, Any]) -> str:
    bars = form["bars_per_phrase"]
    return f"{len(form['phrase_ends_s'])}" + (f" of {bars} bars" if bars else "")


def _stereo(image: dict[str, Any]) -> str:
    if image["channels"] == 1:
        return "mono"
    return "width {width:.2f}, balance {balance:+.2f}, correlation {correlation:.2f}".format(**image)


def _sure(found: dict[str, Any]) -> str:
    return f" ({100 * found['confidence']:.0f} % sure)"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
