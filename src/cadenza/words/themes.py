"""The writer's data files, read once: themes with their hooks and couplets, forms, schemes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
FALLBACK = "song"


@dataclass(frozen=True, slots=True)
class Couplet:
    """Two lines whose ends rhyme; ``{name}`` in them stands for a slot.

    ``is_whole``: they are one sentence, and no other line may come between.
    """

    first: str
    second: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What a song can be about.

    ``words`` are those of a prompt that mean this theme, ``hooks`` map a title to the line that
    carries it, ``slots`` a name to what may stand there, ``couplets`` a part of the song (scene, turn,
    pre, chorus, bridge) to its couplets.
    """

    name: str
    words: frozenset[str]
    hooks: Mapping[str, str]
    slots: Mapping[str, tuple[str, ...]]
    couplets: Mapping[str, tuple[Couplet, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """How lyrics are built; the fields are the tables of ``writing.toml``.

    ``subject`` are the couplets that name it; those of a part with ``_to`` speak to it.
    ``forms`` are (longest_s, ((section, lines), ...)), shortest first.
    """

    forms: tuple[tuple[float, tuple[tuple[str, int], ...]], ...]
    pattern: Mapping[str, int]
    schemes: Mapping[str, tuple[str, ...]]
    refrains: tuple[str, ...]
    until: frozenset[str]
    we: frozenset[str]
    not_about: frozenset[str]
    usual: tuple[str, ...]
    wordy: frozenset[str]
    subject_hooks: tuple[str, ...]
    subject: Mapping[str, tuple[Couplet, ...]]


@cache
def themes() -> Mapping[str, Theme]:
    """Return all themes by name, in the order of their names."""
    files = sorted((_DATA / "themes").glob("*.toml"))
    return {path.stem: _theme(path.stem, tomllib.loads(path.read_text("utf-8"))) for path in files}


@cache
def manual() -> Manual:
    """Return how lyrics are built."""
    table = tomllib.loads((_DATA / "writing.toml").read_text("utf-8"))
    prompt, subject = table["prompt"], table["subject"]
    return Manual(
        forms=tuple((float(f["longest_s"]), tuple(map(_block, f["sections"]))) for f in table["forms"]),
        pattern=table["pattern"],
        schemes={section: tuple(schemes) for section, schemes in table["schemes"].items()},
        refrains=tuple(table["choruses"]["shapes"]),
        until=frozenset(prompt["until"].split()),
        we=frozenset(prompt["we"].split()),
        not_about=frozenset(prompt["not_about"].split()),
        usual=tuple(prompt["usual"]),
        wordy=frozenset(prompt["wordy"].split()),
        subject_hooks=tuple(subject["hooks"]),
        subject={part: _couplets(text) for part, text in subject.items() if part != "hooks"},
    )


def _theme(name: str, table: Mapping[str, Any]) -> Theme:
    return Theme(
        name=name,
        words=frozenset(table["words"].split()),
        hooks=table["hooks"],
        slots={slot: tuple(values) for slot, values in table.get("slots", {}).items()},
        couplets={part: _couplets(text) for part, text in table["couplets"].items()},
    )


def _couplets(text: str) -> tuple[Couplet, ...]:
    pairs = (re.split(r"\s*(//?)\s*", line.strip()) for line in text.strip().splitlines())
    return tuple(Couplet(first, second, stroke == "//") for first, stroke, second in pairs)


def _block(text: str) -> tuple[str, int]:
    section, lines = text.split()
    return section, int(lines)
