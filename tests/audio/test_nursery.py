"""The nursery: its children are caged, used once and gone; it comes back; nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cadenza.audio.children import Nursery, NurseryDoor
from cadenza.audio.decode import decode, measure
from cadenza.domain.errors import SourceUnusable
from cadenza.testing.audio import noise
from cadenza.testing.codec import M4A_HEAD, write_codec
from cadenza.testing.files import file_bytes
from cadenza.testing.service import eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc, or tries what Linux refuses")
HONEST = file_bytes(noise(0.1), "wav")


@pytest.fixture
def nursery_with(tmp_path, monkeypatch):
    """Make a nursery whose codec for M4A files runs ``body`` in its cage."""
    made = []

    def make(body, *, slots=1):
        write_codec(tmp_path, body)
        monkeypatch.syspath_prepend(tmp_path)
        made.append(Nursery(slots=slots))
        return made[-1]

    yield make
    for nursery in made:
        nursery.close()


@pytest.fixture
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


def hears(nursery):
    return measure(HONEST, longest_s=1, children=nursery).duration_s == pytest.approx(0.1)


def state_and_parent(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:  # it has ended
        return ["X", ""]


def children_of(pid):
    numbers = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if state_and_parent(number)[1] == str(pid)]


def is_running(pid):
    return state_and_parent(pid)[0] not in "ZX"


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        ("os.open('/etc/passwd', os.O_RDONLY)", "refused"),
        ("os.open('/tmp/cadenza', os.O_CREAT | os.O_WRONLY)", "refused"),
        ("os.listdir('/')", "refused"),
        ("socket.socket()", "refused"),
        ("os.fork() or os._exit(0)", "refused"),
        ("os.kill(os.getppid(), 9)", "refused"),
        ("libc.ptrace(16, os.getppid(), 0, 0) and os.open('/', os.O_RDONLY)", "refused"),
        ("os.write(3, b'x')", "refused"),
        ("os.execv('/bin/true', ['true'])", "gave up on it"),
        ("bytearray(1 << 30)", "more memory"),
        ("libc.abort()", "gave up on it"),
    ],
)
@linux
def test_ME_08_what_a_codec_that_was_taken_over_tries_is_refused_or_kills_it(attempt, told, nursery_with):
    nursery = nursery_with(
        f"""
        try:
            {attempt}
        except OSError as error:
            raise FFmpegError from error
        time.sleep(3600)
        """
    )
    expected = "damaged" if told == "refused" else told
    with pytest.raises(SourceUnusable, match=expected):
        decode(M4A_HEAD, longest_s=1, wall_clock_s=5, children=nursery)
    assert hears(nursery)


@pytest.mark.parametrize("body", ["time.sleep(3600)", "while True: pass"])
def test_ME_09_a_decoder_that_hangs_is_killed_in_time_and_its_slot_is_free_again(body, nursery_with):
    nursery = nursery_with(body, slots=1)
    assert hears(nursery)
    with pytest.raises(SourceUnusable, match=r"within 0\.5 s"):
        decode(M4A_HEAD, longest_s=1, wall_clock_s=0.5, children=nursery)
    assert hears(nursery)
    if sys.platform == "linux":
        eventually(lambda: not children_of(nursery._process.pid))


@linux
def test_ME_09_a_nursery_ends_when_it_is_closed_although_somebody_else_holds_its_door(nursery):
    assert hears(nursery)
    holder = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[nursery.door()]
    )
    pid = nursery._process.pid
    nursery.close()
    assert not is_running(pid)
    holder.communicate(b"\n")


@linux
def test_ME_05_after_a_crash_the_nursery_is_a_fresh_one_and_goes_on(nursery_with):
    nursery = nursery_with("ctypes.string_at(0)")
    assert hears(nursery)
    pid, before = nursery._process.pid, layout(nursery)
    with pytest.raises(SourceUnusable, match="gave up on it"):
        decode(M4A_HEAD, longest_s=1, children=nursery)
    assert hears(nursery)
    assert nursery._process.pid == pid
    eventually(lambda: layout(nursery) != before)  # its address space was laid out again


def layout(nursery):
    try:
        return Path(f"/proc/{nursery._process.pid}/maps").read_text().partition(" ")[0]
    except OSError:
        return ""


@linux
def test_ME_05_a_nursery_that_was_killed_is_started_again(nursery):
    assert hears(nursery)
    for _ in range(3):
        os.kill(nursery._process.pid, signal.SIGKILL)
        assert hears(nursery)


@linux
def test_ME_09_nothing_of_a_nursery_outlives_whoever_started_it(tmp_path):
    """Killed without warning, with a child at work: the nursery ends, and the child with it."""
    write_codec(tmp_path, "time.sleep(3600)")
    script = (
        "import sys, threading; from cadenza.audio.children import Nursery;"
        "from cadenza.audio.decode import decode;"
        "nursery = Nursery(); nursery.door(); print(nursery._process.pid, flush=True);"
        f"decode({M4A_HEAD!r}, longest_s=1, children=nursery)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}  # noqa: TID251 - handed on
    user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    pid = int(user.stdout.readline())
    (child,) = eventually(lambda: children_of(pid) or None)
    user.kill()
    user.communicate()
    eventually(lambda: not is_running(pid) and not is_running(child))


def test_a_closed_nursery_has_no_process_left(nursery):
    assert hears(nursery)
    process = nursery._process
    nursery.close()
    assert process.returncode is not None


def test_another_process_uses_the_nursery_through_its_door_and_does_without_where_it_ended(nursery):
    door = NurseryDoor(os.dup(nursery.door()))
    assert hears(door)
    nursery.close()
    assert hears(door)
    door._control.close()


@linux
def test_the_nursery_sees_nothing_of_our_environment(nursery, monkeypatch):
    monkeypatch.setenv("CADENZA_PEPPER", "secret")
    assert hears(nursery)
    surroundings = Path(f"/proc/{nursery._process.pid}/environ").read_text()
    assert {one.partition("=")[0] for one in surroundings.split("\0") if one} <= {"PYTHONPATH", "LC_CTYPE"}
