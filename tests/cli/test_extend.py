import numpy as np
import pytest

from cadenza import wiring
from cadenza.audio.decode import decode
from cadenza.audio.signal import Signal
from cadenza.cli import takes
from cadenza.domain.errors import GenerationFailed
from cadenza.domain.request import Inherited, Specified, Voice, Weight
from cadenza.testing.audio import noise, on_16_bits
from cadenza.testing.engine import FakeEngine
from cadenza.testing.files import file_bytes

SOURCE = on_16_bits(noise(3))


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(file_bytes(SOURCE, "wav"))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_recording_goes_on_from_where_it_was_told(cadenza, song, tmp_path):
    answer = cadenza("extend", song, "--at", 2, "--seconds", 1, "-o", tmp_path / "out.wav")
    assert answer.status == 0
    assert answer.out.startswith(f"{tmp_path / 'out.wav'}: song (3.0 s, 120 bpm")
    heard = decode(tmp_path / "out.wav", longest_s=9)
    assert heard.subtype == "PCM_16"
    assert heard.signal.duration_s == pytest.approx(2.98, abs=0.001)  # less the crossfade
    untouched = slice(0, round(1.98 * 44100))
    assert np.array_equal(heard.signal.samples[:, untouched], SOURCE.samples[:, untouched])


def test_json_is_one_object_with_all_that_was_promised(cadenza, song, tmp_path):
    words = ("extend", song, "--at", "0:02", "--seconds", 1, "--seed", 7, "--lyrics", "one\ntwo", "--json")
    answer = cadenza(*words, "-o", tmp_path / "out.wav", "--new-part", tmp_path / "new.flac")
    report = answer.json
    assert answer.out.count("\n") == 1
    assert set(report) == {"takes", "engine", "honoured"}
    assert report["engine"] == "fake"
    assert report["honoured"]["wish"]["fidelity"] == "ignored"
    (take,) = report["takes"]
    assert take["path"] == str(tmp_path / "out.wav")
    assert take["new_part_path"] == str(tmp_path / "new.flac")
    assert (take["seed"], take["bpm"], take["title"]) == (7, 120.0, "song")
    assert take["key"].endswith(" major")
    assert take["lyrics"][1] == {"text": "two", "start_s": 2.5, "end_s": 3.0}
    assert take["duration_s"] == pytest.approx(decode(tmp_path / "out.wav", longest_s=9).signal.duration_s)
    assert -40 < take["loudness_lufs"] < 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--replace", "1:9"), "within the recording, which lasts 3.00 s"),
        (("--replace", "2:1"), "the second above the first"),
        (("--replace", "1:2", "--at", 1), "neither --at nor --side left"),
        (("--side", "left", "--at", 3), "before the end of the recording"),
        (("--context-seconds", 0), "above 0 seconds"),
    ],
)
def test_a_place_that_cannot_be_is_told(cadenza, song, tmp_path, words, reason):
    answer = cadenza("extend", song, *words, "-o", tmp_path / "out.wav")
    assert answer.status == 2
    assert reason in " ".join(answer.err.split())
    assert names(tmp_path) == ["song.wav"]


def test_two_takes_are_two_numbered_files_with_two_ideas(cadenza, song, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    report = cadenza(
        "extend", song, "--at", 2, "--seed", 1, "--takes", 2, "-o", out / "a.flac", "--json"
    ).json
    assert [take["path"] for take in report["takes"]] == [str(out / "a-1.flac"), str(out / "a-2.flac")]
    assert names(out) == ["a-1.flac", "a-2.flac"]
    assert (out / "a-1.flac").read_bytes() != (out / "a-2.flac").read_bytes()


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
def test_the_same_seed_gives_the_same_bytes_in_every_format(cadenza, song, tmp_path, suffix):
    for name in "ab":
        cadenza(
            "extend", song, "--at", "1.5", "--seconds", 1, "--seed", 5, "-o", tmp_path / f"{name}.{suffix}"
        )
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_source_finer_than_16_bits_stays_so(cadenza, tmp_path):
    (tmp_path / "fine.wav").write_bytes(file_bytes(noise(2), "wav24"))
    cadenza("extend", tmp_path / "fine.wav", "--at", 1, "-o", tmp_path / "out.wav")
    assert decode(tmp_path / "out.wav", longest_s=9).subtype == "PCM_24"


@pytest.mark.parametrize("at", ["60", "60.5", "0:04", "-1", "0", "3.01"])
def test_a_place_outside_is_told_with_the_length_of_the_recording(cadenza, song, tmp_path, at):
    answer = cadenza("extend", song, "--at", at, "-o", tmp_path / "out.wav")
    assert answer.status == 2
    assert "which lasts 3.00 s" in answer.err
    assert names(tmp_path) == ["song.wav"]


def test_the_end_of_a_recording_that_was_cut_a_sample_before_it_is_no_place_outside(cadenza, tmp_path):
    cut = noise(3)
    (tmp_path / "cut.wav").write_bytes(file_bytes(Signal(cut.samples[:, :-1], cut.sample_rate), "wav"))
    assert cadenza("extend", tmp_path / "cut.wav", "--at", 3, "-o", tmp_path / "out.wav").status == 0


def test_without_a_place_the_engine_chooses(cadenza, song, tmp_path):
    assert cadenza("extend", song, "--seconds", 1, "-o", tmp_path / "out.wav").status == 0
    assert decode(tmp_path / "out.wav", longest_s=9).signal.duration_s == pytest.approx(3.98, abs=0.01)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("no.wav", "-o", "out.wav"), "no file of that name"),
        (("letter.mp3", "-o", "out.wav"), "a text, not a recording"),
        ((".", "-o", "out.wav"), "not a file"),
        (("song.wav", "-o", "out.xyz"), ".wav .flac .mp3 .ogg"),
        (("song.wav", "-o", "out"), ".wav .flac .mp3 .ogg"),
        (("song.wav", "-o", "no/out.wav"), "folder that does not exist"),
        (("song.wav", "-o", "folder.wav"), "names a folder"),
        (("song.wav",), "-o"),
        (("song.wav", "-o", "out.wav", "--style-weight", "1.1"), "from 0 to 1"),
        (("song.wav", "-o", "out.wav", "--audio-weight", "nan"), "from 0 to 1"),
        (("song.wav", "-o", "out.wav", "--weirdness", "much"), "from 0 to 1"),
        (("song.wav", "-o", "out.wav", "--at", "soon"), "1:23"),
        (("song.wav", "-o", "out.wav", "--at", "inf"), "1:23"),
        (("song.wav", "-o", "out.wav", "--seconds", "0"), "above 0"),
        (("song.wav", "-o", "out.wav", "--seconds", "481"), "at most 480"),
        (("song.wav", "-o", "out.wav", "--takes", "0"), "--takes"),
        (("song.wav", "-o", "out.wav", "--seed", "-1"), "--seed"),
        (("song.wav", "-o", "out.wav", "--vocal-gender", "x"), "f or m"),
        (("song.wav", "-o", "out.wav", "--instrumental", "--lyrics", "la"), "neither"),
        (("song.wav", "-o", "out.wav", "--wrong"), "--wrong"),
        ((), "SOURCE"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_with_status_2(cadenza, song, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letter.mp3").write_text("Dear listener,\n")
    (tmp_path / "folder.wav").mkdir()
    answer = cadenza("extend", *words)
    assert (answer.status, answer.out) == (2, "")
    assert told in answer.err
    assert answer.err.startswith("cadenza: ")
    assert answer.err.count("\n") == 1
    assert names(tmp_path) == ["folder.wav", "letter.mp3", "song.wav"]


def test_a_folder_that_cannot_be_written_is_told_before_any_work(cadenza, song):
    answer = cadenza("extend", song, "-o", "/proc/out.wav")
    assert answer.status == 2
    assert "cannot be written" in answer.err


def test_all_controls_reach_the_engine(cadenza, song, tmp_path, monkeypatch):
    orders = []

    class Noting(FakeEngine):
        def render(self, order, listener):
            orders.append(order)
            return super().render(order, listener)

    monkeypatch.setattr(wiring, "engine", lambda _name: Noting())
    options = {
        "at": "0:01", "seconds": "0:02.5", "prompt": "calm", "title": "T", "tags": "jazz", "lyrics": "la",
        "seed": 9, "audio-weight": 0.1, "style-weight": 0.2, "weirdness": 0.33, "negative-tags": "metal",
        "vocal-gender": "f", "takes": 3,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert cadenza("extend", song, *words, "-o", tmp_path / "out.wav").status == 0
    (order,) = orders
    request = order.request
    assert request.wish == Specified(title="T", style="jazz", lyrics="la", description="calm")
    assert (request.continuation.from_s, request.duration_s, order.seed) == (1.0, 2.5, 9)
    assert (request.voice, request.avoid, order.take_indices) == (Voice.FEMALE, "metal", (0, 1, 2))
    weights = (request.controls.audio_weight, request.controls.style_weight, request.controls.weirdness)
    assert weights == (Weight(10), Weight(20), Weight(33))
    assert order.source_title == "song"
    cadenza("extend", song, "--prompt", "calm", "--instrumental", "-o", tmp_path / "out.wav")
    assert orders[1].request.wish == Inherited(prompt="calm")
    assert orders[1].request.voice is Voice.NOBODY


def test_ctrl_c_while_a_file_is_written_leaves_nothing_behind(cadenza, song, tmp_path, monkeypatch):
    def half(path, *_args, **_more):
        path.write_bytes(b"RIFF")
        raise KeyboardInterrupt

    monkeypatch.setattr(takes, "write_sound", half)
    answer = cadenza("extend", song, "-o", tmp_path / "out.wav", "--json")
    assert (answer.status, answer.out) == (130, "")
    assert names(tmp_path) == ["song.wav"]


def test_an_engine_that_gives_up_is_told_with_status_1(cadenza, song, tmp_path, monkeypatch):
    class Failing(FakeEngine):
        def render(self, *_):
            raise GenerationFailed("No beat was found in the recording.")

    monkeypatch.setattr(wiring, "engine", lambda _name: Failing())
    answer = cadenza("extend", song, "-o", tmp_path / "out.wav")
    assert (answer.status, answer.err) == (1, "cadenza: No beat was found in the recording.\n")


def test_a_preview_asks_the_engine_for_the_join_alone(cadenza, song, tmp_path, monkeypatch):
    orders = []

    class Noting(FakeEngine):
        def render(self, order, listener):
            orders.append(order)
            return super().render(order, listener)

    monkeypatch.setattr(wiring, "engine", lambda _name: Noting())
    assert cadenza("extend", song, "--at", 1, "--preview", "-o", tmp_path / "out.wav").status == 0
    assert cadenza("extend", song, "--at", 1, "-o", tmp_path / "out.wav").status == 0
    assert [order.request.seam_only for order in orders] == [True, False]
