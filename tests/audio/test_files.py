import pytest

from cadenza.audio.files import appearing_whole


def test_a_file_appears_when_it_is_whole(tmp_path):
    with appearing_whole(tmp_path / "out") as unfinished:
        unfinished.write_text("half")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out").read_text() == "half"
    assert len(list(tmp_path.iterdir())) == 1


def write_half(path, interruption):
    with appearing_whole(path) as unfinished:
        unfinished.write_text("half")
        raise interruption


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_the_older_file_and_nothing_else(tmp_path, interruption):
    (tmp_path / "out").write_text("older")
    with pytest.raises(interruption):
        write_half(tmp_path / "out", interruption)
    assert (tmp_path / "out").read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 1
