"""The container files, read and not run: no container engine is needed to see what they would do."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cadenza.cli import app
from cadenza.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = ("api", "worker")


def instructions():
    """Return the lines of the Dockerfile, continued ones joined: (instruction, rest)."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def of(kind):
    return [rest for instruction, rest in instructions() if instruction == kind]


def test_sc_07_the_image_installs_only_what_the_locks_pin_by_hash():
    installs = [rest for rest in of("RUN") if "pip install" in rest]
    fetching = [rest for rest in installs if "--no-deps ." not in rest]
    assert len(installs) == 2
    assert len(fetching) == 1
    assert "--require-hashes" in fetching[0]
    for lock in re.findall(r"-r (\S+)", fetching[0]):
        assert (ROOT / lock).exists()
        assert any(lock in rest for rest in of("COPY"))


def test_sc_07_the_image_runs_as_nobody_special_and_can_tell_that_it_is_healthy():
    final = instructions()[max(i for i, (kind, _) in enumerate(instructions()) if kind == "FROM") :]
    users = [rest for kind, rest in final if kind == "USER"]
    assert users == ["10001"]
    assert [rest for kind, rest in final if kind == "HEALTHCHECK"]
    assert not [rest for kind, rest in final if kind == "ADD"]
    told = dict(pair.split("=", 1) for rest in of("ENV") for pair in shlex.split(rest))
    assert told["CADENZA_DATA"] == "/data"


@pytest.mark.parametrize("name", OURS)
def test_sc_07_our_containers_have_a_read_only_root_and_no_rights(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {volume.split(":")[1] for volume in service["volumes"]} == {"/data"}


@pytest.mark.parametrize("name", OURS)
def test_sc_07_every_variable_of_our_containers_is_a_setting(name):
    known = {knob.metadata["variable"] for knob in dataclasses.fields(Settings)}
    assert COMPOSE["services"][name]["environment"].keys() <= known


def test_sc_07_no_secret_stands_in_the_compose_file_and_each_one_is_asked_for():
    text = (ROOT / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    example = (ROOT / "compose.env.example").read_text()
    named = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    assert asked == named.keys()
    secrets = {name for name in asked if re.search("PASSWORD|PEPPER|USER", name)}
    assert all(named[name] == "" for name in secrets)
    for name in secrets:
        assert re.search(rf"\$\{{{name}:\?\}}", text), f"{name} may not be left empty"


def test_sc_07_the_commands_of_our_containers_are_ours():
    (entry,), (default,) = of("ENTRYPOINT"), of("CMD")
    assert yaml.safe_load(entry) == ["cadenza"]
    for command in (yaml.safe_load(default), *(COMPOSE["services"][name]["command"] for name in OURS)):
        told = CliRunner().invoke(app, [command[0], "--help"])
        assert told.exit_code == 0
        for option in (word for word in command if word.startswith("--")):
            assert option in told.output


def test_sc_07_only_the_api_can_be_reached_and_only_from_this_machine():
    ports = {name: service.get("ports") for name, service in COMPOSE["services"].items()}
    assert [name for name, told in ports.items() if told] == ["api"]
    assert all(port.startswith("127.0.0.1:") for port in ports["api"])
