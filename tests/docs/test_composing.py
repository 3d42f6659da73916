"""The examples in docs/composing.md are run as they stand."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from cadenza.cli import main
from cadenza.engines.embedded.plan.brief import data as brief_data
from cadenza.engines.embedded.synth.kit import KITS
from cadenza.engines.embedded.synth.orchestra import INSTRUMENTS
from cadenza.music.genre import EFFECTS
from cadenza.music.harmony import chord_from_numeral
from cadenza.music.pitch import Key

PAGE = (Path(__file__).parents[2] / "docs/composing.md").read_text()


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_the_command_writes_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CADENZA_DATA", str(tmp_path / "data"))
    program, *words = shlex.split(block("sh"))
    assert program.endswith("cadenza")
    assert main(words) == 0
    assert sorted(path.name for path in (tmp_path / "how").iterdir()) == [
        "brief.json", "form.svg", "score.mid", "score.txt",
    ]  # fmt: skip
    assert (tmp_path / "song.wav").stat().st_size > 10 * 44_100


def test_the_lines_of_python_run():
    names = {}
    exec(block("python"), names)  # noqa: S102 - our own page
    assert names["text"].startswith("title ")
    assert "metre 3/4" in names["text"]
    assert names["midi"].startswith(b"MThd")


def test_the_genre_of_the_page_is_one():
    genre = brief_data._genre(tomllib.loads(block("toml")))
    assert genre.effects <= EFFECTS
    for mode, lines in genre.progressions.items():
        assert all(chord_from_numeral(numeral, Key(0, mode)) for line in lines for numeral in line)
    for role, names in genre.palette.items():
        assert set(names) <= (set(KITS) if role == "drums" else INSTRUMENTS)
    for texture in genre.textures.values():
        lines = [*texture.comping, *texture.bass, *(x for g in texture.grooves for x in g.lines.values())]
        assert {len(line) for line in lines} == {16}


@pytest.mark.parametrize(
    "file", re.findall(r"`((?:plan|compose|perform|synth)/[a-z_/]+\.(?:py|toml))`", PAGE)
)
def test_files_that_the_page_names_exist(file):
    import cadenza.engines.embedded as engine  # noqa: PLC0415 - only its folder

    assert (Path(engine.__file__).parent / file).exists()
