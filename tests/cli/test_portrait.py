"""``cadenza portrait``."""

import numpy as np
import pytest
import soundfile

from cadenza.testing.audio import chord, silence


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, chord((57, 60, 64), 6.0).samples.T, 44100)
    return path


def test_a_portrait_is_told_in_lines(cadenza, recording):
    answer = cadenza("portrait", recording)
    assert answer.status == 0
    rows = dict(line.split(maxsplit=1) for line in answer.out.splitlines())
    assert rows["length"] == "0:06.0, floating"
    assert rows["tempo"] == "no steady beat"
    assert rows["key"].startswith("A minor (")
    assert rows["stereo"].startswith("width 0.00")


def test_with_json_a_portrait_is_one_object_with_peaks(cadenza, recording):
    told = cadenza("portrait", recording, "--json").json
    assert (told["object"], told["duration_s"], told["beats_s"]) == ("portrait", 6.0, [])
    assert told["peaks"]["length"] == 300
    assert max(told["peaks"]["data"]) == pytest.approx(127 * 10 ** (-12 / 20), abs=2)


def test_what_has_no_portrait_is_told(cadenza, tmp_path):
    assert cadenza("portrait", tmp_path / "none.wav").err == "cadenza: SONG: there is no file of that name.\n"
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.ascontiguousarray(silence(5).samples.T), 44100)
    answer = cadenza("portrait", path)
    assert (answer.status, answer.out) == (2, "")
    assert "silent" in answer.err
