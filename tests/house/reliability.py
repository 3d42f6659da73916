"""Write docs/reliability.md from the names of the tests and from what recorded runs of them said.

    make reliability                        run every test that names an entry, then write the page
    python tests/house/reliability.py       write the page only

A record is what ``pytest --record FILE`` leaves: for each test how many cases it had, how often it tried what
its name says, and how that ended.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reliability.md"
RECORDS = {form: ROOT / f"docs/reliability/{form}.json" for form in ("short", "long")}

AREAS = {
    "AU": ("Keys and accounts", 12),
    "SS": ("Requests to other hosts", 18),
    "ME": ("Foreign media", 12),
    "WH": ("Callbacks", 12),
    "ID": ("Once and only once", 9),
    "LE": ("Credits", 10),
    "CR": ("Crashes and upgrades", 14),
    "OV": ("Overload", 10),
    "BI": ("Bad input", 8),
    "ST": ("Files and how long they stay", 8),
    "SC": ("Supply chain", 7),
}
NOT_COVERED = {
    "SC-06": "The tests reach loopback only, but not in an empty network namespace; one door leads out "
    "(an import contract), beside the operator's own pip, npm and apt-get for packs, and nothing calls home.",
}

_NAME = re.compile(r"test_([a-z]{2})_([0-9]{2})_(\w+)", re.IGNORECASE)
_ENTRY = re.compile(r"\b([A-Z]{2}-[0-9]{2})\b")
_INTRODUCTION = """# What is tried, and how often

The entries are those of a catalogue of attacks and faults that this project holds itself to. Each has
tests that carry its id and say in their name what is tried and what holds. This page is written from those
names and from recorded runs (`make reliability`), and a test compares it with the tests that exist.

**short** is `make reliability`, **long** is `make chaos`: the number says how often the thing was tried in
the recorded run, over all cases of the test; an empty cell says that this form was not recorded for it.
`make test` runs the short form at every change, the tests in tests/chaos on one of the two databases each.
A test on both databases counts for each. A law (hypothesis) counts once for each case and
tries a hundred examples in it.
"""


@dataclass(frozen=True, slots=True, order=True)
class Tried:
    """One test: the entry that it is for, what its name says, and where it is."""

    entry: str
    sentence: str
    path: str
    name: str

    @property
    def node(self) -> str:
        return f"{self.path}::{self.name}"


def tests() -> list[Tried]:
    """Return all tests that name an entry of the catalogue."""
    return sorted(chain.from_iterable(_of_file(path) for path in (ROOT / "tests").rglob("test_*.py")))


def benchmarks() -> dict[str, list[str]]:
    """Return the benchmarks whose first lines name an entry."""
    found = defaultdict(list)
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        for entry in sorted(set(_ENTRY.findall(ast.get_docstring(ast.parse(path.read_text())) or ""))):
            found[entry].append(str(path.relative_to(ROOT)))
    return found


def entries() -> list[str]:
    """Return all entries of the areas above."""
    return [f"{area}-{number:02d}" for area, (_, count) in AREAS.items() for number in range(1, count + 1)]


def page() -> str:
    """Return the page."""
    every, measured, records = tests(), benchmarks(), {form: _record(path) for form, path in RECORDS.items()}
    parts = [_INTRODUCTION]
    for area, (title, _) in AREAS.items():
        rows = [_row(one, records) for one in every if one.entry.startswith(area)]
        rows += [
            f"| {entry} | measured by `{path}`, see [performance.md](performance.md) | | | |"
            for entry, paths in measured.items()
            if entry.startswith(area)
            for path in paths
        ]
        heading = f"| {area} | what is tried and holds | short | long | result |"
        parts.append("\n".join([f"## {title}", "", heading, "|---|---|---|---|---|", *sorted(rows), ""]))
    covered = {one.entry for one in every} | measured.keys()
    left = [entry for entry in entries() if entry not in covered]
    rows = [f"| {entry} | {NOT_COVERED.get(entry, 'No test carries its id yet.')} |" for entry in left]
    parts.append("\n".join(["## Not covered", "", "| entry | why |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _of_file(path: Path) -> list[Tried]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (told := _NAME.fullmatch(node.name)):
            entry = f"{told[1].upper()}-{told[2]}"
            sentence = told[3].replace("_", " ")
            where = str(path.relative_to(ROOT))
            found.append(Tried(entry, sentence[0].upper() + sentence[1:], where, node.name))
    return found


def _record(path: Path) -> dict[str, dict[str, object]]:
    return json.loads(path.read_text()) if path.exists() else {}


def _row(one: Tried, records: dict[str, dict[str, dict[str, object]]]) -> str:
    found = {form: record.get(one.node) for form, record in records.items()}
    often = [f"{told['tried']:,}" if told else "" for told in found.values()]
    outcomes = {str(told["outcome"]) for told in found.values() if told}
    result = next((worst for worst in ("failed", "passed", "skipped") if worst in outcomes), "not recorded")
    file = one.path.removeprefix("tests/")
    return f"| {one.entry} | {one.sentence} <sub>{file}</sub> | {' | '.join(often)} | {result} |"


if __name__ == "__main__":
    if sys.argv[1:] == ["--areas"]:  # what pytest's -k takes
        sys.stdout.write(" or ".join(f"test_{area}_" for area in AREAS))
    else:
        PAGE.write_text(page())
