"""``cadenza packs``, and the background try of ``serve``."""

import json
import sys

import pytest

from cadenza.cli import main, packs_once
from cadenza.cli import packs as command
from cadenza.packs.shelf import Shelf
from cadenza.settings import Settings
from cadenza.testing.packages import toy


@pytest.fixture
def typed(monkeypatch, tmp_path, capsys):
    """Types a command of ``cadenza packs`` where the toy is the only pack."""
    known = {"toy": toy("npm")}
    monkeypatch.setattr(command, "catalogue", lambda: known)
    monkeypatch.setenv("CADENZA_PACKS", str(tmp_path / "packs"))

    def run(*words):
        status = main(["packs", *words])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_a_pack_is_listed_installed_verified_and_removed(typed, served, tmp_path):
    assert "absent" in typed("list")[1]
    status, out, err = typed("install", "--default")
    assert (status, out) == (0, "")
    assert "toy: installed" in err
    (row,) = json.loads(typed("list", "--json")[1])["packs"]
    assert (row["state"], row["licences"]) == ("installed", "MIT")
    assert typed("verify", "toy")[0] == 0
    (tmp_path / "packs/toy/LICENSE").write_text("Mine!")
    status, out, _ = typed("verify")
    assert status == 1
    assert "damaged: LICENSE" in out
    assert typed("remove", "toy")[0] == 0
    assert typed("remove", "toy")[0] == 2
    assert typed("verify", "toy")[0] == 1


def test_what_cannot_be_installed_is_told_without_a_traceback(typed, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = typed("install", "toy")
    assert status == 1
    assert "not installed" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words", [("install", "unknown"), ("install",), ("install", "toy", "--from", "/nowhere")], ids=str
)
def test_what_is_typed_wrongly_is_status_2(words, typed):
    assert typed(*words)[0] == 2


def test_the_server_tries_once_in_the_background_and_ends_the_try_with_itself(monkeypatch, tmp_path):
    started = []
    real = packs_once.subprocess.Popen

    def popen(command, **options):
        started.append(command[-1])
        process = real([sys.executable, "-c", "import time; time.sleep(600)"], **options)
        started.append(process)
        return process

    monkeypatch.setattr(packs_once.subprocess, "Popen", popen)
    monkeypatch.setattr(packs_once, "catalogue", lambda: {"toy": toy("npm")})
    settings = Settings(packs=str(tmp_path / "packs"), packs_auto=7.0)
    with packs_once.packs_in_background(settings, "data"):
        assert started[0] == "7.0"
        assert started[1].poll() is None
    assert started[1].poll() is not None
    with packs_once.packs_in_background(settings, "data"):
        assert len(started) == 2, "the second start does not try again"


def test_the_server_tries_nothing_unless_it_is_told_to(monkeypatch, tmp_path):
    monkeypatch.setattr(packs_once, "catalogue", lambda: {"toy": toy("npm")})
    with packs_once.packs_in_background(Settings(packs=str(tmp_path / "packs")), "data"):
        assert not (tmp_path / "packs").exists()


def test_doctor_tells_of_each_pack_and_fails_for_none(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CADENZA_DATA", str(tmp_path))
    monkeypatch.setenv("CADENZA_PACKS", str(tmp_path / "packs"))
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    found = {one["name"]: one for one in report["findings"]}
    for name in Shelf(tmp_path).known:
        assert not found[f"pack {name}"]["ok"]
        assert f"cadenza packs install {name}" in found[f"pack {name}"]["remedy"]
