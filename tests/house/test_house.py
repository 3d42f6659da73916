"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from pathlib import Path

import pytest

from cadenza.settings import Settings, SettingsError, from_environment

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src/cadenza").rglob("*.py"))
# A file that grows beyond this has outgrown its idea.
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
LOCKS = ("base", "dev", "formats", "storage", "telemetry", "double", "release")


def test_every_setting_is_documented_with_its_default():
    page = (ROOT / "docs/settings.md").read_text()
    for knob in dataclasses.fields(Settings):
        default = f"`{knob.default}`" if str(knob.default) else "empty"
        row = f"| `{knob.metadata['variable']}` | {default} | {knob.metadata['doc']} |"
        assert row in page, f"docs/settings.md lacks or misstates {knob.metadata['variable']}"


def test_every_setting_in_the_documents_exists():
    known = {knob.metadata["variable"] for knob in dataclasses.fields(Settings)}
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"CADENZA_[A-Z_]+[A-Z]", page.read_text()))
        assert named <= known, f"{page.name} names settings that do not exist: {named - known}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_or_function_outgrows_its_idea(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node, clean=False) is not None
            body = node.body[1:] if documented else node.body
            length = (body[-1].end_lineno - body[0].lineno + 1) if body else 0
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_every_folder_says_what_it_is_for():
    for folder in {path.parent for path in SOURCES}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


def test_every_dependency_has_its_reason():
    page = (ROOT / "docs/dependencies.md").read_text()
    for name in LOCKS:
        for line in (ROOT / f"requirements/{name}.in").read_text().splitlines():
            package = re.match(r"[a-z0-9-]+", line)
            if package and not line.startswith("-"):
                assert package[0].removesuffix("-binary") in page or package[0] == "av", package[0]


def test_the_locks_carry_hashes_and_name_no_host():
    for name in LOCKS:
        lock = (ROOT / f"requirements/{name}.txt").read_text()
        assert "://" not in lock
        assert lock.count("==") <= lock.count("--hash=sha256:")


def test_files_that_the_documents_point_to_exist():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_files_that_architecture_names_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for name in re.findall(r"`([a-z_/]+\.py)`", text):
        found = [path for path in SOURCES if str(path).endswith(f"/{name}")]
        assert found, f"ARCHITECTURE.md names {name}"


def test_every_module_can_be_imported():
    for path in SOURCES:
        relative = path.relative_to(ROOT / "src").with_suffix("")
        if relative.name != "__main__":
            importlib.import_module(".".join(relative.parts).removesuffix(".__init__"))


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CADENZA_RETENTION_DAYS", "soon", "takes a number"),
        ("CADENZA_RETENTION_DAYS", "0", "above 0"),
        ("CADENZA_RETENTION_DAYS", "-1", "above 0"),
        ("CADENZA_SONG_SECONDS", "inf", "above 0"),
        ("CADENZA_SUNOAPI_STATUS", "maybe", "one of: body, mirrored"),
        ("CADENZA_DATABASE_URL", "mysql://x", "postgresql://"),
        ("CADENZA_LYRICS_URL", "ftp://x", "http://host:port/path"),
        ("CADENZA_LYRICS_URL", "https://me:secret@host/v1", "without a user name"),
        ("CADENZA_UNHEARD_OF", "1", "not a setting"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_by_its_name(variable, value, told):
    with pytest.raises(SettingsError, match=told) as refusal:
        from_environment({variable: value})
    assert variable in str(refusal.value)


def test_an_empty_variable_counts_as_absent():
    assert from_environment({"CADENZA_RETENTION_DAYS": ""}) == Settings()
