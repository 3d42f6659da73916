"""Every chosen reading has a name, a reason beside it, an effect, and a line in the documentation."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DIALECTS = ROOT / "src" / "cadenza" / "dialects"
NAMES = ("crun", "sunoapi", "apiin", "native")


def constants(dialect):
    tree = ast.parse((DIALECTS / dialect / "quirks.py").read_text("utf-8"))
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def section(dialect):
    text = (ROOT / "docs" / "dialects.md").read_text("utf-8")
    return next(part for part in re.split(r"^## ", text, flags=re.MULTILINE) if part.startswith(dialect))


QUIRKS = [(dialect, name) for dialect in NAMES for name in constants(dialect)]


@pytest.mark.parametrize(("dialect", "name"), QUIRKS)
def test_a_quirk_is_in_the_documentation(dialect, name):
    assert f"`{name}`" in section(dialect)


@pytest.mark.parametrize(("dialect", "name"), QUIRKS)
def test_a_quirk_has_an_effect_or_a_test_of_the_table_it_speaks_of(dialect, name):
    readers = [path for path in (DIALECTS / dialect).glob("*.py") if path.name != "quirks.py"]
    readers += Path(__file__).parent.glob("test_*_sentences.py")
    assert any(f"quirks.{name}" in path.read_text("utf-8") for path in readers)
