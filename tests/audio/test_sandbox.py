import os
import subprocess
import sys

import pytest

from cadenza.audio import children
from cadenza.audio.decode import sandbox_report

linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


@linux
def test_ME_08_the_child_can_reach_neither_paths_nor_sockets_nor_processes():
    refused = sandbox_report()["refused"]
    assert refused == dict.fromkeys(("open", "create", "socket", "fork", "list"), True)


def test_ME_08_the_child_is_limited_in_time_memory_and_files():
    assert {"RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_FSIZE"} <= set(sandbox_report()["rlimits"])


def in_the_cage(code):
    script = f"from cadenza.audio.sandbox import enter_cage; import os, ctypes; enter_cage(); {code}"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=30, check=False)


@linux
@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="the filter knows these two")
def test_ME_08_starting_a_program_kills_the_child():
    assert in_the_cage("os.execv('/bin/true', ['true'])").returncode == -31  # SIGSYS


@linux
def test_ME_08_tracing_another_process_is_refused():
    assert in_the_cage("os._exit(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == -1)").returncode == 1


def test_ME_02_more_memory_than_allowed_is_refused():
    assert b"MemoryError" in in_the_cage("bytearray(1 << 30)").stderr


@linux
def test_ME_08_the_child_sees_nothing_of_our_environment(monkeypatch):
    seen = {}
    real = subprocess.Popen
    monkeypatch.setenv("CADENZA_PEPPER", "secret")
    monkeypatch.setattr(children.subprocess, "Popen", lambda *a, **k: seen.update(k) or real(*a, **k))
    sandbox_report()
    assert seen["env"].keys() == {"PYTHONPATH"}
