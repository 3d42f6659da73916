"""``cadenza explain``."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from cadenza import wiring
from cadenza.music.quotation import Layer, Quoted
from cadenza.testing.audio import clicks
from cadenza.testing.engine import FakeEngine


class Quoting(FakeEngine):
    def render(self, order, listener):
        for made in super().render(order, listener):
            assert order.request.continuation.from_s == 6.0
            yield replace(made, quoted=(Quoted(layer=Layer.BODY, at_s=6.0, source_s=1.0, length_s=4.0),))


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.ascontiguousarray(clicks(120, 8.0).samples.T), 44100)
    return path


def test_a_picture_of_a_continuation_is_written(cadenza, recording, tmp_path, monkeypatch):
    monkeypatch.setattr(wiring, "engine", lambda _name: Quoting())
    answer = cadenza("explain", recording, "--at", "0:06", "--seconds", 4, "-o", tmp_path / "out.svg")
    assert (answer.status, answer.out) == (0, "")
    assert ET.parse(tmp_path / "out.svg").getroot().tag.endswith("svg")  # noqa: S314 - we wrote it
    assert answer.err.endswith("out.svg.\n")


def test_a_picture_of_another_kind_is_refused_before_any_work(cadenza, recording, tmp_path):
    answer = cadenza("explain", recording, "-o", tmp_path / "out.gif")
    assert (answer.status, answer.err) == (
        2, "cadenza: -o must end in one of .png .svg: the suffix chooses the format.\n"
    )  # fmt: skip


def test_an_engine_that_tells_no_quotes_has_no_picture(cadenza, recording, tmp_path):
    answer = cadenza("explain", recording, "--at", 6, "-o", tmp_path / "out.png")
    assert answer.status == 2
    assert "does not tell what it quotes" in answer.err
    assert not (tmp_path / "out.png").exists()
