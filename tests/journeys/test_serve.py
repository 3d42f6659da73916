"""Starting and stopping the service as people do."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess

import httpx
import pytest

from cadenza.testing.service import Service, command, free_port

FAST = {"CADENZA_ENGINE": "debug"}


def started(service):
    """Start a service that is expected to refuse; return its exit status and sentence."""
    done = command(*service.arguments(), environment={**FAST, **service.environment})
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_cr_08_a_second_server_on_the_same_data_is_refused_and_told_where_the_first_is(sqlite_service):
    status, sentence = started(Service(data=sqlite_service.data))
    assert status == 2
    assert sentence.startswith("cadenza: Cadenza already runs on the data folder ")
    assert sqlite_service.url in sentence


def test_a_taken_port_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, sentence = started(Service(data=tmp_path / "data", port=port))
    assert status == 2
    assert sentence == f"cadenza: Port {port} is taken by another program; choose another with --port.\n"


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file, no folder")
    read_only = tmp_path / "read-only"
    read_only.mkdir(mode=0o555)
    folders = [in_the_way, in_the_way / "below"]
    if os.geteuid() != 0:  # root may write anywhere
        folders += [read_only, read_only / "below"]
    for folder in folders:
        status, sentence = started(Service(data=folder))
        assert status == 2
        assert f"The data folder {folder} cannot be written to" in sentence
        assert "choose another with --data or CADENZA_DATA" in sentence


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CADENZA_ENGINE", "nothing"),
        ("CADENZA_TASK_LIMIT_S", "soon"),
        ("CADENZA_OUTBOUND_ALLOW", "300.0.0.0/8"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_starts(tmp_path, setting, value):
    status, sentence = started(Service(data=tmp_path / "data", environment={setting: value}))
    assert status == 2
    assert setting in sentence


def test_the_printed_line_works_and_what_was_accepted_survives_a_stop(tmp_path):
    first = Service(data=tmp_path / "data", environment=FAST)
    with first as service:
        line = service.said.splitlines()[-1]
        key = service.said.partition("Key: ")[2].split()[0]
        assert f"Cadenza is ready at {service.url} " in service.said
        told = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        assert '"taskId"' in told
        assert shlex.split(line)[0] == "curl"
        headers = {"x-api-key": key}
        slow = httpx.post(f"{service.url}/v1/tasks", json={"prompt": "slow 2 s"}, headers=headers).json()
        assert service.stop() == 0
        assert "cadenza: Stopped. Nothing accepted was lost; the next start goes on." in service.told
    with Service(data=first.data, environment=FAST, port=free_port()) as again:
        assert f"Key: {key}" in again.said
        task = f"{again.url}/v1/tasks/{slow['id']}"
        with httpx.stream("GET", f"{task}/events", headers=headers, timeout=60) as events:
            for _ in events.iter_lines():  # ends with the task
                pass
        told = httpx.get(task, headers=headers).json()
        assert told["status"] == "complete"
        account = httpx.get(f"{again.url}/v1/account", headers=headers).json()
        assert account["credits"] == 10_000 - 12 - 12
