import pytest

from cadenza.audio.decode import decode


def test_a_description_becomes_a_song(cadenza, tmp_path):
    report = cadenza("make", "--prompt", "lo-fi", "--seconds", 1.5, "-o", tmp_path / "a.wav", "--json").json
    (take,) = report["takes"]
    assert "new_part_path" not in take
    assert take["lyrics"] == []
    assert decode(tmp_path / "a.wav", longest_s=9).signal.duration_s == pytest.approx(1.5)


def test_the_words_are_told_line_by_line(cadenza, tmp_path):
    words = ("make", "--title", "T", "--tags", "pop", "--lyrics", "[Verse]\nla\nlo", "--seconds", 2, "--json")
    (take,) = cadenza(*words, "-o", tmp_path / "a.mp3").json["takes"]
    assert [line["text"] for line in take["lyrics"]] == ["la", "lo"]
    assert take["title"] == "T"


def test_stems_go_to_the_folder(cadenza, tmp_path):
    cadenza("make", "--prompt", "x", "-o", tmp_path / "a.wav", "--stems", tmp_path / "stems")
    assert [path.name for path in (tmp_path / "stems").iterdir()] == ["chords.wav"]


def test_stems_of_several_takes_go_to_numbered_folders(cadenza, tmp_path):
    cadenza("make", "--prompt", "x", "-o", tmp_path / "a.wav", "--stems", tmp_path / "stems", "--takes", 2)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.wav")) == [
        "a-1.wav", "a-2.wav", "stems/1/chords.wav", "stems/2/chords.wav",
    ]  # fmt: skip


def test_a_seed_is_drawn_and_told_and_makes_the_same_again(cadenza, tmp_path):
    (take,) = cadenza("make", "--prompt", "x", "-o", tmp_path / "a.wav", "--json").json["takes"]
    cadenza("make", "--prompt", "x", "-o", tmp_path / "b.wav", "--seed", take["seed"])
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize("words", [(), ("--seconds", 5), ("--prompt", "")])
def test_nothing_to_make_is_wrong_usage(cadenza, tmp_path, words):
    answer = cadenza("make", *words, "-o", tmp_path / "a.wav")
    assert answer.status == 2
    assert "--prompt" in answer.err


@pytest.mark.parametrize("option", ["--stems", "--explain"])
def test_a_file_where_a_folder_is_meant_is_wrong_usage(cadenza, tmp_path, option):
    (tmp_path / "taken").touch()
    answer = cadenza("make", "--prompt", "x", "-o", tmp_path / "a.wav", option, tmp_path / "taken")
    assert answer.status == 2
    assert option in answer.err


def test_a_wrong_setting_is_told_by_its_name(cadenza, tmp_path, monkeypatch):
    monkeypatch.setenv("CADENZA_BODY_LIMIT_BYTES", "many")
    answer = cadenza("make", "--prompt", "x", "-o", tmp_path / "a.wav")
    assert answer.status == 2
    assert "CADENZA_BODY_LIMIT_BYTES" in answer.err


def test_help_lists_the_commands(cadenza):
    for words in ((), ("--help",)):
        answer = cadenza(*words)
        assert answer.status == 0
        assert all(command in answer.out for command in ("extend", "make", "doctor"))
