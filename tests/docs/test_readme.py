"""Every command in the README is run as it stands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from cadenza.testing.audio import chord
from cadenza.testing.service import Service

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
CADENZA = f"{shlex.quote(sys.executable)} -m cadenza"


def commands(*, containing):
    """Return the commands of the blocks that contain a word, continued lines joined."""
    blocks = [block.replace("\\\n", " ") for block in BLOCKS if containing in block]
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run(command, folder, **variables):
    done = subprocess.run(
        ["bash", "-euc", command.replace(".venv/bin/cadenza", CADENZA)],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "CADENZA_DATA": str(folder / "data"), **variables},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def song(tmp_path):
    """A recording to continue, in the folder where the commands are run."""
    signal = chord((57, 60, 64), 40.0)
    soundfile.write(tmp_path / "song.wav", signal.samples.T, signal.sample_rate)
    return tmp_path / "song.wav"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_curl_lines_of_every_dialect_work_as_printed(song, tmp_path):
    with Service(data=tmp_path / "data", environment={"CADENZA_ENGINE": "debug"}) as service:
        known = {"URL": service.url, "KEY": service.new_key("reader", credits=1000)}
        upload = f'curl -s $URL/v1/uploads -H "Authorization: Bearer $KEY" -F file=@{song.name}'
        known["SONG_URL"] = json.loads(run(upload, tmp_path, **known))["url"]
        dialects = 0
        for command in commands(containing="curl -s"):
            answer = run(command, tmp_path, **known)
            if "/events" in command:
                assert "event: " in answer
                continue
            told = json.loads(answer)
            assert told.get("code", 200) == 200, answer
            found = re.search(r'"(?:task_?[iI]d|id)":"([^"]+)"', answer)
            assert found, answer
            known["UPLOAD" if "/v1/uploads" in command else "TASK"] = found[1]
            dialects += " -d " in command
        assert dialects == 4


def test_the_commands_without_a_server_work_as_printed(tmp_path):
    for command in commands(containing="cadenza make --prompt"):
        run(command, tmp_path)
    assert soundfile.info(tmp_path / "song.wav").duration == pytest.approx(60, abs=1)
    assert soundfile.info(tmp_path / "longer.wav").duration == pytest.approx(50, abs=1)


def test_the_operators_commands_work_as_printed(tmp_path):
    outputs = [run(command, tmp_path) for command in commands(containing="cadenza key create")]
    assert outputs[0].startswith("cad_")
    assert "grant" in outputs[-1]


def test_make_knows_every_target_that_the_documents_name():
    makefile = (ROOT / "Makefile").read_text()
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"`make ([a-z]+)`", page.read_text()):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name} names make {target}"
