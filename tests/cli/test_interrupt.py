"""A real process, a real signal."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys
from cadenza import wiring
from cadenza.cli import main
from cadenza.testing.engine import FakeEngine

class Waiting(FakeEngine):
    def render(self, order, listener):
        yield from super().render(order, listener)
        print("rendering", flush=True)
        signal.pause()

wiring.engine = lambda name: Waiting()
sys.exit(main(["make", "--prompt", "x", "-o", sys.argv[1], "--json"]))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_so_and_leaves_only_whole_files(tmp_path, how):
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "out.wav")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "rendering\n"
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "cadenza: Interrupted; nothing unfinished was left behind.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
