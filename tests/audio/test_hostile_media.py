"""Files made to hurt: each ends with a clear refusal (or a recording), and this process goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from cadenza.audio.children import Nursery
from cadenza.audio.decode import WALL_CLOCK_LIMIT_S, decode, measure
from cadenza.audio.decode_child import Work
from cadenza.audio.sandbox import MEMORY_LIMIT_BYTES
from cadenza.domain.errors import SourceUnusable
from cadenza.testing import hostile
from cadenza.testing.audio import noise, silence
from cadenza.testing.files import file_bytes


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def refusal(nursery):
    def refusal(data, *, longest_s=5):
        with pytest.raises(SourceUnusable) as refused:
            decode(data, longest_s=longest_s, children=nursery)
        return str(refused.value)

    return refusal


@pytest.fixture
def heard(nursery):
    """Decode; return the recording or None where it was refused."""

    def heard(data, *, longest_s=5):
        try:
            source = decode(data, longest_s=longest_s, children=nursery)
        except SourceUnusable:
            return None
        assert np.isfinite(source.signal.samples).all()
        assert 0 < source.signal.duration_s <= longest_s
        return source

    return heard


def test_ME_09_every_file_of_the_hostile_set_ends_in_time_and_measuring_finds_what_decoding_does(
    heard, nursery, tried
):
    files = hostile.hostile_set()
    assert len(files) >= 60
    for name, data in files.items():
        begun_s = time.monotonic()
        source = heard(data, longest_s=480)
        assert time.monotonic() - begun_s < WALL_CLOCK_LIMIT_S + 5, name
        if source is not None:
            shape = measure(data, longest_s=480, children=nursery)
            assert (shape.container, shape.sample_rate) == (source.container, source.signal.sample_rate)
            assert shape.duration_s == source.signal.duration_s
    assert heard(file_bytes(noise(0.2), "wav")).signal.duration_s == pytest.approx(0.2)
    tried(len(files))


@pytest.mark.parametrize("kind", hostile.playlists(""))
@pytest.mark.parametrize("name", ["song.mp3", "song.m3u8", "song.wav"])
def test_ME_01_a_playlist_that_names_another_tenants_file_is_refused(kind, name, tmp_path, nursery):
    other = tmp_path / "other.wav"
    other.write_bytes(file_bytes(noise(0.2), "wav"))
    path = tmp_path / name
    path.write_bytes(hostile.playlists(str(other))[kind])
    with pytest.raises(SourceUnusable, match="not a recording"):
        decode(path, longest_s=5, children=nursery)


@pytest.mark.parametrize("name", hostile.bombs(5))
def test_ME_02_a_silence_bomb_is_refused_by_its_decoded_length(name, heard):
    source = heard(hostile.bombs(5)[name])
    assert source is None or (name == "flac that says one second" and source.signal.duration_s == 1)


def test_ME_02_a_bomb_is_refused_for_what_it_says_or_for_what_it_unrolls_to(refusal):
    bombs = hostile.bombs(5)
    assert refusal(bombs["flac"]) == "The recording lasts 6.5 s; the limit is 5 s."
    assert refusal(bombs["flac that hides its length"]) == "The recording lasts longer than the limit of 5 s."


def test_ME_02_the_widest_bomb_stays_within_the_childs_memory(tmp_path):
    """Eight channels at 192 kHz unroll 3,000 : 1; five seconds of them are 31 MB of samples."""
    (tmp_path / "bomb").write_bytes(hostile.wide_bomb(5))
    work = Work(longest_s=480, max_bytes=10**8, wall_clock_s=10).to_bytes().hex()
    with (tmp_path / "bomb").open("rb") as file, tempfile.TemporaryFile() as told:
        child = subprocess.Popen(
            [sys.executable, "-m", "cadenza.audio.decode_child", work], stdin=file, stdout=subprocess.PIPE
        )
        told.write(child.stdout.read())
        child.stdout.close()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
        assert told.tell() > 5 * 192_000 * 8 * 4
    assert used.ru_maxrss * 1024 < MEMORY_LIMIT_BYTES


@pytest.mark.parametrize("name", ["ogg", "opus", "mp3"])
def test_ME_02_lossy_silence_bombs_are_refused(name, refusal):
    assert "limit" in refusal(file_bytes(silence(20), name))


@pytest.mark.parametrize("name", hostile.lying_headers())
def test_ME_03_a_header_that_lies_is_refused_or_as_long_as_the_file_is(name, heard):
    source = heard(hostile.lying_headers()[name])
    assert source is None or source.signal.duration_s <= 0.1


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ({"channels": 1024, "body": 102_400}, "1024 channels; the limit is 8"),
        ({"channels": 0}, "damaged"),
        ({"rate": 2**31 - 1}, "2147483647 Hz"),
        ({"rate": 7999}, "7999 Hz"),
        ({"rate": 192_001}, "192001 Hz"),
        ({"data_bytes": 0}, "no sound"),
    ],
)
def test_ME_03_an_impossible_shape_is_told(shape, told, refusal):
    assert told in refusal(hostile.wav(**shape))


@pytest.mark.parametrize("name", hostile.wrong_labels())
def test_ME_06_other_things_under_the_name_of_a_recording_are_refused_by_their_content(
    name, tmp_path, nursery
):
    path = tmp_path / "song.mp3"
    path.write_bytes(hostile.wrong_labels()[name])
    with pytest.raises(SourceUnusable, match=r"not a recording|damaged|no sound|formats"):
        decode(path, longest_s=5, children=nursery)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nothing", "empty"),
        ("one byte", "no known kind"),
        ("program", "program"),
        ("web page", "web page"),
        ("zip", "ZIP"),
        ("svg", "SVG"),
    ],
)
def test_ME_06_a_wrong_label_is_refused_for_what_it_is(name, what, refusal):
    assert what in refusal(hostile.wrong_labels()[name])


@pytest.mark.parametrize("size", [200_000_000, 100_000_000])
def test_ME_07_an_endless_tag_is_refused(size, refusal):
    assert "the limit is 16777216" in refusal(hostile.id3_tag(size) + file_bytes(noise(0.1), "mp3"))


def test_ME_07_a_tag_that_ends_behind_the_file_is_refused(refusal):
    assert "empty" in refusal(hostile.polyglots()["tag that is longer than the file"])


@pytest.mark.parametrize("name", ["mp3 with a zip behind", "wav with a zip behind", "page in a wav"])
def test_ME_07_of_a_polyglot_only_the_sound_is_taken(name, heard):
    assert heard(hostile.polyglots()[name]).signal.duration_s == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("name", hostile.strange_samples())
def test_ME_11_samples_that_are_no_numbers_become_silence_and_huge_ones_are_refused(name, heard):
    source = heard(hostile.strange_samples()[name])
    if name == "1e30":
        assert source is None
        return
    changed = source.signal.samples[:, 1000:1100]
    assert (changed == (2.0 if name == "double" else 0.0)).all()
